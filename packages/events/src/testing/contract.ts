import { isError } from '@gantry/runtime/errors.ts';
import { describe, expect, test } from 'vitest';
import type { EventBus } from '../events.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (payload: Uint8Array): string => new TextDecoder().decode(payload);

/** Cases that every bus must pass. `open` gives buses that are connected to each other. */
export function busContract(name: string, open: () => Promise<EventBus>): void {
  describe(`${name} keeps the bus contract`, () => {
    /** Collects messages as "subject=payload"; `until` resolves when so many have come. */
    const collector = () => {
      const messages: string[] = [];
      const waiting: { count: number; resolve: () => void }[] = [];
      return {
        messages,
        handler: (subject: string, payload: Uint8Array): void => {
          messages.push(`${subject}=${decode(payload)}`);
          for (const waiter of waiting) if (messages.length >= waiter.count) waiter.resolve();
        },
        until: (count: number): Promise<void> =>
          messages.length >= count
            ? Promise.resolve()
            : new Promise((resolve) => void waiting.push({ count, resolve })),
      };
    };

    test('a message reaches every subscriber whose pattern matches, and no other', async () => {
      await using publisher = await open();
      await using subscriber = await open();
      const patterns = ['a.b.c', 'a.*.c', 'a.>', '*.b.*', '>', 'a.b', 'a.b.c.>', 'b.>', 'a.*'];
      const collectors = patterns.map(() => collector());
      const all = collector();
      for (const [index, pattern] of patterns.entries()) {
        await subscriber.subscribe(pattern, collectors[index]!.handler).ready;
      }
      await subscriber.subscribe('end', all.handler).ready;
      await publisher.publish('a.b.c', encode('1'));
      await publisher.publish('end', encode(''));
      await all.until(1);
      const matched = patterns.filter((_, index) => collectors[index]!.messages.includes('a.b.c=1'));
      expect(matched).toEqual(['a.b.c', 'a.*.c', 'a.>', '*.b.*', '>']);
    });

    test('messages of one publisher arrive in its order across subjects, each once', async () => {
      await using publisher = await open();
      await using subscriber = await open();
      const seen = collector();
      await subscriber.subscribe('order.>', seen.handler).ready;
      const sent = Array.from({ length: 5_000 }, (_, index) => ({
        subject: `order.${index % 7}`,
        text: String(index),
      }));
      for (const message of sent) await publisher.publish(message.subject, encode(message.text));
      await seen.until(sent.length);
      expect(seen.messages).toEqual(sent.map((message) => `${message.subject}=${message.text}`));
    });

    test('a publisher hears itself', async () => {
      await using bus = await open();
      const seen = collector();
      await bus.subscribe('self', seen.handler).ready;
      await bus.publish('self', encode('x'));
      await seen.until(1);
      expect(seen.messages).toEqual(['self=x']);
    });

    test('after a subscription is disposed of, its handler is not called', async () => {
      await using bus = await open();
      const stopped = collector();
      const kept = collector();
      const subscription = bus.subscribe('t.>', stopped.handler);
      await subscription.ready;
      await bus.subscribe('t.>', kept.handler).ready;
      await bus.publish('t.1', encode('1'));
      await kept.until(1);
      await stopped.until(1);
      await subscription[Symbol.asyncDispose]();
      await bus.publish('t.2', encode('2'));
      await kept.until(2);
      expect(stopped.messages).toEqual(['t.1=1']);
    });

    test('the same handler subscribed twice is called twice', async () => {
      await using bus = await open();
      const seen = collector();
      const first = bus.subscribe('twice', seen.handler);
      await first.ready;
      await bus.subscribe('twice', seen.handler).ready;
      await bus.publish('twice', encode('1'));
      await seen.until(2);
      await first[Symbol.asyncDispose]();
      await bus.publish('twice', encode('2'));
      await seen.until(3);
      expect(seen.messages).toEqual(['twice=1', 'twice=1', 'twice=2']);
    });

    test('what a handler publishes arrives after what it was called with', async () => {
      await using bus = await open();
      const seen = collector();
      await bus.subscribe('chain.>', (subject) => {
        if (subject === 'chain.1') void bus.publish('chain.2', encode(''));
      }).ready;
      await bus.subscribe('chain.>', seen.handler).ready;
      await bus.publish('chain.1', encode(''));
      await seen.until(2);
      expect(seen.messages).toEqual(['chain.1=', 'chain.2=']);
    });

    test('payloads of any bytes and of 900 KB pass unchanged', async () => {
      await using bus = await open();
      const received: Uint8Array[] = [];
      const { promise, resolve } = Promise.withResolvers<void>();
      await bus.subscribe('bytes', (_, payload) => {
        received.push(Uint8Array.from(payload));
        if (received.length === 3) resolve();
      }).ready;
      const payloads = [
        new Uint8Array(0),
        Uint8Array.from({ length: 256 }, (_, i) => i),
        new Uint8Array(900_000).fill(13),
      ];
      for (const payload of payloads) await bus.publish('bytes', payload);
      await promise;
      expect(received.map((payload) => Buffer.compare(payload, payloads[received.indexOf(payload)]!))).toEqual([
        0, 0, 0,
      ]);
    });

    test('what was published before dispose arrives', async () => {
      await using subscriber = await open();
      const seen = collector();
      await subscriber.subscribe('last.>', seen.handler).ready;
      {
        await using publisher = await open();
        for (let index = 0; index < 1_000; index++) await publisher.publish(`last.${index}`, encode(''));
      }
      await seen.until(1_000);
      expect(seen.messages).toHaveLength(1_000);
    });

    test('a disposed bus refuses to publish', async () => {
      const bus = await open();
      await bus[Symbol.asyncDispose]();
      const refusal = await bus.publish('a', encode('')).catch((error: unknown) => error);
      expect(isError(refusal, 'ServiceUnavailable')).toBe(true);
    });
  });
}

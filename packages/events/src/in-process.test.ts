import { describe, expect, test } from 'vitest';
import { InProcessBus } from './in-process.ts';
import { openBus } from './open.ts';
import { busContract } from './testing/contract.ts';

busContract('the in-process bus', () => openBus('memory:contract'));

describe('memory: addresses', () => {
  test('buses of different names are apart', async () => {
    await using one = await openBus('memory:one');
    await using two = await openBus('memory:two');
    const seen: string[] = [];
    two.subscribe('>', (subject) => void seen.push(subject));
    await one.publish('a', new Uint8Array());
    expect(seen).toEqual([]);
  });

  test('a disposed bus takes its own subscriptions with it and leaves those of others', async () => {
    await using kept = new InProcessBus('shared');
    const gone = new InProcessBus('shared');
    const seen: string[] = [];
    kept.subscribe('>', () => void seen.push('kept'));
    gone.subscribe('>', () => void seen.push('gone'));
    await gone[Symbol.asyncDispose]();
    await kept.publish('a', new Uint8Array());
    expect(seen).toEqual(['kept']);
  });
});

test('an address of another kind is refused by name', async () => {
  await expect(openBus('amqp://localhost')).rejects.toThrow(
    '"amqp://localhost": must start with memory:, nats:// or tls://',
  );
});

import { setTimeout as delay } from 'node:timers/promises';
import { isError } from '@gantry/runtime/errors.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBus } from './open.ts';
import { busContract } from './testing/contract.ts';
import { freePort, type NatsServer, startNatsServer } from './testing/nats-server.ts';

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

busContract('NATS', () => openBus(server.url));

describe('a NATS server that goes away', () => {
  test('publish is refused meanwhile; afterwards subscriptions stand again and reconnect is announced', async () => {
    await using own = await startNatsServer();
    await using bus = await openBus(own.url);
    const seen: string[] = [];
    const message = Promise.withResolvers<void>();
    const reconnected = Promise.withResolvers<void>();
    bus.onReconnect(() => reconnected.resolve());
    await bus.subscribe('after.>', (subject) => {
      seen.push(subject);
      message.resolve();
    }).ready;

    await own.stop();
    let refusal: unknown;
    while (refusal === undefined) {
      refusal = await bus.publish('during.1', new Uint8Array(1)).catch((error: unknown) => error);
    }
    expect(isError(refusal, 'ServiceUnavailable')).toBe(true);
    const meanwhile = bus.subscribe('meanwhile', () => message.resolve());

    await own.start();
    await reconnected.promise;
    await meanwhile.ready;
    await bus.publish('after.1', new Uint8Array(1));
    await message.promise;
    expect(seen).toEqual(['after.1']);
  });

  test('disposing of a bus without a connection does not wait for one', async () => {
    await using own = await startNatsServer();
    const bus = await openBus(own.url);
    await own.stop();
    await bus[Symbol.asyncDispose]();
    const refusal = await bus.publish('a', new Uint8Array()).catch((error: unknown) => error);
    expect(isError(refusal, 'ServiceUnavailable')).toBe(true);
  });
});

test('a server that hangs does not hold up closing for long', async () => {
  await using own = await startNatsServer();
  const bus = await openBus(own.url);
  own.freeze(true);
  // The signal takes effect a moment after it was sent.
  await delay(50);
  await bus[Symbol.asyncDispose]();
});

test('user and password come from the address, and never show in an error', async () => {
  await using own = await startNatsServer(['--user', 'me', '--pass', 'se cret']);
  const withLogin = (login: string) => own.url.replace('nats://', `nats://${login}@`);
  await using _bus = await openBus(withLogin('me:se%20cret'));
  const refusal = await openBus(withLogin('me:wrong')).catch((error: unknown) => error);
  expect(isError(refusal, 'ServiceUnavailable') && refusal.message).toContain(own.url);
  expect(String(refusal)).not.toContain('wrong');
});

test('a payload above the limit of the server is refused as such', async () => {
  await using bus = await openBus(server.url);
  const refusal = await bus.publish('large', new Uint8Array(1024 * 1024 + 1)).catch((error: unknown) => error);
  expect(isError(refusal, 'RequestEntityTooLarge')).toBe(true);
});

test('an address where nothing listens is named', async () => {
  const url = `nats://127.0.0.1:${await freePort()}`;
  const refusal = await openBus(url).catch((error: unknown) => error);
  expect(isError(refusal, 'ServiceUnavailable') && refusal.message).toContain(url);
});

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import { storeContract } from './contract.ts';
import { openStore } from './open.ts';
import { type RedisServer, startRedisServer } from './testing/redis-server.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server[Symbol.asyncDispose]());

storeContract('Redis', {
  open: () => openStore(`${server.url}?prefix=${randomUUID()}`),
  pass: async (ms) => {
    await delay(ms);
  },
});

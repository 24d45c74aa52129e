import { type ClientUnaryCall, credentials, makeClientConstructor, Server, ServerCredentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RateLimitRequest, RateLimitResponse } from './envoy/rate-limit.ts';
import { addRateLimitService, type RateLimiter, rateLimitDefinition } from './rate-limit-service.ts';

let server: Server;
let close: () => void;
beforeEach(() => {
  server = new Server();
});
afterEach(() => {
  close?.();
  server.forceShutdown();
});

const question: RateLimitRequest = { domain: 'd', descriptors: [{ entries: [{ key: 'door', value: 'web' }] }] };

type Answer = { readonly code: number; readonly details?: string } | RateLimitResponse;

async function start(limit: RateLimiter) {
  addRateLimitService(server, limit);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  const client = new (makeClientConstructor(rateLimitDefinition, 'RateLimitService'))(
    `127.0.0.1:${port}`,
    credentials.createInsecure(),
  );
  close = () => client.close();
  type Method = (
    request: RateLimitRequest,
    callback: (error: { readonly code: number; readonly details: string } | null, answer?: RateLimitResponse) => void,
  ) => ClientUnaryCall;
  return () => {
    const answered = Promise.withResolvers<Answer>();
    const call = (client.shouldRateLimit as Method).call(client, question, (error, answer) =>
      answered.resolve(error ? { code: error.code, details: error.details } : answer!),
    );
    return { call, answered: answered.promise };
  };
}

it('answers when the limiter does', async () => {
  const held = Promise.withResolvers<RateLimitResponse>();
  const heard: RateLimitRequest[] = [];
  const ask = await start((request) => {
    heard.push(request);
    return held.promise;
  });
  const { answered } = ask();
  await expect.poll(() => heard).toMatchObject([question]);
  held.resolve({ overallCode: 'OVER_LIMIT', rawBody: Buffer.from('no') });
  expect(await answered).toMatchObject({ overallCode: 'OVER_LIMIT' });
});

it('says that nobody waits any more, and that an answer failed', async () => {
  const signals: AbortSignal[] = [];
  const ask = await start((_, signal) => {
    signals.push(signal);
    if (signals.length > 1) return Promise.reject(new Error('broken'));
    return new Promise(() => {});
  });
  const { call, answered } = ask();
  await expect.poll(() => signals.length).toBe(1);
  call.cancel();
  // 1 is CANCELLED, 13 INTERNAL.
  expect(await answered).toMatchObject({ code: 1 });
  await expect.poll(() => signals[0]!.aborted).toBe(true);
  expect(await ask().answered).toEqual({ code: 13, details: 'broken' });
});

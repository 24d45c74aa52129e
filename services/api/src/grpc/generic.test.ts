import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { podNamed, startTestApi, type TestApi } from '../testing/harness.ts';

// A client that knows nothing of Gantry's code. reflection.integration.test.ts has one that learns its messages from the server.

let running: TestApi;
beforeAll(async () => {
  running = await startTestApi();
});
afterAll(() => running[Symbol.asyncDispose]());

test('a client made of bytes alone reads a pod', async () => {
  await running.client.create(podNamed('plain'));
  const raw = {
    requestStream: false,
    responseStream: false,
    requestSerialize: (b: Buffer) => b,
    requestDeserialize: (b: Buffer) => b,
    responseSerialize: (b: Buffer) => b,
    responseDeserialize: (b: Buffer) => b,
  };
  const Client = makeGenericClientConstructor(
    {
      get: { ...raw, path: '/gantry.api.v1.ResourceService/Get' },
      check: { ...raw, path: '/grpc.health.v1.Health/Check' },
    },
    'raw',
  );
  // biome-ignore lint/suspicious/noExplicitAny: methods that are only known at run time.
  const client = new Client(running.api.address, credentials.createInsecure()) as any;
  const call = (method: string, bytes: Buffer): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      client[method](bytes, (error: unknown, answer: Buffer) => (error ? reject(error) : resolve(answer)));
    });
  const text = (number: number, value: string): Buffer =>
    Buffer.from([(number << 3) | 2, value.length, ...Buffer.from(value)]);
  const ref = Buffer.concat([text(1, 'pods'), text(2, 'default'), text(3, 'plain')]);
  const pod = await call('get', Buffer.concat([Buffer.from([0x0a, ref.length]), ref]));
  expect(pod.includes('pause:3')).toBe(true);
  // HealthCheckResponse { status: SERVING }
  expect(await call('check', Buffer.alloc(0))).toEqual(Buffer.from([0x08, 0x01]));
  client.close();
});

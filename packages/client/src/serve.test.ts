import { once } from 'node:events';
import { credentials, Metadata, makeGenericClientConstructor, status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { tokenCredentials } from './credentials.ts';
import { admitPeers } from './guard.ts';
import { placementService } from './protos.ts';
import { serveGrpc } from './serve.ts';

const own = tokenCredentials(() => 'the-token-of-this-test');
const listen = {
  host: '127.0.0.1',
  port: 0,
  maxRequestBytes: 1_024,
  credentials: own,
  admit: admitPeers(own, []),
};

const raw = {
  requestStream: false,
  responseStream: false,
  requestSerialize: (bytes: Buffer) => bytes,
  requestDeserialize: (bytes: Buffer) => bytes,
  responseSerialize: (bytes: Buffer) => bytes,
  responseDeserialize: (bytes: Buffer) => bytes,
};

/** A client that knows the standard services by their paths alone. */
const StandardClient = makeGenericClientConstructor(
  {
    check: { ...raw, path: '/grpc.health.v1.Health/Check' },
    reflect: {
      ...raw,
      requestStream: true,
      responseStream: true,
      path: '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    },
  },
  'standard',
);

test('health and reflection tell of the services that are served, and of no others', async () => {
  const service = { name: 'PlacementService', definition: placementService, handlers: {} };
  await using server = await serveGrpc([service], listen);
  // biome-ignore lint/suspicious/noExplicitAny: methods that are only known at run time.
  const client = new StandardClient(`127.0.0.1:${server.port}`, credentials.createInsecure()) as any;
  const health = (): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      client.check(Buffer.alloc(0), (error: unknown, answer: Buffer) => (error ? reject(error) : resolve(answer)));
    });
  // HealthCheckResponse { status: SERVING }, then NOT_SERVING.
  expect(await health()).toEqual(Buffer.from([0x08, 0x01]));
  server.setServing(false);
  expect(await health()).toEqual(Buffer.from([0x08, 0x02]));

  // Health is open to all; reflection is not.
  const refused = client.reflect();
  const [error] = (await once(refused, 'error')) as [{ code: number }];
  expect(error.code).toBe(status.UNAUTHENTICATED);

  const proof = new Metadata();
  proof.set('authorization', 'Bearer the-token-of-this-test');
  const call = client.reflect(proof);
  // ServerReflectionRequest { list_services: "*" }
  call.end(Buffer.from([0x3a, 1, 0x2a]));
  const [answer] = (await once(call, 'data')) as [Buffer];
  call.cancel();
  call.on('error', () => {});
  const names = answer.toString('latin1').match(/\w+(\.\w+)+/g);
  expect(names!.sort()).toEqual([
    'gantry.api.v1.PlacementService',
    'grpc.health.v1.Health',
    'grpc.reflection.v1.ServerReflection',
    'grpc.reflection.v1alpha.ServerReflection',
  ]);
  client.close();
});

test('an address that is taken is named', async () => {
  await using server = await serveGrpc([], listen);
  const options = { ...listen, port: server.port };
  await expect(serveGrpc([], options)).rejects.toThrow(`cannot listen on 127.0.0.1:${server.port}`);
});

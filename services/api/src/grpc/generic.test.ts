import { credentials, loadPackageDefinition, makeGenericClientConstructor } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { podNamed, startTestApi, type TestApi } from '../testing/harness.ts';

// A client that knows nothing of Gantry's code: it asks reflection what there is, as grpcurl does.

let running: TestApi;
beforeAll(async () => {
  running = await startTestApi();
});
afterAll(() => running[Symbol.asyncDispose]());

const reflectionProto = {
  nested: {
    grpc: {
      nested: {
        reflection: {
          nested: {
            v1: {
              nested: {
                ServerReflection: {
                  methods: {
                    ServerReflectionInfo: {
                      requestType: 'Request',
                      requestStream: true,
                      responseType: 'Response',
                      responseStream: true,
                    },
                  },
                },
                Request: {
                  fields: {
                    fileContainingSymbol: { type: 'string', id: 4 },
                    listServices: { type: 'string', id: 7 },
                  },
                },
                Response: {
                  fields: {
                    files: { type: 'Files', id: 4 },
                    services: { type: 'Services', id: 6 },
                  },
                },
                Files: { fields: { fileDescriptorProto: { rule: 'repeated', type: 'bytes', id: 1 } } },
                Services: { fields: { service: { rule: 'repeated', type: 'Service', id: 1 } } },
                Service: { fields: { name: { type: 'string', id: 1 } } },
              },
            },
          },
        },
      },
    },
  },
};

interface Reflection {
  ServerReflectionInfo(): {
    write(request: object): void;
    end(): void;
    [Symbol.asyncIterator](): AsyncIterator<{
      files?: { fileDescriptorProto: Buffer[] };
      services?: { service: { name: string }[] };
    }>;
  };
  close(): void;
}

test('reflection names the services and describes their files; health says that they serve', async () => {
  const definition = fromJSON(reflectionProto as never, { keepCase: true });
  // biome-ignore lint/suspicious/noExplicitAny: a package that is only known at run time.
  const root = loadPackageDefinition(definition) as any;
  const reflection: Reflection = new root.grpc.reflection.v1.ServerReflection(
    running.api.address,
    credentials.createInsecure(),
  );
  const call = reflection.ServerReflectionInfo();
  call.write({ listServices: '*' });
  call.write({ fileContainingSymbol: 'gantry.api.v1.ResourceService' });
  call.end();
  const answers = await Array.fromAsync(call);
  reflection.close();
  expect(answers[0]!.services!.service.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'gantry.api.v1.ResourceService',
      'gantry.api.v1.SchedulingService',
      'gantry.api.v1.NodeService',
      'gantry.api.v1.PodService',
      'gantry.api.v1.PlacementService',
    ]),
  );
  expect(answers[1]!.files!.fileDescriptorProto.length).toBeGreaterThan(1);
});

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

import { nodeService, podService, resourceService, schedulingService } from '@gantry/client/protos.ts';
import { kindNames } from '@gantry/model/built-in.ts';
import { credentials, Client as GrpcClient, type MethodDefinition, status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultLimits } from './core/limits.ts';
import { startTestApi, type TestApi } from './testing/harness.ts';

// Whatever is sent: the api answers with a status that blames the request, stores nothing of it, and lives.

let running: TestApi;
let raw: GrpcClient;
/** Keys of what every cluster has. */
let before: readonly string[];
beforeAll(async () => {
  running = await startTestApi({ limits: { ...defaultLimits, maxRequestBytes: 100_000 } });
  before = (await running.store.list({ prefix: '' })).entries.map(({ key }) => key);
  raw = new GrpcClient(running.api.address, credentials.createInsecure());
});
afterAll(async () => {
  raw.close();
  await running[Symbol.asyncDispose]();
});

const unary = [resourceService, schedulingService, nodeService, podService]
  .flatMap((service) => Object.values(service))
  .filter((method) => !method.requestStream && !method.responseStream);

const blamesRequest: readonly number[] = [
  status.OK,
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.ABORTED,
  status.FAILED_PRECONDITION,
  status.RESOURCE_EXHAUSTED,
  status.PERMISSION_DENIED,
  status.OUT_OF_RANGE,
  status.UNIMPLEMENTED,
];

/** The status code that a call with these bytes ends with. */
function codeOf(method: MethodDefinition<unknown, unknown>, bytes: Buffer): Promise<number> {
  return new Promise((resolve) => {
    raw.makeUnaryRequest(
      method.path,
      (value: Buffer) => value,
      (value) => value,
      bytes,
      (error) => resolve(error ? error.code : status.OK),
    );
  });
}

const jsonValue = fc.jsonValue({ maxDepth: 4 });
const word = fc.oneof(
  fc.constantFrom('', 'pods', 'deployments.apps', 'default', 'services', 'a/b', '../..', '__proto__', 'x'.repeat(300)),
  fc.string({ maxLength: 20 }),
);

describe('requests of noise', () => {
  test('bytes that are no message, to every method', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...unary), fc.uint8Array({ maxLength: 200 }), async (method, bytes) => {
        expect(blamesRequest).toContain(await codeOf(method, Buffer.from(bytes)));
      }),
      { numRuns: 400 },
    );
  });

  test('references, selectors, tokens and patches of any text', async () => {
    const ref = fc.record({ resource: word, namespace: word, name: word });
    const query = { resource: word, namespace: word, labelSelector: fc.oneof(word, fc.string()), fieldSelector: word };
    const requests = fc.oneof(
      fc.record({ method: fc.constant('Get'), request: fc.record({ ref }) }),
      fc.record({
        method: fc.constant('List'),
        request: fc.record({ ...query, limit: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), continue: word }),
      }),
      fc.record({
        method: fc.constant('Patch'),
        request: fc.record({
          ref,
          type: fc.constantFrom('JSON', 'MERGE', 'STRATEGIC'),
          patch: fc.oneof(word, fc.json()).map((text) => Buffer.from(text).toString('base64')),
          subresource: word,
        }),
      }),
      fc.record({
        method: fc.constant('Delete'),
        request: fc.record({
          ref,
          gracePeriodSeconds: fc.integer(),
          propagationPolicy: word,
          uid: word,
          resourceVersion: word,
        }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(requests, async ({ method, request }) => {
        const definition = resourceService[method]!;
        expect(blamesRequest).toContain(await codeOf(definition, definition.requestSerialize(request) as Buffer));
      }),
      { numRuns: 400 },
    );
  });

  test('manifests of every kind with parts of any shape', async () => {
    const manifest = fc.record(
      {
        apiVersion: fc.constantFrom('v1', 'apps/v1', 'discovery.k8s.io/v1', 'coordination.k8s.io/v1'),
        kind: fc.constantFrom(...kindNames),
        metadata: fc.oneof(jsonValue, fc.record({ name: word, labels: jsonValue, finalizers: jsonValue })),
        spec: fc.oneof(
          jsonValue,
          fc.record(
            { containers: jsonValue, template: jsonValue, ports: jsonValue, clusterIP: jsonValue, replicas: jsonValue },
            { requiredKeys: [] },
          ),
        ),
        status: jsonValue,
        data: jsonValue,
      },
      { requiredKeys: ['apiVersion', 'kind'] },
    );
    const apply = resourceService.Apply!;
    await fc.assert(
      fc.asyncProperty(manifest, async (object) => {
        const bytes = apply.requestSerialize({
          manifest: Buffer.from(JSON.stringify(object)).toString('base64'),
          dryRun: true,
        });
        expect(blamesRequest).toContain(await codeOf(apply, bytes as Buffer));
      }),
      { numRuns: 500 },
    );
  });

  test('patches of any shape to a real object', async () => {
    const { client } = running;
    const metadata = { namespace: 'default', name: 'target' };
    const ports = [{ port: 80 }];
    await client.create({ apiVersion: 'v1', kind: 'Service', metadata, spec: { ports } } as never);
    const operation = fc.record({
      op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test'),
      path: fc.constantFrom(
        '/metadata',
        '/metadata/labels',
        '/spec',
        '/spec/ports/0',
        '/spec/ports/-',
        '/kind',
        '',
        '/status',
        '/__proto__/x',
      ),
      from: fc.constantFrom('/spec', '/metadata/name'),
      value: jsonValue,
    });
    const patch = fc.oneof(
      fc.record({ type: fc.constant('JSON'), body: fc.array(operation, { maxLength: 3 }) }),
      fc.record({
        type: fc.constantFrom('MERGE', 'STRATEGIC'),
        body: fc.oneof(
          jsonValue,
          fc.record({ spec: jsonValue }),
          fc.record({ spec: fc.record({ ports: jsonValue }) }),
          fc.record({ metadata: jsonValue }),
        ),
      }),
    );
    const method = resourceService.Patch!;
    await fc.assert(
      fc.asyncProperty(patch, async ({ type, body }) => {
        const request = {
          ref: { resource: 'services', ...metadata },
          type,
          patch: Buffer.from(JSON.stringify(body)).toString('base64'),
          dryRun: true,
        };
        expect(blamesRequest).toContain(await codeOf(method, method.requestSerialize(request) as Buffer));
      }),
      { numRuns: 400 },
    );
    await client.delete('Service', metadata);
  });

  test('nothing of all that was stored', async () => {
    const { entries } = await running.store.list({ prefix: '' });
    expect(entries.map(({ key }) => key)).toEqual(before);
  });
});

describe('limits', () => {
  test('a message that is too large', async () => {
    const method = resourceService.Apply!;
    const request = { manifest: Buffer.alloc(120_000, 'a').toString('base64') };
    expect(await codeOf(method, method.requestSerialize(request) as Buffer)).toBe(status.RESOURCE_EXHAUSTED);
  });

  test('a batch that is too large', async () => {
    const bindings = Array.from({ length: 1_025 }, () => ({ namespace: 'd', name: 'n', uid: 'u', nodeName: 'n' }));
    await expect(running.client.bind(bindings, 's')).rejects.toMatchObject({
      reason: 'RequestEntityTooLarge',
      message: 'bindings: Too many: 1025: must have at most 1024 items',
    });
  });

  test('a token of another list', async () => {
    const token = Buffer.from(JSON.stringify([1, 1, 'secrets/default/x'])).toString('base64url');
    await expect(running.client.list('Pod', { continue: token })).rejects.toMatchObject({
      reason: 'BadRequest',
      message: 'continue key is not valid: it belongs to another list',
    });
  });

  test('a selector that is too large', async () => {
    await expect(running.client.list('Pod', { labelSelector: 'a'.repeat(20_000) })).rejects.toMatchObject({
      reason: 'BadRequest',
    });
  });
});

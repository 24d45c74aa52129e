import type { ConfigMap, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError, isError, notFound } from '@gantry/runtime/errors.ts';
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from 'vitest';
import { type Client, connect } from './client.ts';
import { toServiceError } from './errors-grpc.ts';
import type { ExecInput, ExecOutput } from './pod-messages.ts';
import { encodeMessage, nodeService, podService, resourceService, schedulingService } from './protos.ts';

type Json = Record<string, unknown>;
type Handlers = Record<string, (call: never, callback: never) => void>;

const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const end of cleanUp.splice(0)) end();
});

/** A server with these handlers of one service, and a client of it. */
async function serve(service: ServiceDefinition, handlers: Handlers): Promise<Client> {
  return (await serveAt(service, handlers)).client;
}

async function serveAt(service: ServiceDefinition, handlers: Handlers): Promise<{ client: Client; port: number }> {
  const server = new Server();
  const missing = Object.keys(service).filter((name) => !(name in handlers));
  server.addService(service, {
    ...Object.fromEntries(missing.map((name) => [name, unexpected])),
    ...handlers,
  } as never);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const client = connect(`127.0.0.1:${port}`);
  cleanUp.push(() => {
    client[Symbol.dispose]();
    server.forceShutdown();
  });
  return { client, port };
}

const unexpected: handleUnaryCall<Json, Json> = (_, callback) => callback(toServiceError(new Error('unexpected call')));

/** A unary handler that notes requests and gives what `answer` returns, or the error that it throws. */
function unary(requests: Json[], answer: (request: Json) => object): Handlers[string] {
  const handler: handleUnaryCall<Json, object> = ({ request }, callback) => {
    requests.push(request);
    try {
      callback(null, answer(request));
    } catch (error) {
      callback(toServiceError(error));
    }
  };
  return handler as Handlers[string];
}

const configMap = (name: string): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', creationTimestamp: '2026-01-02T03:04:05Z', labels: { a: 'b' } },
  data: { key: 'wärt' },
});
const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default' },
  spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '100m' } } }] },
  status: {},
};

describe('reading', () => {
  test('an object has its apiVersion and kind, whatever the wire carries', async () => {
    const requests: Json[] = [];
    const client = await serve(resourceService, { Get: unary(requests, () => ({ pod })) });
    expect(await client.get('Pod', { namespace: 'default', name: 'web' })).toEqual(pod);
    expect(requests).toEqual([{ ref: { resource: 'pods', namespace: 'default', name: 'web' } }]);
  });

  test('lists have their revision and the token of the next page', async () => {
    const requests: Json[] = [];
    const client = await serve(resourceService, {
      List: unary(requests, (request) =>
        request.continue === 'next'
          ? { items: [], resourceVersion: 7 }
          : { items: [{ configMap: configMap('a') }], resourceVersion: 7, continue: 'next' },
      ),
    });
    const query = { namespace: 'default', labelSelector: 'a=b', limit: 1 };
    const first = await client.list('ConfigMap', query);
    expect(first).toEqual({ items: [configMap('a')], resourceVersion: 7, continue: 'next' });
    expect(await client.list('ConfigMap', { continue: first.continue })).toEqual({ items: [], resourceVersion: 7 });
    expect(requests[0]).toEqual({ resource: 'configmaps', ...query });
  });

  test('errors arrive with reason, text and object', async () => {
    const resource = { group: '', resource: 'pods', name: 'web' };
    const client = await serve(resourceService, {
      Get: unary([], () => {
        throw notFound(resource);
      }),
    });
    const error = await client.get('Pod', { namespace: 'default', name: 'web' }).catch((each: unknown) => each);
    expect(isError(error, 'NotFound') && [error.message, error.resource]).toEqual(['pods "web" not found', resource]);
  });
});

describe('watching', () => {
  const events = [
    { type: 'ADDED', object: { configMap: configMap('a') }, resourceVersion: 4 },
    { type: 'BOOKMARK', resourceVersion: 9 },
  ];

  test('events arrive, also those that the server encoded itself; the error at the end too', async () => {
    const handler: handleServerStreamingCall<Json, unknown> = (call) => {
      call.write(events[0]);
      call.write(encodeMessage('WatchEvent', events[1]!));
      call.emit('error', toServiceError(new GantryError('Expired', 'too old')));
    };
    const client = await serve(resourceService, { Watch: handler as never });
    const seen: unknown[] = [];
    const watching = (async () => {
      const signal = new AbortController().signal;
      for await (const event of client.watch('ConfigMap', { resourceVersion: 3 }, signal)) seen.push(event);
    })();
    await expect(watching).rejects.toMatchObject({ reason: 'Expired', message: 'too old' });
    expect(seen).toEqual([
      { type: 'ADDED', object: configMap('a'), resourceVersion: 4 },
      { type: 'BOOKMARK', resourceVersion: 9 },
    ]);
  });

  test('leaving the loop, or the signal, ends the call on the server', async () => {
    let cancelled = Promise.withResolvers<void>();
    const handler: handleServerStreamingCall<Json, unknown> = (call) => {
      call.write(events[1]);
      call.on('cancelled', () => cancelled.resolve());
    };
    const client = await serve(resourceService, { Watch: handler as never });
    const stop = new AbortController();
    for await (const _ of client.watch('Pod', { resourceVersion: 1 }, stop.signal)) break;
    await cancelled.promise;
    cancelled = Promise.withResolvers();
    const error = await (async () => {
      for await (const _ of client.watch('Pod', { resourceVersion: 1 }, stop.signal)) stop.abort();
    })().catch((each: unknown) => each);
    await cancelled.promise;
    expect(isError(error, 'Cancelled')).toBe(true);
  });

  test('a reader that does not read holds the server back', async () => {
    let written = 0;
    const large = encodeMessage('WatchEvent', {
      type: 'ADDED',
      object: { configMap: { data: { x: 'x'.repeat(50_000) } } },
    });
    const full = Promise.withResolvers<void>();
    const handler: handleServerStreamingCall<Json, unknown> = (call) => {
      const more = (): void => {
        while (written < 1_000) {
          written++;
          if (!call.write(large)) break;
        }
        if (written < 1_000) call.once('drain', more);
        else call.end();
        setTimeout(() => full.resolve(), 300);
      };
      more();
    };
    const client = await serve(resourceService, { Watch: handler as never });
    const watch = client.watch('ConfigMap', { resourceVersion: 1 }, new AbortController().signal);
    await watch.next();
    await full.promise;
    expect(written).toBeLessThan(1_000);
    let read = 1;
    for await (const _ of watch) read++;
    expect(read).toBe(1_000);
  });
});

describe('writing', () => {
  test('requests are what the api expects', async () => {
    const requests: Json[] = [];
    const answer = () => ({ configMap: configMap('a') });
    const client = await serve(resourceService, {
      Create: unary(requests, answer),
      UpdateStatus: unary(requests, answer),
      Patch: unary(requests, answer),
      Delete: unary(requests, () => ({ object: answer(), gone: true })),
    });
    const name = { namespace: 'default', name: 'a' };
    const { apiVersion: _, kind: __, ...fields } = configMap('a');
    expect(await client.create(configMap('a'), { dryRun: true })).toEqual(configMap('a'));
    await client.updateStatus(configMap('a'));
    await client.patch('ConfigMap', name, { type: 'merge', body: { data: null }, subresource: 'status' });
    expect(await client.delete('ConfigMap', name, { gracePeriodSeconds: 0, uid: 'u' })).toEqual({
      object: configMap('a'),
      gone: true,
    });
    const ref = { resource: 'configmaps', ...name };
    expect(requests).toEqual([
      { object: { configMap: fields }, dryRun: true },
      { object: { configMap: fields } },
      { ref, type: 'MERGE', patch: Buffer.from('{"data":null}').toString('base64'), subresource: 'status' },
      { ref, gracePeriodSeconds: 0, uid: 'u' },
    ]);
  });

  test('a manifest is applied as its bytes', async () => {
    const requests: Json[] = [];
    const client = await serve(resourceService, {
      Apply: unary(requests, () => ({ object: { pod }, outcome: 'CONFIGURED' })),
    });
    expect(await client.apply('kind: Pöd')).toEqual({ object: pod, outcome: 'configured' });
    expect(Buffer.from(requests[0]!.manifest as string, 'base64').toString()).toBe('kind: Pöd');
  });

  test('batches give a result each', async () => {
    const requests: Json[] = [];
    const results = [{ resourceVersion: 4 }, { code: 10, message: 'was bound', reason: 'Conflict' }];
    const client = await serve(schedulingService, { Bind: unary(requests, () => ({ results })) });
    const binding = { namespace: 'd', name: 'p', uid: 'u', nodeName: 'n' };
    expect(await client.bind([binding, binding], 'default-scheduler')).toEqual([
      { code: 0, message: '', reason: '', resourceVersion: 4 },
      { code: 10, message: 'was bound', reason: 'Conflict', resourceVersion: 0 },
    ]);
    expect(requests).toEqual([{ bindings: [binding, binding], scheduler: 'default-scheduler' }]);
  });
});

describe('a server that fails', () => {
  const away = () => {
    throw new GantryError('ServiceUnavailable', 'away');
  };

  test('reads and heartbeats are repeated until it is back; writes are not', async () => {
    const requests: Json[] = [];
    const client = await serve(resourceService, {
      Get: unary(requests, () => (requests.length < 3 ? away() : { pod })),
      Create: unary(requests, away),
    });
    await client.get('Pod', { name: 'web' });
    expect(requests).toHaveLength(3);
    await expect(client.create(pod)).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
    expect(requests).toHaveLength(4);
  });

  test('where nobody listens, a call waits for its time or fails at once, as the client was told', async () => {
    using patient = connect('127.0.0.1:1');
    using hasty = connect('127.0.0.1:1', { whenAway: 'fail' });
    await expect(patient.create(pod, { timeoutMs: 100 })).rejects.toMatchObject({ reason: 'Timeout' });
    await expect(hasty.create(pod)).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
    await expect(hasty.get('Pod', { name: 'web' })).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
  });

  test('of several addresses, one that answers is enough', async () => {
    const { port } = await serveAt(resourceService, { Create: unary([], () => ({ pod })) });
    using client = connect(`127.0.0.1:1, 127.0.0.1:${port}`);
    expect(await client.create(pod)).toEqual(pod);
  });

  test('a call that gets no answer ends with Timeout at its deadline, one that is aborted with Cancelled', async () => {
    const client = await serve(nodeService, { Heartbeat: () => {} });
    await expect(client.heartbeat('n', 1_000, { timeoutMs: 50 })).rejects.toMatchObject({ reason: 'Timeout' });
    const stop = new AbortController();
    const call = client.heartbeat('n', 1_000, { signal: stop.signal });
    stop.abort();
    await expect(call).rejects.toMatchObject({ reason: 'Cancelled' });
    await expect(client.heartbeat('n', 1, { signal: stop.signal })).rejects.toMatchObject({ reason: 'Cancelled' });
  });
});

describe('pods', () => {
  test('logs come as bytes', async () => {
    const handler: handleServerStreamingCall<Json, unknown> = (call) => {
      call.write({ data: Buffer.from([0, 255]) });
      call.write({ data: Buffer.from(JSON.stringify(call.request.tailLines)) });
      call.end();
    };
    const client = await serve(podService, { Logs: handler as never });
    const request = { ref: { namespace: 'd', pod: 'p' }, tailLines: 0 };
    const chunks: Uint8Array[] = [];
    for await (const chunk of client.pods.logs(request, new AbortController().signal)) chunks.push(chunk);
    expect(Buffer.concat(chunks)).toEqual(Buffer.concat([Buffer.from([0, 255]), Buffer.from('0')]));
  });

  test('exec sends its start first, passes both ways, and ends with the exit', async () => {
    const echo = (call: ServerDuplexStream<ExecInput, ExecOutput>): void => {
      call.on('data', (input: ExecInput) => {
        if (input.start) call.write({ stderr: Buffer.from(input.start.command!.join(' ')) });
        if (input.stdin) call.write({ stdout: input.stdin });
        if (input.stdinClosed) {
          call.write({ exit: { code: 3 } });
          call.end();
        }
      });
    };
    const client = await serve(podService, { Exec: echo as never });
    const start = { ref: { namespace: 'd', pod: 'p' }, command: ['sh', '-c'], stdin: true };
    using exec = client.pods.exec(start, new AbortController().signal);
    await exec.write({ stdin: Buffer.from('hello') });
    await exec.write({ stdinClosed: true });
    exec.end();
    const outputs: string[] = [];
    for await (const { stdout, stderr, exit } of exec.output) {
      if (stdout) outputs.push(`out ${Buffer.from(stdout)}`);
      if (stderr) outputs.push(`err ${Buffer.from(stderr)}`);
      if (exit) outputs.push(`exit ${exit.code}`);
    }
    expect(outputs).toEqual(['err sh -c', 'out hello', 'exit 3']);
  });

  test('an exec that is refused tells why, and a write after it does not hang', async () => {
    const refuse = (call: ServerDuplexStream<ExecInput, ExecOutput>): void => {
      call.emit('error', toServiceError(new GantryError('NotFound', 'pods "p" not found')));
    };
    const client = await serve(podService, { Exec: refuse as never });
    using exec = client.pods.exec({ ref: { namespace: 'd', pod: 'p' } }, new AbortController().signal);
    const read = (async () => {
      for await (const _ of exec.output);
    })();
    await expect(read).rejects.toMatchObject({ reason: 'NotFound' });
    await exec.write({ stdin: Buffer.from('late') });
  });
});

import { once } from 'node:events';
import type { ExecInput, ExecOutput, PortForwardChunk } from '@gantry/client/pod-messages.ts';
import { podService } from '@gantry/client/protos.ts';
import type { Node } from '@gantry/model/gen/gantry.core.v1.ts';
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { podNamed, startTestApi, type TestApi } from '../testing/harness.ts';

// The api between a client and a node agent that is played by this test.

const owned = new AsyncDisposableStack();
let running: TestApi;
const agent = { cancelled: 0, written: 0, lastContainer: '' };

beforeAll(async () => {
  running = owned.use(await startTestApi());
  const port = await startAgent();
  await addNode('worker', `127.0.0.1:${port}`);
  await addNode('silent', '127.0.0.1:1');
  await addPod('web', 'worker', ['main']);
  await addPod('pair', 'worker', ['one', 'two']);
  await addPod('unreachable', 'silent', ['main']);
  await addPod('pending', undefined, ['main']);
});
afterAll(() => owned.disposeAsync());

async function startAgent(): Promise<number> {
  const server = new Server();
  server.addService(podService, {
    Logs: (call: ServerWritableStream<{ ref: { container: string }; follow?: boolean }, { data: Buffer }>) => {
      agent.lastContainer = call.request.ref.container;
      call.on('cancelled', () => agent.cancelled++);
      call.write({ data: Buffer.from('hello\n') });
      if (call.request.follow) void flood(call);
      else call.end();
    },
    Exec: (call: ServerDuplexStream<ExecInput, ExecOutput>) => {
      call.on('error', () => {});
      call.on('data', (input: ExecInput) => {
        if (input.start) call.write({ stdout: Buffer.from((input.start.command ?? []).join(' ')) });
        if (input.stdin?.length) call.write({ stdout: Buffer.from(input.stdin) });
      });
      call.on('end', () => {
        call.write({ exit: { code: 7 } });
        call.end();
      });
    },
    Attach: (call: ServerDuplexStream<ExecInput, ExecOutput>) => call.end(),
    PortForward: (call: ServerDuplexStream<PortForwardChunk, PortForwardChunk>) => {
      call.on('error', () => {});
      call.on('data', (chunk: PortForwardChunk) => {
        if (chunk.data?.length) call.write({ data: Buffer.from(`echo ${Buffer.from(chunk.data)}`) });
      });
      call.on('end', () => call.end());
    },
    Stats: (_call: ServerUnaryCall<object, object>, callback: sendUnaryData<object>) => {
      callback(null, { containers: [{ namespace: 'default', pod: 'web', container: 'main', nodeName: 'worker' }] });
    },
  });
  owned.defer(() => server.forceShutdown());
  return new Promise((resolve, reject) => {
    const bound = (error: Error | null, port: number): void => (error ? reject(error) : resolve(port));
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), bound);
  });
}

/** Writes as much as the other side takes, and counts it. */
async function flood(call: ServerWritableStream<unknown, { data: Buffer }>): Promise<void> {
  const data = Buffer.alloc(16_384, 'x');
  while (!call.cancelled) {
    agent.written += data.length;
    if (!call.write({ data })) await Promise.race([once(call, 'drain'), once(call, 'cancelled')]);
    if (agent.written > 64 * 1024 * 1024) return;
  }
}

async function addNode(name: string, address: string): Promise<void> {
  const metadata = { name, annotations: { 'gantry.dev/agent-address': address } };
  const created = await running.client.create<Node>({ apiVersion: 'v1', kind: 'Node', metadata });
  await running.client.updateStatus<Node>({
    ...created,
    status: { allocatable: { cpu: '8', memory: '8Gi', pods: '50' } },
  });
}

async function addPod(name: string, nodeName: string | undefined, containers: string[]): Promise<void> {
  const pod = podNamed(name);
  const [container] = pod.spec.containers;
  const spec = { ...pod.spec, containers: containers.map((each) => ({ ...container!, name: each })) };
  const created = await running.client.create({ ...pod, spec });
  if (nodeName === undefined) return;
  await running.client.bind([{ namespace: 'default', name, uid: created.metadata.uid!, nodeName }], 'test');
}

function logs(pod: string, container?: string, signal = AbortSignal.timeout(10_000)): AsyncIterable<Uint8Array> {
  return running.client.pods.logs({ ref: { namespace: 'default', pod, container: container ?? '' } }, signal);
}

describe('logs', () => {
  test('come from the agent, of the container that is meant', async () => {
    const chunks = await Array.fromAsync(logs('web'));
    expect(Buffer.concat(chunks).toString()).toBe('hello\n');
    expect(agent.lastContainer).toBe('main');
    await Array.fromAsync(logs('pair', 'two'));
    expect(agent.lastContainer).toBe('two');
  });

  test.each([
    ['absent', undefined, 'NotFound', 'pods "absent" not found'],
    ['pending', undefined, 'BadRequest', 'pod pending does not have a host assigned'],
    ['web', 'other', 'BadRequest', 'container other is not valid for pod web'],
    ['pair', undefined, 'BadRequest', 'a container name must be specified for pod pair, choose one of: [one two]'],
  ])('of %s, container %s: %s', async (pod, container, reason, message) => {
    await expect(Array.fromAsync(logs(pod, container))).rejects.toMatchObject({ reason, message });
  });

  test('of a node that does not answer', async () => {
    await expect(Array.fromAsync(logs('unreachable'))).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
  });

  test('that nobody reads hold the agent back, and end when the reader goes', async () => {
    const stop = new AbortController();
    const request = { ref: { namespace: 'default', pod: 'web' }, follow: true };
    const reading = running.client.pods.logs(request, stop.signal)[Symbol.asyncIterator]();
    await reading.next();
    let before = -1;
    // Written until every buffer between the two is full, then no more.
    await expect
      .poll(
        () => {
          const same = agent.written === before;
          before = agent.written;
          return same;
        },
        { interval: 100, timeout: 5_000 },
      )
      .toBe(true);
    expect(agent.written).toBeLessThan(32 * 1024 * 1024);
    const cancelledBefore = agent.cancelled;
    stop.abort();
    await expect.poll(() => agent.cancelled).toBe(cancelledBefore + 1);
  });
});

describe('exec', () => {
  test('passes both ways and ends with the exit', async () => {
    const ref = { namespace: 'default', pod: 'web' };
    using call = running.client.pods.exec({ ref, command: ['cat', '-'], stdin: true }, AbortSignal.timeout(10_000));
    await call.write({ stdin: Buffer.from('typed') });
    call.end();
    const output = await Array.fromAsync(call.output);
    const text = Buffer.concat(output.map(({ stdout }) => stdout ?? Buffer.alloc(0))).toString();
    expect([text, output.at(-1)?.exit?.code]).toEqual(['cat -typed', 7]);
  });

  test('without a command, or in no pod', async () => {
    const run = (pod: string, command: string[]) =>
      Array.fromAsync(
        running.client.pods.exec({ ref: { namespace: 'default', pod }, command }, AbortSignal.timeout(10_000)).output,
      );
    await expect(run('web', [])).rejects.toMatchObject({
      message: 'you must specify at least 1 command for the container',
    });
    await expect(run('absent', ['ls'])).rejects.toMatchObject({ reason: 'NotFound' });
  });
});

test('port-forward passes bytes, and refuses a port that is none', async () => {
  const start = { namespace: 'default', pod: 'web', port: 80 };
  using call = running.client.pods.portForward(start, AbortSignal.timeout(10_000));
  await call.write({ data: Buffer.from('ping') });
  call.end();
  const chunks = await Array.fromAsync(call.output);
  expect(Buffer.concat(chunks.map(({ data }) => data!)).toString()).toBe('echo ping');
  const wrong = running.client.pods.portForward({ ...start, port: 0 }, AbortSignal.timeout(10_000));
  await expect(Array.fromAsync(wrong.output)).rejects.toMatchObject({ reason: 'BadRequest' });
});

test('stats of all nodes leave out those that do not answer', async () => {
  const { containers } = await running.client.pods.stats({});
  expect(containers).toMatchObject([{ pod: 'web', nodeName: 'worker' }]);
});

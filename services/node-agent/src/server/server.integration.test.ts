import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PodCalls } from '@gantry/client/pods.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { credentials, Client as GrpcClient } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeImageTar } from '../images/image.ts';
import { busyboxImage, busyboxImageName as image } from '../images/local.ts';
import { openProcessRuntime } from '../runtime/process/driver.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type NodeAgent, startNodeAgent } from '../service.ts';
import { eventually, podWhen, startTestAgent, testConfig, testCredentials } from '../testing/agent-kit.ts';
import { FakeApi } from '../testing/fake-api.ts';
import { podOf } from '../testing/pod-world.ts';

// PodService of an agent over plain processes: logs, commands and connections as their callers see them.

const api = new FakeApi();
let directory: string;
let runtime: Runtime;
let agent: NodeAgent;
let channel: GrpcClient;
let calls: PodCalls;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gantry-server-'));
  await chmod(directory, 0o755);
  runtime = await openProcessRuntime({ directory: join(directory, 'processes'), address: '127.0.0.1' });
  const tar = join(directory, 'busybox.tar');
  await writeImageTar(tar, [await busyboxImage()]);
  await runtime.images.importTar(tar);
  agent = await startTestAgent(
    api,
    runtime,
    testConfig(join(directory, 'agent'), { listen: { host: '127.0.0.1', port: 0 }, statisticsMs: 500 }),
  );
  await agent.ready;
  const { transport, options } = testCredentials.dial('');
  channel = new GrpcClient(agent.address!, transport, options);
  calls = new PodCalls(channel, { timeoutMs: 10_000, whenAway: 'wait' });
});

afterAll(async () => {
  for (const { metadata } of api.all('Pod')) api.deletePod(metadata.name ?? '', 0, Date.now());
  await eventually('all pods are gone', () => api.all('Pod').length === 0);
  channel?.close();
  await agent?.[Symbol.asyncDispose]();
  await runtime?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

describe('its door', () => {
  it('is shut to those who do not prove that they belong to the cluster', async () => {
    const stranger = new GrpcClient(agent.address!, credentials.createInsecure());
    const strange = new PodCalls(stranger, { timeoutMs: 10_000, whenAway: 'wait' });
    await expect(strange.stats({})).rejects.toMatchObject({ reason: 'Unauthorized' });
    using session = strange.exec(
      { ref: { namespace: 'default', pod: 'any', container: '' }, command: ['true'] },
      limit(),
    );
    await expect(session.output[Symbol.asyncIterator]().next()).rejects.toMatchObject({ reason: 'Unauthorized' });
    stranger.close();
    await expect(calls.stats({})).resolves.toBeDefined();
  });

  it('does not open where nobody could prove anything', async () => {
    const config = testConfig(join(directory, 'agent'), { listen: { host: '127.0.0.1', port: 0 } });
    const deps = { client: api, runtime, clock: systemClock, log: silentLogger };
    await expect(startNodeAgent(config, deps)).rejects.toMatchObject({ reason: 'FailedPrecondition' });
  });
});

const limit = (): AbortSignal => AbortSignal.timeout(20_000);

async function runPod(name: string, script: string, spec = {}): Promise<void> {
  const containers = [{ name: 'main', image, imagePullPolicy: 'Never', command: ['sh', '-c', script] }];
  api.put(podOf({ containers, ...spec }, { name, uid: `uid-${name}` }));
  await podWhen(api, name, 'runs', ({ status }) => status?.phase !== 'Pending' && status?.phase !== undefined);
}

async function logs(pod: string, request: object = {}): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of calls.logs({ ref: { namespace: 'default', pod }, ...request }, limit())) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('logs', () => {
  it('are read whole or in part', async () => {
    await runPod('numbers', 'for i in 1 2 3 4 5; do echo line $i; done; exec sleep 1000');
    await eventually('all is written', async () => (await logs('numbers')).includes('line 5'));
    expect(await logs('numbers', { tailLines: 2 })).toBe('line 4\nline 5\n');
    expect(await logs('numbers', { limitBytes: 9 })).toBe('line 1\nli');
    expect(await logs('numbers', { tailLines: 1, timestamps: true })).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z line 5\n$/);
    await expect(logs('numbers', { tailLines: -1 })).rejects.toThrow('tailLines: Invalid value: -1');
    await expect(logs('numbers', { previous: true })).rejects.toThrow(
      'previous terminated container "main" in pod "numbers" not found',
    );
    await expect(logs('nobody')).rejects.toThrow('pods "nobody" not found');
  });

  it('are followed over a restart of the container until the pod ends', async () => {
    const counter = join(directory, 'runs');
    await writeFile(counter, '');
    const script = `echo run $(wc -l < ${counter}); echo x >> ${counter}; [ $(wc -l < ${counter}) -ge 2 ] && exit 0; sleep 0.3; exit 1`;
    await runPod('twice', script, { restartPolicy: 'OnFailure' });
    expect(await logs('twice', { follow: true })).toBe('run 0\nrun 1\n');
    expect(await logs('twice', { previous: true })).toBe('run 0\n');
  });
});

describe('commands', () => {
  it('have streams and an exit code', async () => {
    await runPod('worker', 'exec sleep 1000');
    const ref = { namespace: 'default', pod: 'worker' };
    using call = calls.exec(
      { ref, command: ['sh', '-c', 'read x; echo got $x; echo oops >&2; exit 7'], stdin: true },
      limit(),
    );
    await call.write({ stdin: Buffer.from('this\n') });
    const seen = { stdout: '', stderr: '', code: -1 };
    for await (const { stdout, stderr, exit } of call.output) {
      if (stdout) seen.stdout += Buffer.from(stdout).toString();
      if (stderr) seen.stderr += Buffer.from(stderr).toString();
      if (exit) seen.code = exit.code;
    }
    expect(seen).toEqual({ stdout: 'got this\n', stderr: 'oops\n', code: 7 });
  });

  it('may print more than a slow reader takes at once', async () => {
    const ref = { namespace: 'default', pod: 'worker' };
    using call = calls.exec({ ref, command: ['sh', '-c', 'yes 0123456789abcdef | head -c 8000000'] }, limit());
    let bytes = 0;
    for await (const { stdout } of call.output) {
      bytes += stdout?.length ?? 0;
      if (bytes < 100_000) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(bytes).toBe(8_000_000);
  });

  it('are refused where they cannot run', async () => {
    const output = async (ref: object, command: string[]): Promise<void> => {
      using call = calls.exec({ ref: { namespace: 'default', pod: 'worker', ...ref }, command }, limit());
      for await (const _ of call.output);
    };
    await expect(output({ container: 'nope' }, ['true'])).rejects.toThrow('container nope is not valid for pod worker');
    await expect(output({ pod: 'nobody' }, ['true'])).rejects.toThrow('pods "nobody" not found');
    await expect(output({}, [])).rejects.toThrow('command: Required value');
  });
});

describe('forwarded ports', () => {
  it('carry a connection both ways, and refuse a port that is none', async () => {
    const port = 20_000 + (process.pid % 10_000);
    await writeFile(join(directory, 'index.html'), 'hello');
    await runPod('server', `exec httpd -f -p 127.0.0.1:${port} -h ${directory}`);
    const start = { namespace: 'default', pod: 'server', port };
    const said = await eventually('an answer', async () => {
      using call = calls.portForward(start, limit());
      await call.write({ data: Buffer.from('GET / HTTP/1.0\r\n\r\n') });
      try {
        let text = '';
        for await (const { data } of call.output) text += Buffer.from(data ?? []).toString();
        return text === '' ? undefined : text;
      } catch {
        // It does not listen yet.
        return undefined;
      }
    });
    expect(said).toMatch(/^HTTP\/1\.\d 200 OK\r\n[\s\S]*\r\n\r\nhello$/);
    using call = calls.portForward({ ...start, port: 70_000 }, limit());
    await expect(call.output[Symbol.asyncIterator]().next()).rejects.toThrow('must be between 1 and 65535');
  });
});

describe('usage', () => {
  it('is told of each running container', async () => {
    const containers = await eventually('the container was read twice', async () => {
      const { containers: found } = await calls.stats({ pod: 'worker' });
      return found.every(({ windowMs }) => Number(windowMs) > 0) && found;
    });
    expect(containers).toMatchObject([{ namespace: 'default', pod: 'worker', container: 'main', nodeName: 'node-1' }]);
    expect(Number(containers[0]?.memoryWorkingSetBytes)).toBeGreaterThan(0);
  });
});

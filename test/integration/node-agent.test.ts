import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startTestApi, type TestApi } from '@gantry/api/testing/harness.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { LocalCluster } from '@gantry/node-agent/host/local-cluster.ts';
import { importBusybox, startTestCluster, testDirectory } from '@gantry/node-agent/host/testing/cluster.ts';
import { busyboxImageName as image } from '@gantry/node-agent/images/local.ts';
import type { Runtime } from '@gantry/node-agent/runtime/runtime.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';

// A node agent as a process of its own, with containerd and the real api: killed at any moment, its successor goes on where it was.

let directory: Awaited<ReturnType<typeof testDirectory>>;
let cluster: LocalCluster;
let runtime: Runtime;
let api: TestApi;
let agent: ChildProcess | undefined;

beforeAll(async () => {
  directory = await testDirectory();
  cluster = await startTestCluster(directory.path, ['node-1']);
  runtime = await cluster.nodes[0]!.openRuntime();
  await importBusybox(runtime, directory.path);
  api = await startTestApi();
});

afterAll(async () => {
  await kill('SIGTERM');
  await api?.[Symbol.asyncDispose]();
  await runtime?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  await directory?.[Symbol.asyncDispose]();
});

function startAgent(): void {
  const node = cluster.nodes[0]!;
  const main = fileURLToPath(import.meta.resolve('@gantry/node-agent/main.ts'));
  const flags = {
    'node-name': node.name,
    api: api.api.address,
    'containerd-socket': node.socketPath,
    address: node.address,
    listen: '127.0.0.1:0',
    'root-dir': node.podsDirectory,
    'cgroup-root': node.cgroupPath,
    netns: node.namespacePath,
    'pod-cidr': node.podCidr,
    'cluster-cidr': cluster.addresses.podCidr,
    'heartbeat-ms': '500',
  };
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  agent = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, GANTRY_LOG_LEVEL: 'error', GANTRY_TOKEN: 'the-token-of-the-tests' },
  });
}

async function kill(signal: NodeJS.Signals): Promise<void> {
  const child = agent;
  agent = undefined;
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

async function createPod(name: string, script: string, restartPolicy = 'Always'): Promise<void> {
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: {
      nodeName: 'node-1',
      restartPolicy,
      terminationGracePeriodSeconds: 1,
      volumes: [{ name: 'host', hostPath: { path: directory.path } }],
      containers: [
        {
          name: 'main',
          image,
          imagePullPolicy: 'IfNotPresent',
          command: ['sh', '-c', script],
          volumeMounts: [{ name: 'host', mountPath: '/host' }],
        },
      ],
    },
  };
  await api.client.create(pod);
}

/** The pods once all of them fulfil a condition. */
async function podsWhen(condition: (pods: readonly Pod[]) => boolean): Promise<Pod[]> {
  for (
    const signal = AbortSignal.timeout(30_000);
    !signal.aborted;
    await new Promise((resolve) => setTimeout(resolve, 50))
  ) {
    const { items } = await api.client.list('Pod', { namespace: 'default' });
    if (condition(items)) return items;
  }
  throw new Error('waited in vain');
}

const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;

test('an agent that is killed again and again while it starts pods starts none twice', async () => {
  startAgent();
  const names = Array.from({ length: 12 }, (_, index) => `p-${index}`);
  for (const name of names) await createPod(name, `echo ${name} >> /host/started; exec sleep 1000`);
  for (const afterMs of [700, 900, 1_100, 1_300]) {
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await kill('SIGKILL');
    startAgent();
  }
  const pods = await podsWhen((all) => all.length === names.length && all.every(isReady));
  // containerd ends what it was starting when its caller dies; a process that had begun by then counts as a restart, and nothing else runs again.
  const started = (await readFile(join(directory.path, 'started'), 'utf8')).trim().split('\n');
  for (const { metadata, status } of pods) {
    const runs = started.filter((name) => name === metadata.name).length;
    const { restartCount = 0, lastState } = status?.containerStatuses?.[0] ?? {};
    expect(runs).toBeGreaterThanOrEqual(1);
    expect(runs).toBeLessThanOrEqual(1 + restartCount);
    if (restartCount > 0) expect(lastState?.terminated?.reason).toBe('StartError');
  }
  const running = (await runtime.observer.observe())
    .flatMap(({ containers }) => containers)
    .filter(({ state }) => state.kind === 'running');
  expect(running).toHaveLength(names.length);
});

test('what ended while no agent was there is seen by the next one', async () => {
  await createPod('brief', 'sleep 1.5; exit 4', 'Never');
  await podsWhen((all) => all.some(({ metadata, status }) => metadata.name === 'brief' && status?.phase === 'Running'));
  await kill('SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  startAgent();
  const pods = await podsWhen((all) =>
    all.some(({ metadata, status }) => metadata.name === 'brief' && status?.phase === 'Failed'),
  );
  const brief = pods.find(({ metadata }) => metadata.name === 'brief');
  expect(brief?.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({ exitCode: 4, reason: 'Error' });
});

test('logs and commands are reached through the api, and deleted pods go', async () => {
  await createPod('talkative', 'echo one; echo two; exec sleep 1000');
  await podsWhen((all) => all.some((pod) => pod.metadata.name === 'talkative' && isReady(pod)));
  const ref = { namespace: 'default', pod: 'talkative' };
  const read = async (request: object): Promise<string> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of api.client.pods.logs({ ref, ...request }, AbortSignal.timeout(10_000)))
      chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  expect(await read({})).toBe('one\ntwo\n');
  expect(await read({ tailLines: 1 })).toBe('two\n');
  using call = api.client.pods.exec(
    { ref, command: ['sh', '-c', 'cat; exit 3'], stdin: true },
    AbortSignal.timeout(10_000),
  );
  await call.write({ stdin: Buffer.from('hello') });
  await call.write({ stdinClosed: true });
  let output = '';
  let code: number | undefined;
  for await (const message of call.output) {
    if (message.stdout) output += Buffer.from(message.stdout).toString();
    if (message.exit) code = message.exit.code;
  }
  expect({ output, code }).toEqual({ output: 'hello', code: 3 });
  const { items } = await api.client.list('Pod', { namespace: 'default' });
  for (const { metadata } of items) await api.client.delete('Pod', { namespace: 'default', name: metadata.name });
  await podsWhen((all) => all.length === 0);
  expect(await runtime.observer.observe()).toEqual([]);
});

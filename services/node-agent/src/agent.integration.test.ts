import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalCluster } from './host/local-cluster.ts';
import { importBusybox, startTestCluster, testDirectory } from './host/testing/cluster.ts';
import { busyboxImageName as image } from './images/local.ts';
import type { Runtime } from './runtime/runtime.ts';
import type { NodeAgent } from './service.ts';
import { eventually, firstState, podWhen, startTestAgent, testConfig } from './testing/agent-kit.ts';
import { FakeApi } from './testing/fake-api.ts';
import { podOf } from './testing/pod-world.ts';

// Real containers on a node of its own: what an agent in front of an api must get right with containerd behind it.

let directory: Awaited<ReturnType<typeof testDirectory>>;
let cluster: LocalCluster;
let runtime: Runtime;
let agent: NodeAgent;
const api = new FakeApi();
/** HTTP from this machine, outside of the node. */
const request = globalThis.fetch;

async function startAgent(): Promise<NodeAgent> {
  const node = cluster.nodes[0]!;
  return startTestAgent(
    api,
    runtime,
    testConfig(node.podsDirectory, {
      addresses: [node.address],
      cgroupRoot: node.cgroupPath,
      network: {
        commandPrefix: ['nsenter', `--net=${node.namespacePath}`],
        clusterCidr: cluster.addresses.podCidr,
        serviceCidr: '10.96.0.0/16',
        dnsAddress: '10.96.0.10',
        upstreams: [],
      },
    }),
  );
}

beforeAll(async () => {
  directory = await testDirectory();
  cluster = await startTestCluster(directory.path, ['node-1']);
  runtime = await cluster.nodes[0]!.openRuntime();
  await importBusybox(runtime, directory.path);
  api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } });
  agent = await startAgent();
  await agent.ready;
});

afterAll(async () => {
  await agent?.[Symbol.asyncDispose]();
  await runtime?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  await directory?.[Symbol.asyncDispose]();
});

const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
const isRunning = (pod: Pod): boolean => pod.status?.phase === 'Running';

function shell(name: string, script: string, extra: object = {}): Pod['spec']['containers'][number] {
  return { name, image, command: ['sh', '-c', script], ...extra };
}

function put(name: string, spec: Partial<Pod['spec']>): void {
  api.put(podOf(spec, { name, uid: `uid-${name}` }));
}

async function output(pod: Pod, container: string, command: string): Promise<string> {
  const sandboxes = await runtime.observer.observe();
  const found = sandboxes
    .filter(({ podUid }) => podUid === pod.metadata.uid)
    .flatMap(({ containers }) => containers)
    .findLast(({ name, state }) => name === container && state.kind === 'running');
  const { stdout, stderr } = await runtime.streams.execSync(found!.id, ['sh', '-c', command], 10_000);
  return `${stdout}${stderr}`.trim();
}

async function remove(name: string, graceSeconds = 1): Promise<void> {
  api.deletePod(name, graceSeconds, Date.now());
  await eventually(`pod ${name} is gone`, () => api.peek('Pod', name) === undefined);
}

describe('an agent with containerd', () => {
  it('gives a pod its volumes, variables and names, and shows changes of them', async () => {
    const metadata = { namespace: 'default' };
    api.put({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...metadata, name: 'settings' },
      data: { color: 'blue' },
    });
    const data = { password: Buffer.from('sesame').toString('base64') };
    api.put({ apiVersion: 'v1', kind: 'Secret', metadata: { ...metadata, name: 'keys' }, data });
    put('volumes', {
      volumes: [
        { name: 'settings', configMap: { name: 'settings' } },
        { name: 'keys', secret: { secretName: 'keys', defaultMode: 0o400 } },
        { name: 'scratch', emptyDir: { medium: 'Memory' } },
      ],
      containers: [
        shell('main', 'echo "$COLOR at $POD_IP" > /scratch/said; exec sleep 1000', {
          env: [
            { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } },
            { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
          ],
          volumeMounts: [
            { name: 'settings', mountPath: '/settings' },
            { name: 'keys', mountPath: '/keys' },
            { name: 'scratch', mountPath: '/scratch' },
          ],
        }),
      ],
    });
    const pod = await podWhen(api, 'volumes', 'is ready', isReady);
    expect(
      await output(pod, 'main', 'cat /settings/color /keys/password; grep " /keys " /proc/mounts | cut -d" " -f3'),
    ).toBe('bluesesametmpfs');
    expect(await output(pod, 'main', 'cat /scratch/said')).toBe(`blue at ${pod.status?.podIP}`);
    expect(await output(pod, 'main', 'cat /etc/hosts')).toContain(`${pod.status?.podIP}\tvolumes`);
    api.put({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...metadata, name: 'settings' },
      data: { color: 'green' },
    });
    await eventually('the change is seen', async () => (await output(pod, 'main', 'cat /settings/color')) === 'green');
    await remove('volumes');
    expect(await readdir(join(cluster.nodes[0]!.podsDirectory, 'memory'))).toEqual([]);
  });

  it('probes by HTTP, TCP and command, and restarts what is not alive', async () => {
    const script = 'mkdir /www; echo hi > /www/index.html; touch /alive; exec httpd -f -p 80 -h /www';
    put('probed', {
      containers: [
        shell('main', script, {
          ports: [{ name: 'http', containerPort: 80 }],
          startupProbe: { tcpSocket: { port: 'http' }, periodSeconds: 1 },
          readinessProbe: { httpGet: { path: '/index.html', port: 'http' }, periodSeconds: 1 },
          livenessProbe: {
            exec: { command: ['test', '-f', '/alive'] },
            periodSeconds: 1,
            failureThreshold: 1,
            terminationGracePeriodSeconds: 1,
          },
        }),
      ],
    });
    const pod = await podWhen(api, 'probed', 'is ready', isReady);
    await output(pod, 'main', 'rm /www/index.html');
    await podWhen(api, 'probed', 'is not ready any more', (found) => !isReady(found));
    await output(pod, 'main', 'rm /alive');
    const again = await podWhen(
      api,
      'probed',
      'was restarted',
      (found) => isReady(found) && found.status?.containerStatuses?.[0]?.restartCount === 1,
    );
    expect(again.status?.containerStatuses?.[0]?.lastState?.terminated).toMatchObject({ exitCode: expect.any(Number) });
    const reasons = api
      .all('Event')
      .filter(({ involvedObject }) => involvedObject?.name === 'probed')
      .map(({ reason }) => reason);
    expect(reasons).toEqual(expect.arrayContaining(['Unhealthy', 'Killing']));
    await remove('probed');
  });

  it('reports what was killed for its memory, with its last words', async () => {
    put('greedy', {
      restartPolicy: 'Never',
      containers: [
        shell('main', 'echo farewell > /dev/termination-log; exec tail /dev/zero', {
          resources: { limits: { memory: '32Mi' } },
        }),
      ],
    });
    const pod = await podWhen(
      api,
      'greedy',
      'failed',
      (found) => found.status?.phase === 'Failed' && firstState(found).terminated?.message !== undefined,
    );
    expect(firstState(pod).terminated).toMatchObject({ reason: 'OOMKilled', exitCode: 137, message: 'farewell\n' });
    await remove('greedy');
  });

  it('backs off from what keeps failing', async () => {
    put('failing', { containers: [shell('main', 'exit 7')] });
    const pod = await podWhen(
      api,
      'failing',
      'backs off',
      (found) => firstState(found).waiting?.reason === 'CrashLoopBackOff',
    );
    expect(pod.status?.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 7, reason: 'Error' } },
    });
    await remove('failing');
  });

  it('runs init containers in order and a sidecar beside', async () => {
    put('staged', {
      restartPolicy: 'Never',
      volumes: [{ name: 'work', emptyDir: {} }],
      initContainers: [
        shell('first', 'echo one >> /work/log', { volumeMounts: [{ name: 'work', mountPath: '/work' }] }),
        shell('beside', 'echo two >> /work/log; exec sleep 1000', {
          restartPolicy: 'Always',
          volumeMounts: [{ name: 'work', mountPath: '/work' }],
        }),
      ],
      containers: [
        shell('main', 'sleep 0.2; cat /work/log > /dev/termination-log', {
          volumeMounts: [{ name: 'work', mountPath: '/work' }],
        }),
      ],
    });
    const pod = await podWhen(
      api,
      'staged',
      'succeeded',
      (found) => found.status?.phase === 'Succeeded' && firstState(found).terminated?.message !== undefined,
    );
    expect(firstState(pod).terminated?.message).toBe('one\ntwo\n');
    await remove('staged');
  });

  it('ends a pod gracefully: preStop hook, stop signal, and a kill when its time is over', async () => {
    const volumes = [{ name: 'host', hostPath: { path: directory.path } }];
    const volumeMounts = [{ name: 'host', mountPath: '/host' }];
    const preStop = { exec: { command: ['sh', '-c', 'echo hook >> /host/graceful'] } };
    const script = 'trap "echo term >> /host/graceful; exit 0" TERM; while true; do sleep 0.1; done';
    put('graceful', { volumes, containers: [shell('main', script, { volumeMounts, lifecycle: { preStop } })] });
    put('stubborn', {
      volumes,
      containers: [shell('main', 'trap "" TERM; while true; do sleep 0.1; done', { volumeMounts })],
    });
    await podWhen(api, 'graceful', 'runs', isRunning);
    await podWhen(api, 'stubborn', 'runs', isRunning);
    await Promise.all([remove('graceful', 10), remove('stubborn', 1)]);
    expect(await readFile(join(directory.path, 'graceful'), 'utf8')).toBe('hook\nterm\n');
    expect((await runtime.observer.observe()).map(({ name }) => name)).toEqual([]);
  });

  it('programs service addresses and answers DNS', async () => {
    const serve = 'mkdir /www; hostname > /www/index.html; exec httpd -f -p 80 -h /www';
    put('server-1', { containers: [shell('main', serve)] });
    put('server-2', { containers: [shell('main', serve)] });
    put('client', { containers: [shell('main', 'exec sleep 1000')] });
    const servers = [
      await podWhen(api, 'server-1', 'is ready', isReady),
      await podWhen(api, 'server-2', 'is ready', isReady),
    ];
    const client = await podWhen(api, 'client', 'is ready', isReady);
    api.put({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        clusterIP: '10.96.1.1',
        type: 'NodePort',
        ports: [{ name: 'http', port: 8080, targetPort: 80, nodePort: 30_080 }],
      },
    });
    const slice = (pods: readonly Pod[]) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 80 }],
      endpoints: pods.map(({ status }) => ({ addresses: [status?.podIP ?? ''], conditions: { ready: true } })),
    });
    api.put(slice(servers));
    const fetch = (pod: Pod, url: string) => output(pod, 'main', `wget -q -O - ${url} || echo failed`);
    const seen = new Set<string>();
    await eventually(
      'both servers answer',
      async () =>
        seen.add(await fetch(client, 'http://10.96.1.1:8080')) && seen.has('server-1') && seen.has('server-2'),
    );
    expect(await fetch(client, 'http://web.default.svc.cluster.local:8080')).toMatch(/^server-/);
    expect(await fetch(client, 'http://web:8080')).toMatch(/^server-/);
    expect(await fetch(client, `http://${cluster.nodes[0]!.address}:30080`)).toMatch(/^server-/);
    // A server that reaches itself through its service.
    api.put(slice([servers[0]!]));
    await eventually(
      'the server reaches itself',
      async () => (await fetch(servers[0]!, 'http://web:8080')) === 'server-1',
    );
    api.put(slice([]));
    await eventually('nobody answers', async () => (await fetch(client, 'http://10.96.1.1:8080')).includes('refused'));
    // Load balancers outside ask the node whether it has endpoints of its own.
    const balanced = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 31_234 };
    const ports = [{ name: 'http', port: 8080, targetPort: 80, nodePort: 30_080 }];
    const spec = { clusterIP: '10.96.1.1', ports, ...balanced };
    api.put({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'default' }, spec });
    const check = async (from: string): Promise<string> => {
      const url = `http://${cluster.nodes[0]!.address}:31234/healthz`;
      if (from === 'pod') return fetch(client, url);
      return request(url).then(async (response) => `${response.status} ${await response.text()}`);
    };
    await eventually('no endpoint here', async () => (await check('machine').catch(() => '')).startsWith('503 '));
    const [own] = slice([servers[0]!]).endpoints;
    api.put({ ...slice([]), endpoints: [{ ...own, nodeName: 'node-1' }] });
    await eventually('an endpoint here', async () => (await check('machine')).startsWith('200 '));
    expect(await check('machine')).toContain('"localEndpoints": 1');
    expect(await check('pod')).toContain('"localEndpoints": 1');
    await Promise.all([remove('server-1'), remove('server-2'), remove('client')]);
  });

  it('bounds scratch space in memory, and evicts a pod whose scratch space on disk grew too large', async () => {
    const volumes = [
      { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '3Mi' } },
      { name: 'disk', emptyDir: { sizeLimit: '5Mi' } },
    ];
    const volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}` }));
    put('bounded', { volumes, containers: [shell('main', 'exec sleep 1000', { volumeMounts })] });
    const pod = await podWhen(api, 'bounded', 'is ready', isReady);
    expect(await output(pod, 'main', 'dd if=/dev/zero of=/memory/f bs=1M count=20')).toContain('No space left');
    await output(pod, 'main', 'dd if=/dev/zero of=/disk/f bs=1M count=20');
    const evicted = await podWhen(api, 'bounded', 'is evicted', ({ status }) => status?.phase === 'Failed');
    expect(evicted.status).toMatchObject({
      reason: 'Evicted',
      message: 'Usage of EmptyDir volume "disk" exceeds the limit "5Mi". ',
    });
    await remove('bounded');
  });

  it('mounts what a subPath names, and nothing that a container puts in its place', async () => {
    const volumes = [{ name: 'shared', emptyDir: {} }];
    const swap =
      'mkdir -p /all/a/b; while :; do mv /all/a /all/x; ln -s /etc /all/a; rm /all/a; mv /all/x /all/a; sleep 0.02; done';
    put('attacked', {
      volumes,
      terminationGracePeriodSeconds: 1,
      containers: [
        shell('attacker', swap, { volumeMounts: [{ name: 'shared', mountPath: '/all' }] }),
        shell('victim', 'hostname > /sub/mine; exec sleep 0.2', {
          volumeMounts: [{ name: 'shared', mountPath: '/sub', subPath: 'a/b' }],
        }),
      ],
    });
    // The victim ends, and its next instance mounts anew.
    await podWhen(api, 'attacked', 'was started again', ({ status }) =>
      Boolean(status?.containerStatuses?.some(({ restartCount = 0 }) => restartCount >= 1)),
    );
    expect(await readdir('/etc')).not.toContain('mine');
    const mounted = async () => (await readFile('/proc/self/mountinfo', 'utf8')).split('volume-subpaths').length - 1;
    expect(await mounted()).toBeLessThanOrEqual(1);
    await remove('attacked');
    expect(await mounted()).toBe(0);
  });

  it('adopts what runs after it was ended without warning, and starts nothing twice', async () => {
    for (const name of ['a', 'b', 'c']) put(name, { containers: [shell('main', 'exec sleep 1000')] });
    const before = await Promise.all(['a', 'b', 'c'].map((name) => podWhen(api, name, 'is ready', isReady)));
    await agent[Symbol.asyncDispose]();
    agent = await startAgent();
    await agent.ready;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    for (const pod of before) {
      const after = api.peek('Pod', pod.metadata.name ?? '');
      expect(after?.status).toEqual(pod.status);
    }
    const containers = (await runtime.observer.observe()).flatMap((sandbox) => sandbox.containers);
    expect(containers.map(({ name, attempt }) => `${name}/${attempt}`)).toEqual(['main/0', 'main/0', 'main/0']);
    await Promise.all(['a', 'b', 'c'].map((name) => remove(name)));
  });
});

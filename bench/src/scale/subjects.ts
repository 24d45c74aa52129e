import { connect } from '@gantry/client/client.ts';
import type { DaemonSet, Deployment } from '@gantry/model/gen/gantry.apps.v1.ts';
import { startHollowNodes } from '@gantry/node-agent/hollow-nodes.ts';
import { defaultNodeTimes } from '@gantry/node-agent/node/registrar.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { startServices } from '../end-to-end-cluster.ts';
import { createAll } from '../end-to-end-load.ts';
import { type PlayedNodes, startKubernetesCluster } from '../kubernetes/cluster.ts';
import { processorTimes } from '../services.ts';

/** A cluster that is measured. */
export interface Subject extends AsyncDisposable {
  readonly name: string;
  create(deployments: readonly Deployment[]): Promise<void>;
  scale(name: string, replicas: number): Promise<void>;
  deployments(): Promise<readonly Deployment[]>;
  createDaemonSet(set: DaemonSet): Promise<void>;
  daemonSet(name: string): Promise<DaemonSet>;
  deleteDaemonSet(name: string): Promise<void>;
  /** The store's present revision. */
  revision(): Promise<number>;
  /** Calls back at each change of a Lease: those of leaders and of nodes are no work of workload controllers. */
  watchLeases(onChange: () => void): Promise<Disposable>;
  processorTimes(): Promise<Map<string, number>>;
}

/** Gantry with Redis and NATS, each service a process of its own, and hollow nodes in this one. */
export async function startGantry(folder: string, nodes: PlayedNodes, profiles?: string): Promise<Subject> {
  await using stack = new AsyncDisposableStack();
  const nodeFlags = profiles === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profiles];
  const cluster = stack.use(await startServices({ controllers: true, nodeFlags }));
  const client = stack.use(connect(cluster.address));
  const { count, cpu: cpuCount } = nodes;
  const memoryBytes = Number.parseInt(nodes.memory, 10) * 2 ** 30;
  const sizes = { count, cpuCount, memoryBytes, startMs: 0, nodeTimes: defaultNodeTimes };
  stack.use(
    await startHollowNodes(
      { ...sizes, namePrefix: 'node', rootDir: folder },
      { client: stack.use(connect(cluster.address)), clock: systemClock, log: silentLogger },
    ),
  );
  const owned = stack.move();
  return {
    name: 'Gantry (Redis, NATS)',
    create: async (deployments) => void (await createAll(client, deployments)),
    scale: async (name, replicas) => {
      const patch = { type: 'merge', body: { spec: { replicas } } } as const;
      await client.patch('Deployment', { namespace: 'default', name }, patch);
    },
    deployments: async () => (await client.list('Deployment', { namespace: 'default' })).items,
    createDaemonSet: async (set) => void (await client.create(set)),
    daemonSet: (name) => client.get('DaemonSet', { namespace: 'default', name }),
    deleteDaemonSet: async (name) => void (await client.delete('DaemonSet', { namespace: 'default', name })),
    revision: async () => (await client.list('Namespace', { limit: 1 })).resourceVersion,
    watchLeases: async (onChange) => {
      const { resourceVersion } = await client.list('Lease', { limit: 1 });
      const over = new AbortController();
      const changes = client.watch('Lease', { resourceVersion }, over.signal);
      const follow = async (): Promise<void> => {
        for await (const { type } of changes) if (type !== 'BOOKMARK') onChange();
      };
      follow().catch((error: unknown) => {
        if (!over.signal.aborted) throw error;
      });
      return { [Symbol.dispose]: () => over.abort() };
    },
    processorTimes: () => cluster.processorTimes(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Kubernetes with etcd; kwok plays its nodes. */
export async function startKubernetes(folder: string, nodes: PlayedNodes): Promise<Subject> {
  const peers = process.env.PEERS;
  if (peers === undefined) throw new Error('PEERS must name a folder with the binaries of Kubernetes and kwok');
  const cluster = await startKubernetesCluster(peers, folder, nodes);
  const [load] = cluster.server.loads;
  const path = '/apis/apps/v1/namespaces/default/deployments';
  const daemonPath = '/apis/apps/v1/namespaces/default/daemonsets';
  const list = async <T>(url: string): Promise<T> => JSON.parse(await load.send('GET', url)) as T;
  return {
    name: 'Kubernetes (etcd, kwok)',
    create: async (deployments) => {
      const waiting = [...deployments];
      const lane = async (): Promise<void> => {
        for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await load.send('POST', path, next);
      };
      await Promise.all(Array.from({ length: 32 }, lane));
    },
    scale: async (name, replicas) => {
      await load.send('PATCH', `${path}/${name}`, { spec: { replicas } }, 'application/merge-patch+json');
    },
    deployments: async () => (await list<{ items: Deployment[] }>(`${path}?resourceVersion=0`)).items,
    createDaemonSet: async (set) => void (await load.send('POST', daemonPath, set)),
    daemonSet: (name) => list<DaemonSet>(`${daemonPath}/${name}`),
    deleteDaemonSet: async (name) => void (await load.send('DELETE', `${daemonPath}/${name}`)),
    revision: async () => {
      const { metadata } = await list<{ metadata: { resourceVersion: string } }>('/api/v1/namespaces?limit=1');
      return Number(metadata.resourceVersion);
    },
    watchLeases: (onChange) => load.watch(onChange, '/apis/coordination.k8s.io/v1/leases'),
    processorTimes: () => processorTimes(cluster.programs),
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

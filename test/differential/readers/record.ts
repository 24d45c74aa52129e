/** Fills a real Kubernetes with the clusters of cases.yaml, and writes down what its kube-controller-manager makes of them. */
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Oracle } from '../oracle.ts';
import {
  type Cluster,
  clusters,
  type Json,
  type PodOutline,
  type Recorded,
  recordedFile,
  type StoredObject,
} from './clusters.ts';

/** Milliseconds without a change after which nothing more is to come. */
const restMs = 3_000;
const pollMs = 200;
const core = '/api/v1/namespaces/default';
const apps = '/apis/apps/v1/namespaces/default';
const mergePatch = 'application/merge-patch+json';
const time = '2026-01-01T00:00:00Z';
/** Everything that a cluster has, in the order in which it goes. */
const paths = {
  budgets: '/apis/policy/v1/namespaces/default/poddisruptionbudgets',
  services: `${core}/services`,
  endpoints: `${core}/endpoints`,
  slices: '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
  pods: `${core}/pods`,
  sets: `${apps}/replicasets`,
  deployments: `${apps}/deployments`,
  nodes: '/api/v1/nodes',
} as const;

async function post(oracle: Oracle, path: string, body: object): Promise<StoredObject> {
  const answer = await oracle.send('POST', path, body);
  if (answer.code !== 201) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
  return answer.body as unknown as StoredObject;
}

const template = (labels: object) => ({ metadata: { labels }, spec: { containers: [{ name: 'c', image: 'x' }] } });
const reference = ({ apiVersion, kind, metadata }: StoredObject) => {
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true };
};

async function fill(oracle: Oracle, cluster: Cluster): Promise<void> {
  for (const { name, zone, cpu = '4', ready = true, labels = {} } of cluster.nodes ?? []) {
    const own = zone === undefined ? labels : { 'topology.kubernetes.io/zone': zone, ...labels };
    await post(oracle, paths.nodes, { metadata: { name, labels: own } });
    const conditions = [
      {
        type: 'Ready',
        status: ready ? 'True' : 'False',
        reason: 'x',
        message: 'x',
        lastTransitionTime: time,
        lastHeartbeatTime: time,
      },
    ];
    const status = { allocatable: { cpu, pods: '100' }, capacity: { cpu, pods: '100' }, conditions };
    await oracle.send('PATCH', `${paths.nodes}/${name}/status`, { status }, mergePatch);
  }
  const owners = new Map<string, StoredObject>();
  const workload = async (path: string, name: string, replicas: number, owner?: StoredObject): Promise<void> => {
    const metadata = { name, ...(owner === undefined ? {} : { ownerReferences: [reference(owner)] }) };
    const spec = { replicas, selector: { matchLabels: { name } }, template: template({ name }) };
    const made = await post(oracle, path, { metadata, spec });
    owners.set(`${made.kind}/${name}`, made);
  };
  for (const { name, replicas } of cluster.deployments ?? []) await workload(paths.deployments, name, replicas);
  for (const { name, replicas, owner } of cluster.sets ?? []) {
    await workload(paths.sets, name, replicas, owners.get(`Deployment/${owner}`));
  }
  for (const pod of cluster.pods ?? []) await start(oracle, pod, owners);
  for (const { name, labels, annotations, spec } of cluster.services ?? []) {
    await post(oracle, paths.services, { metadata: { name, labels, annotations }, spec });
  }
  for (const endpoints of cluster.endpoints ?? []) await post(oracle, paths.endpoints, endpoints);
  for (const { name, spec } of cluster.budgets ?? []) await post(oracle, paths.budgets, { metadata: { name }, spec });
}

async function start(oracle: Oracle, pod: PodOutline, owners: ReadonlyMap<string, StoredObject>): Promise<void> {
  const { name, node, ip, ready, phase, ending, owner, labels, ports = [], spec = {} } = pod;
  const [kind = '', ownerName = ''] = owner?.split('/') ?? [];
  const apiVersion = { ReplicaSet: 'apps/v1', Job: 'batch/v1' }[kind] ?? 'odd.example/v1';
  const absent = { apiVersion, kind, name: ownerName, uid: 'absent', controller: true };
  const known = owners.get(owner ?? '');
  const ownerReferences = owner === undefined ? [] : [known === undefined ? absent : reference(known)];
  await post(oracle, paths.pods, {
    metadata: { name, labels, ownerReferences },
    spec: {
      containers: [{ name: 'c', image: 'x', ports }],
      ...(node === undefined ? {} : { nodeName: node }),
      ...spec,
    },
  });
  if (ip !== undefined) {
    const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: time }];
    const status = { phase: phase ?? 'Running', podIP: ip, podIPs: [{ ip }], conditions };
    await oracle.send('PATCH', `${paths.pods}/${name}/status`, { status }, mergePatch);
  }
  if (ending) await oracle.send('DELETE', `${paths.pods}/${name}`);
}

async function listed(oracle: Oracle, path: string): Promise<StoredObject[]> {
  const { body } = await oracle.send('GET', path);
  const { kind, apiVersion, items } = body as { kind: string; apiVersion: string; items: Json[] };
  return items.map((item) => ({ apiVersion, kind: kind.replace(/List$/, ''), ...item }) as unknown as StoredObject);
}

async function atRest(oracle: Oracle): Promise<Recorded> {
  let before = '';
  for (let sinceMs = performance.now(); ; await sleep(pollMs)) {
    const found = await Promise.all(Object.values(paths).map((path) => listed(oracle, path)));
    const [budgets = [], services = [], endpoints = [], slices = [], ...others] = found;
    const now = JSON.stringify(found);
    if (now !== before) sinceMs = performance.now();
    before = now;
    if (performance.now() - sinceMs < restMs) continue;
    const isOwn = ({ metadata }: StoredObject): boolean => metadata.name !== 'kubernetes';
    const clean = (objects: readonly StoredObject[]): StoredObject[] => objects.filter(isOwn).map(withoutManagers);
    // Endpoints of Services that select pods are made of slices.
    const users = endpoints.filter(
      ({ metadata }) => !JSON.stringify(metadata.labels ?? {}).includes('endpoint-controller'),
    );
    const objects = [...services, ...users, ...budgets, ...others.flat()];
    return { objects: clean(objects), slices: clean(slices), budgets: clean(budgets) };
  }
}

function withoutManagers(object: StoredObject): StoredObject {
  const { managedFields: _managers, ...metadata } = object.metadata;
  return { ...object, metadata } as StoredObject;
}

async function empty(oracle: Oracle): Promise<void> {
  for (const path of Object.values(paths)) {
    for (const { metadata } of await listed(oracle, path)) {
      if (metadata.name !== 'kubernetes') await oracle.send('DELETE', `${path}/${metadata.name}?gracePeriodSeconds=0`);
    }
  }
  await sleep(restMs);
}

const peers = process.env.PEERS;
if (peers === undefined)
  throw new Error('PEERS names the folder whose bin/ holds etcd, kube-apiserver and kube-controller-manager');
const controllers = [
  'endpointslice-controller',
  'endpointslice-mirroring-controller',
  'endpoints-controller',
  'disruption-controller',
];
await using oracle = await Oracle.start(peers, 'AlwaysAllow', controllers);
const recorded: Record<string, Recorded> = {};
for (const cluster of clusters()) {
  await fill(oracle, cluster);
  recorded[cluster.name] = await atRest(oracle);
  await empty(oracle);
}
await writeFile(recordedFile, `${JSON.stringify(recorded, null, 1)}\n`);

import type { PersistentVolumeClaim, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { claimProtection, volumeProtection } from '@gantry/model/kinds/persistentvolume/protection.ts';
import { claimsOf } from '@gantry/model/kinds/pod/claims.ts';
import { isReady } from '@gantry/model/ready.ts';
import type { KindName } from '@gantry/model/registry.ts';
import { matchesLabels } from '@gantry/model/selectors.ts';
import { type AnyObject, keyOf } from '../core/action.ts';
import { controllerOf, controllerReference } from '../core/owners.ts';
import { isActive } from '../core/pods.ts';
import { aDeployment, aNode, aPod, aReplicaSet, aService } from './objects.ts';
import type { Simulation } from './simulation.ts';
import { users } from './users.ts';

/** A cluster that users work on while everything goes wrong, and what must have come of it. */
export interface Scenario {
  readonly name: string;
  readonly setUp: (simulation: Simulation) => void;
  /** Acts once a step. */
  readonly act: (simulation: Simulation) => void;
  /** Faults that remain once everything came to rest; empty where all is well. */
  readonly check: (simulation: Simulation) => string[];
}

const propagations = ['Background', 'Foreground', 'Orphan'] as const;
const imageOf = (pod: Pod): string => pod.spec.containers[0]?.image ?? '';

export function podsOf(simulation: Simulation, owner: AnyObject): Pod[] {
  return simulation.all('Pod').filter((pod) => isActive(pod) && controllerOf(pod)?.uid === owner.metadata.uid);
}

function nodes(simulation: Simulation): void {
  for (const name of ['n1', 'n2', 'n3']) simulation.create(aNode(name));
}

function disturbPods(simulation: Simulation): void {
  const { random } = simulation;
  const pod = (): Pod | undefined => random.pick(simulation.all('Pod'));
  if (random.chance(0.02)) users.setLabel(simulation, pod(), 'app', random.pick(['web', 'other'])!);
  if (random.chance(0.01)) users.remove(simulation, pod());
}

/** Faults of a ReplicaSet at rest. */
function checkSet(simulation: Simulation, set: AnyObject & { kind: 'ReplicaSet' }): string[] {
  const pods = podsOf(simulation, set);
  const replicas = set.spec.replicas ?? 1;
  const { name } = set.metadata;
  return [
    ...(pods.length === replicas ? [] : [`${name} has ${pods.length} pods and wants ${replicas}`]),
    ...(pods.every(isReady) ? [] : [`${name} has pods that are not ready`]),
    ...((set.status?.availableReplicas ?? 0) === replicas
      ? []
      : [`${name} says ${set.status?.availableReplicas} of ${replicas} are available`]),
  ];
}

const replicaSets: Scenario = {
  name: 'replicaset-controller',
  setUp: (simulation) => {
    nodes(simulation);
    const set = aReplicaSet(5);
    set.spec.minReadySeconds = simulation.random.pick([0, 0, 5])!;
    simulation.create(set);
  },
  act: (simulation) => {
    const { random } = simulation;
    if (random.chance(0.02)) users.scale(simulation, simulation.all('ReplicaSet')[0], random.int(0, 12));
    disturbPods(simulation);
  },
  check: (simulation) => simulation.all('ReplicaSet').flatMap((set) => checkSet(simulation, set)),
};

const deployments: Scenario = {
  name: 'deployment-controller',
  setUp: (simulation) => {
    const { random } = simulation;
    nodes(simulation);
    const bound = (): number | string => (random.chance(0.5) ? random.int(0, 4) : `${random.int(0, 100)}%`);
    const rollingUpdate = { maxSurge: bound(), maxUnavailable: bound() };
    const strategy = random.chance(0.25) ? { type: 'Recreate' } : { type: 'RollingUpdate', rollingUpdate };
    const minReadySeconds = random.pick([0, 0, 5])!;
    simulation.create(aDeployment({ replicas: random.int(1, 8), strategy, minReadySeconds }));
  },
  act: (simulation) => {
    const { random } = simulation;
    const [deployment] = simulation.all('Deployment');
    if (random.chance(0.01)) users.scale(simulation, deployment, random.int(0, 8));
    if (random.chance(0.02)) users.setImage(simulation, deployment, `web:${random.int(1, 3)}`);
    if (random.chance(0.01)) users.pause(simulation, deployment, random.chance(0.5));
    disturbPods(simulation);
  },
  check: (simulation) => {
    const [deployment] = simulation.all('Deployment');
    const { replicas = 1, template, paused } = deployment!.spec;
    const sets = simulation.all('ReplicaSet').filter((set) => controllerOf(set)?.uid === deployment!.metadata.uid);
    const pods = sets.flatMap((set) => podsOf(simulation, set));
    const image = template!.spec!.containers[0]!.image;
    const faults = sets.flatMap((set) => checkSet(simulation, set));
    if (paused) return faults;
    return [
      ...faults,
      ...(pods.length === replicas ? [] : [`${pods.length} pods, and not ${replicas}`]),
      ...(pods.every((pod) => imageOf(pod) === image) ? [] : [`not all pods run ${image}`]),
      ...((deployment!.status?.availableReplicas ?? 0) === replicas ? [] : ['the status says that some are missing']),
    ];
  },
};

const garbage: Scenario = {
  name: 'garbage-collector',
  setUp: (simulation) => {
    nodes(simulation);
    simulation.create(aDeployment());
    simulation.create(aReplicaSet(3));
  },
  act: (simulation) => {
    const { random, store } = simulation;
    const policy = random.pick(propagations)!;
    if (random.chance(0.02)) users.remove(simulation, random.pick(simulation.all('ReplicaSet')), policy);
    if (random.chance(0.01)) users.orphanPods(simulation, random.pick(simulation.all('ReplicaSet')));
    if (random.chance(0.01)) users.remove(simulation, random.pick(simulation.all('Deployment')), policy);
    if (random.chance(0.02) && store.find('Deployment', 'default', 'web') === undefined)
      simulation.create(aDeployment());
    if (random.chance(0.02) && store.find('ReplicaSet', 'default', 'web-1') === undefined) {
      simulation.create(aReplicaSet(3));
    }
    if (random.chance(0.03)) createDependent(simulation);
    if (random.chance(0.03)) users.remove(simulation, random.pick(simulation.all('ConfigMap')), policy);
  },
  check: (simulation) =>
    (['ReplicaSet', 'Pod', 'ConfigMap', 'PriorityClass'] as const).flatMap((kind) =>
      simulation.all(kind).flatMap((object) => {
        if (object.metadata.deletionTimestamp !== undefined) return [`${kind} ${object.metadata.name} never goes`];
        const references = object.metadata.ownerReferences ?? [];
        const dangling = references.filter(({ uid }) => simulation.store.byUid(uid) === undefined);
        return dangling.length > 0 && references.every(({ apiVersion }) => apiVersion.split('/')[0] !== 'example.com')
          ? kind === 'PriorityClass'
            ? []
            : [`${kind} ${object.metadata.name} has an owner that is gone`]
          : [];
      }),
    ),
};

/** Creates an object that names one of the objects that are there as its owner, in one of the ways in which people do. */
function createDependent(simulation: Simulation): void {
  const { random } = simulation;
  const owner = random.pick([...simulation.all('ConfigMap'), ...simulation.all('ReplicaSet')]);
  const name = `c${simulation.store.revision}`;
  const reference = owner === undefined ? undefined : { ...controllerReference(owner), controller: false };
  const foreign = reference === undefined ? undefined : { ...reference, apiVersion: 'example.com/v1' };
  const ownerReferences = random.pick([reference, reference, reference, foreign, undefined]);
  const references = ownerReferences === undefined ? {} : { ownerReferences: [ownerReferences] };
  if (random.chance(0.2)) {
    const metadata = { name, ...references };
    simulation.create({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata, value: 1 });
    return;
  }
  const metadata = { name, namespace: random.pick(['default', 'default', 'other'])!, ...references };
  simulation.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata });
}

const endpointSlices: Scenario = {
  name: 'endpointslice-controller',
  setUp: (simulation) => {
    nodes(simulation);
    simulation.create(aReplicaSet(4));
    simulation.create(aService());
  },
  act: (simulation) => {
    const { random } = simulation;
    if (random.chance(0.02)) users.scale(simulation, simulation.all('ReplicaSet')[0], random.int(0, 8));
    if (random.chance(0.01)) users.remove(simulation, random.pick(simulation.all('EndpointSlice')));
    disturbPods(simulation);
  },
  check: (simulation) => {
    const serving = simulation.all('Pod').filter((pod) => {
      const [service] = simulation.all('Service');
      const selected = matchesLabels({ matchLabels: { ...service!.spec.selector } }, pod.metadata.labels);
      return selected && isActive(pod) && isReady(pod);
    });
    const listed = simulation
      .all('EndpointSlice')
      .flatMap(({ endpoints = [] }) =>
        endpoints.filter(({ conditions }) => conditions?.ready).map(({ targetRef }) => targetRef?.uid),
      );
    const wanted = serving.map(({ metadata }) => metadata.uid);
    return listed.sort().join() === wanted.sort().join() ? [] : [`slices list ${listed} and not ${wanted}`];
  },
};

const disruptions: Scenario = {
  name: 'disruption-controller',
  setUp: (simulation) => {
    deployments.setUp(simulation);
    simulation.create({
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'web', namespace: 'default' },
      spec: { minAvailable: '50%', selector: { matchLabels: { app: 'web' } } },
    });
  },
  act: deployments.act,
  check: (simulation) => {
    const healthy = simulation
      .all('Pod')
      .filter((pod) => isActive(pod) && isReady(pod) && pod.metadata.labels?.app === 'web').length;
    const {
      currentHealthy = 0,
      desiredHealthy = 0,
      disruptionsAllowed = 0,
    } = simulation.all('PodDisruptionBudget')[0]!.status ?? {};
    const allowed = Math.max(0, healthy - desiredHealthy);
    return currentHealthy === healthy && (disruptionsAllowed === allowed || disruptionsAllowed === 0)
      ? []
      : [`${currentHealthy} of ${healthy} healthy, ${disruptionsAllowed} of ${allowed} may go`];
  },
};

const podGroups: Scenario = {
  name: 'podgroup-controller',
  setUp: (simulation) => {
    nodes(simulation);
    simulation.create({
      apiVersion: 'scheduling.x-k8s.io/v1alpha1',
      kind: 'PodGroup',
      metadata: { name: 'g', namespace: 'default' },
      spec: { minMember: 3 },
    });
    const set = aReplicaSet(4);
    set.spec.template!.metadata!.labels!['scheduling.x-k8s.io/pod-group'] = 'g';
    simulation.create(set);
  },
  act: replicaSets.act,
  check: (simulation) => {
    const members = simulation.all('Pod').filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const running = members.filter(({ status }) => status?.phase === 'Running').length;
    const { running: said = 0 } = simulation.all('PodGroup')[0]!.status ?? {};
    return said === running ? [] : [`the group says that ${said} of ${running} run`];
  },
};

const namespaces: Scenario = {
  name: 'namespace-controller',
  setUp: (simulation) => {
    nodes(simulation);
    for (const name of ['default', 'other']) {
      simulation.create({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name },
        spec: { finalizers: ['kubernetes'] },
      });
    }
    simulation.create(aDeployment());
    simulation.create(aService());
    const other = aReplicaSet(2);
    simulation.create({ ...other, metadata: { ...other.metadata, namespace: 'other' } });
  },
  act: (simulation) => {
    if (simulation.random.chance(0.01))
      users.remove(simulation, simulation.store.find('Namespace', undefined, 'default'));
    disturbPods(simulation);
  },
  check: (simulation) => {
    const gone = simulation.store.find('Namespace', undefined, 'default') === undefined;
    const kinds: readonly KindName[] = ['Deployment', 'ReplicaSet', 'Pod', 'Service', 'EndpointSlice'];
    const left = kinds.flatMap((kind) =>
      simulation.all(kind).filter(({ metadata }) => metadata.namespace === 'default'),
    );
    const others = simulation.all('ReplicaSet').filter(({ metadata }) => metadata.namespace === 'other');
    return [
      ...(gone && left.length > 0 ? [`${left.length} objects outlive their namespace`] : []),
      ...(simulation.all('Namespace').some(({ metadata }) => metadata.deletionTimestamp !== undefined)
        ? ['a namespace never goes']
        : []),
      ...(others.length === 1
        ? others.filter((set) => podsOf(simulation, set).length !== 2).map(() => 'another namespace lost pods')
        : ['another namespace lost its set']),
    ];
  },
};

const nodeHealth: Scenario = {
  name: 'node-lifecycle-controller',
  setUp: (simulation) => {
    nodes(simulation);
    simulation.create(aReplicaSet(6));
  },
  act: (simulation) => {
    const { random, players, store } = simulation;
    const name = random.pick(['n1', 'n2', 'n3'])!;
    if (random.chance(0.01)) players.cutOff(name, random.chance(0.5));
    if (random.chance(0.005)) users.remove(simulation, store.find('Node', undefined, name));
    if (random.chance(0.05) && store.find('Node', undefined, name) === undefined) simulation.create(aNode(name));
  },
  check: (simulation) => {
    const lost = simulation.all('Pod').filter(({ spec }) => {
      return spec.nodeName && simulation.store.find('Node', undefined, spec.nodeName) === undefined;
    });
    return lost.map(({ metadata, spec }) => `pod ${metadata.name} outlives its node ${spec.nodeName}`);
  },
};

const volumes: Scenario = {
  name: 'persistentvolume-binder',
  setUp: (simulation) => {
    nodes(simulation);
    for (let index = 0; index < 3; index++) createVolume(simulation, `v${index}`);
    for (let index = 0; index < 3; index++) createClaim(simulation, `c${index}`);
  },
  act: (simulation) => {
    const { random } = simulation;
    if (random.chance(0.02)) createVolume(simulation, `v${simulation.store.revision}`);
    if (random.chance(0.02)) createClaim(simulation, `c${simulation.store.revision}`);
    if (random.chance(0.02)) users.remove(simulation, random.pick(simulation.all('PersistentVolumeClaim')));
    if (random.chance(0.01)) users.remove(simulation, random.pick(simulation.all('PersistentVolume')));
    if (random.chance(0.03)) createConsumer(simulation, random.pick(simulation.all('PersistentVolumeClaim')));
    if (random.chance(0.02)) users.remove(simulation, random.pick(simulation.all('Pod')));
  },
  check: (simulation) => {
    const claims = simulation.all('PersistentVolumeClaim');
    const volumesOf = simulation.all('PersistentVolume');
    const halves = claims.filter(({ metadata, spec, status }) => {
      if (!spec.volumeName) return false;
      const volume = volumesOf.find((candidate) => candidate.metadata.name === spec.volumeName);
      return volume?.spec.claimRef?.uid !== metadata.uid || status?.phase !== 'Bound';
    });
    const staying = <T extends AnyObject>(objects: readonly T[]): T[] =>
      objects.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const free = staying(volumesOf).filter(({ spec }) => !spec.claimRef?.uid).length;
    const waiting = staying(claims).filter(({ spec }) => !spec.volumeName).length;
    const ending = [...claims, ...volumesOf].filter((object) => {
      const { deletionTimestamp } = object.metadata;
      if (deletionTimestamp === undefined) return false;
      const users = simulation.all('Pod').filter((pod) => claimsOf(pod).includes(keyOf(object)));
      return object.kind === 'PersistentVolume' ? object.status?.phase !== 'Bound' : users.length === 0;
    });
    return [
      ...ending.map(({ kind, metadata }) => `${kind} ${metadata.name} never goes, though nothing uses it`),
      ...halves.map(({ metadata }) => `claim ${metadata.name} is bound by halves`),
      ...(free > 0 && waiting > 0 ? [`${waiting} claims wait beside ${free} free volumes`] : []),
    ];
  },
};

function createVolume(simulation: Simulation, name: string): void {
  simulation.create({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, finalizers: [volumeProtection] },
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: `/${name}` } },
  });
}

function createClaim(simulation: Simulation, name: string): void {
  simulation.create({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default', finalizers: [claimProtection] },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
}

/** Creates a pod that uses a claim. */
function createConsumer(simulation: Simulation, claim: PersistentVolumeClaim | undefined): void {
  if (claim === undefined) return;
  const pod = aPod(`p${simulation.store.revision}`, { ready: false });
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: claim.metadata.name } }];
  simulation.create({ ...pod, spec: { ...pod.spec, volumes } });
}

/** One a controller; all controllers run in each. */
export const scenarios: readonly Scenario[] = [
  replicaSets,
  deployments,
  garbage,
  endpointSlices,
  disruptions,
  podGroups,
  namespaces,
  nodeHealth,
  volumes,
];

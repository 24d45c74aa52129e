import type { StatefulSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { PersistentVolumeClaim, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { claimProtection } from '@gantry/model/kinds/persistentvolume/protection.ts';
import { isReady } from '@gantry/model/ready.ts';
import { claimName, isWanted, ordinalOf, ordinalsOf, podName, revisionOf } from '../statefulset/identity.ts';
import { aNode, aStatefulSet } from './objects.ts';
import { brokenImage } from './players.ts';
import { nodes, podsOf, type Scenario } from './scenario.ts';
import type { Simulation } from './simulation.ts';
import { dataTemplate } from './stateful-cluster.ts';
import { users } from './users.ts';

const outOfService = 'node.kubernetes.io/out-of-service';
const names = ['n1', 'n2', 'n3'];

/** A StatefulSet that users scale, roll, break and mend, on nodes that are cut off or lose their power. */
export const statefulSets: Scenario = {
  name: 'statefulset-controller',
  steps: 2_500,
  setUp: (simulation) => {
    nodes(simulation);
    // Sets that do one thing after another would never come to an end.
    simulation.players.failChance = 0.001;
    const metadata = { name: 'fast' };
    const provisioner = 'example.com/disks';
    const allowVolumeExpansion = simulation.random.chance(0.8);
    simulation.create({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata,
      provisioner,
      allowVolumeExpansion,
    });
    simulation.create(anySet(simulation));
  },
  act: (simulation) => {
    const { random, store } = simulation;
    const set = setIn(simulation);
    if (set === undefined) {
      if (random.chance(0.1)) simulation.create(anySet(simulation));
    } else {
      change(simulation, set);
      if (random.chance(0.0006)) users.remove(simulation, set, random.pick(['Orphan', 'Background', 'Foreground'])!);
    }
    if (random.chance(0.01))
      users.setLabel(simulation, anyPod(simulation), 'app', random.pick(['web', 'web', 'other'])!);
    if (random.chance(0.003)) users.remove(simulation, anyPod(simulation));
    if (random.chance(0.001)) users.remove(simulation, random.pick(simulation.all('PersistentVolumeClaim')));
    disturbNode(simulation, random.pick(names)!);
    provision(simulation);
    for (const name of names) {
      if (store.find('Node', undefined, name) === undefined && random.chance(0.05)) simulation.create(aNode(name));
    }
  },
  check: (simulation) => {
    const set = setIn(simulation);
    // One that goes waits for its claims, which wait for pods that users have taken from it.
    if (set === undefined || set.metadata.deletionTimestamp !== undefined) return [];
    return [...checkPods(simulation, set), ...checkClaims(simulation, set)];
  },
};

function setIn({ store }: Simulation): StatefulSet | undefined {
  return store.find('StatefulSet', 'default', 'web');
}

function anyPod(simulation: Simulation): Pod | undefined {
  return simulation.random.pick(simulation.all('Pod'));
}

function anySet({ random }: Simulation): StatefulSet {
  const policy = (): string => random.pick(['Retain', 'Delete'])!;
  const rollingUpdate = { partition: random.int(0, 1), maxUnavailable: random.pick([1, 1, 2, '50%'])! };
  const { metadata, spec } = dataTemplate();
  const template = { metadata: metadata!, spec: { ...spec, storageClassName: 'fast' } };
  return aStatefulSet({
    replicas: random.int(1, 5),
    podManagementPolicy: random.pick(['OrderedReady', 'OrderedReady', 'Parallel'])!,
    updateStrategy: random.pick([
      { type: 'RollingUpdate', rollingUpdate },
      { type: 'RollingUpdate', rollingUpdate },
      { type: 'RollingUpdate' },
      { type: 'OnDelete' },
    ])!,
    minReadySeconds: random.pick([0, 0, 5])!,
    ordinals: { start: random.pick([0, 0, 3])! },
    revisionHistoryLimit: random.pick([10, 1, 0])!,
    persistentVolumeClaimRetentionPolicy: { whenDeleted: policy(), whenScaled: policy() },
    ...(random.chance(0.5) ? { volumeClaimTemplates: [template] } : {}),
  });
}

/** A user's change of the set, now and then. */
function change(simulation: Simulation, set: StatefulSet): void {
  const { random, store } = simulation;
  const edit = (chance: number, how: (spec: StatefulSet['spec']) => void): void => {
    if (random.chance(chance)) store.edit(set, ({ spec }) => how(spec), 'user');
  };
  const image = set.spec.template!.spec!.containers[0]!.image;
  edit(0.003, (spec) => {
    spec.replicas = random.int(0, 5);
  });
  // Users mend what they broke.
  edit(image === brokenImage ? 0.01 : 0.003, (spec) => {
    const next = random.pick(['web:1', 'web:2', 'web:3', image === brokenImage ? 'web:1' : brokenImage])!;
    spec.template!.spec!.containers[0]!.image = next;
  });
  edit(0.002, (spec) => {
    const { rollingUpdate } = spec.updateStrategy ?? {};
    if (rollingUpdate !== undefined) rollingUpdate.partition = random.int(0, 4);
  });
  edit(0.0004, (spec) => {
    spec.ordinals = { start: random.int(0, 3) };
  });
  edit(0.001, (spec) => {
    const policy = (): string => random.pick(['Retain', 'Delete'])!;
    spec.persistentVolumeClaimRetentionPolicy = { whenDeleted: policy(), whenScaled: policy() };
  });
  edit(0.002, ({ volumeClaimTemplates: [template] = [] }) => {
    if (template !== undefined) template.spec.resources = { requests: { storage: `${random.int(1, 3)}Gi` } };
  });
}

/**
 * Cuts a node off, or takes its power. Nobody says that a node is off which is not: the out-of-service taint and the deletion of
 * the Node are words of users who made sure.
 */
function disturbNode(simulation: Simulation, name: string): void {
  const { random, players, store } = simulation;
  const node = store.find('Node', undefined, name);
  if (random.chance(0.001)) players.cutOff(name);
  if (random.chance(0.01)) players.cutOff(name, false);
  if (random.chance(0.0003)) players.powerOff(name);
  if (players.isOff(name) && random.chance(0.05) && node !== undefined) {
    if (random.chance(0.2)) users.remove(simulation, node);
    else taint(simulation, name, true);
  }
  const isTainted = node?.spec?.taints?.some(({ key }) => key === outOfService) ?? false;
  if (players.isOff(name) && random.chance(0.01)) players.powerOn(name);
  if (isTainted && !players.isOff(name) && random.chance(0.2)) taint(simulation, name, false);
}

function taint({ store }: Simulation, name: string, isOut: boolean): void {
  const node = store.find('Node', undefined, name);
  if (node === undefined) return;
  store.edit(
    node,
    ({ spec }) => {
      const others = (spec!.taints ?? []).filter(({ key }) => key !== outOfService);
      spec!.taints = isOut ? [...others, { key: outOfService, value: 'nodeshutdown', effect: 'NoExecute' }] : others;
    },
    'user',
  );
}

/** Makes volumes for claims, and larger ones for claims that grew, as a driver does. */
function provision(simulation: Simulation): void {
  const { random, store } = simulation;
  const claim = random.pick(simulation.all('PersistentVolumeClaim'));
  if (claim === undefined || !random.chance(0.3)) return;
  const storage = claim.spec.resources!.requests!.storage!;
  const { name, namespace, uid, finalizers = [] } = claim.metadata;
  if (!finalizers.includes(claimProtection)) {
    // Admission does so in truth.
    store.edit(
      claim,
      ({ metadata }) => {
        metadata.finalizers = [...finalizers, claimProtection];
      },
      'user',
    );
  }
  if (claim.status?.phase === 'Bound') {
    store.editStatus(
      claim,
      (draft) => {
        draft.status = { ...draft.status, capacity: { storage } };
      },
      'user',
    );
  } else if (store.find('PersistentVolume', undefined, `pv-${uid}`) === undefined) {
    const claimRef = { kind: 'PersistentVolumeClaim', namespace: namespace!, name, uid: uid! };
    const spec = { capacity: { storage }, accessModes: ['ReadWriteOnce'], storageClassName: 'fast', claimRef };
    const metadata = { name: `pv-${uid}` };
    simulation.create({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata,
      spec: { ...spec, hostPath: { path: '/d' } },
    });
  }
}

function checkPods(simulation: Simulation, set: StatefulSet): string[] {
  const pods = podsOf(simulation, set);
  const { start, count } = ordinalsOf(set);
  const wanted = Array.from({ length: count }, (_, index) => podName(set, start + index));
  const found = pods.map(({ metadata }) => metadata.name);
  const broken = pods.filter((pod) => pod.spec.containers[0]!.image === brokenImage);
  // A broken pod holds an ordered set up until its revision changes.
  if (broken.length > 0 || hasReleased(simulation)) return [];
  const { type, rollingUpdate } = set.spec.updateStrategy!;
  const updated = set.status?.updateRevision;
  const stale = pods.filter(
    (pod) => ordinalOf(pod, set)! >= start + (rollingUpdate?.partition ?? 0) && revisionOf(pod) !== updated,
  );
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0, observedGeneration } = set.status ?? {};
  return [
    ...(found.sort().join() === wanted.sort().join() ? [] : [`pods are ${found}, and not ${wanted}`]),
    ...(pods.every(isReady) ? [] : ['not all pods are ready']),
    ...(type === 'OnDelete' || stale.length === 0 ? [] : [`${stale.length} pods are of an old revision`]),
    ...([replicas, readyReplicas, availableReplicas].every((number) => number === count)
      ? []
      : [`the status says ${JSON.stringify(set.status)}`]),
    ...(observedGeneration === set.metadata.generation ? [] : ['the status is of an old generation']),
    ...checkHistory(simulation, set, pods),
  ];
}

/** True where a pod has left the set and keeps its name for as long as its user wants: an ordered set goes no further. */
function hasReleased(simulation: Simulation): boolean {
  return simulation.all('Pod').some(({ metadata }) => metadata.labels?.app !== 'web');
}

function checkHistory(simulation: Simulation, set: StatefulSet, pods: readonly Pod[]): string[] {
  const { currentRevision, updateRevision } = set.status ?? {};
  const needed = new Set([currentRevision, updateRevision, ...pods.map(revisionOf)]);
  const revisions = simulation.all('ControllerRevision').map(({ metadata }) => metadata.name);
  const idle = revisions.filter((name) => !needed.has(name)).length;
  // A pod may have been adopted whose revision went with its former set.
  const lost = [currentRevision, updateRevision].filter((name) => !revisions.includes(name!));
  const limit = set.spec.revisionHistoryLimit!;
  return [
    ...(idle > limit ? [`${idle} old revisions are kept, and not ${limit}`] : []),
    ...(count(set) > 0 && lost.length > 0 ? [`revisions ${lost} are lost`] : []),
  ];
}

function count(set: StatefulSet): number {
  return ordinalsOf(set).count;
}

function checkClaims(simulation: Simulation, set: StatefulSet): string[] {
  const [template] = set.spec.volumeClaimTemplates ?? [];
  if (template === undefined || hasReleased(simulation)) return [];
  const { whenDeleted, whenScaled } = set.spec.persistentVolumeClaimRetentionPolicy!;
  return podsOf(simulation, set)
    .filter(isReady)
    .flatMap((pod) => {
      const ordinal = ordinalOf(pod, set)!;
      const name = claimName(set, 'data', ordinal);
      const claim = simulation.store.find('PersistentVolumeClaim', 'default', name);
      if (claim === undefined) return [];
      if (!isWanted(ordinal, set)) return [];
      const owners = (claim.metadata.ownerReferences ?? []).map(({ kind, uid }) => `${kind} ${uid}`);
      const wanted = whenDeleted === 'Delete' ? [`StatefulSet ${set.metadata.uid}`] : [];
      const former = claim.metadata.ownerReferences?.some(
        ({ uid }) => uid !== set.metadata.uid && uid !== pod.metadata.uid,
      );
      return [
        ...(former || owners.join() === wanted.join()
          ? []
          : [`claim ${name} is owned by ${owners}, with ${whenDeleted} and ${whenScaled}`]),
        ...checkSize(simulation, set, claim),
      ];
    });
}

function checkSize(simulation: Simulation, set: StatefulSet, claim: PersistentVolumeClaim): string[] {
  const gibibytes = (storage: string | undefined): number => Number.parseInt(storage ?? '0', 10);
  const [asked, wanted] = [claim, set.spec.volumeClaimTemplates![0]!].map(({ spec }) =>
    gibibytes(spec.resources?.requests?.storage),
  );
  if (asked! >= wanted! || claim.metadata.deletionTimestamp !== undefined) return [];
  const allowed = simulation.all('StorageClass')[0]!.allowVolumeExpansion && claim.status?.phase === 'Bound';
  const condition = set.status?.conditions?.find(({ type }) => type === 'ClaimsExpanded');
  return [
    ...(allowed ? [`claim ${claim.metadata.name} asks for ${asked}Gi, and its template for ${wanted}Gi`] : []),
    ...(condition?.status === 'False' ? [] : ['the status does not tell of claims that are too small']),
  ];
}

import type { AnyKind } from '@gantry/client/api.ts';
import type { PersistentVolumeClaim } from '@gantry/model/gen/gantry.core.v1.ts';
import { claimProtection, volumeProtection } from '@gantry/model/kinds/persistentvolume/protection.ts';
import { claimsOf } from '@gantry/model/kinds/pod/claims.ts';
import { type AnyObject, keyOf } from '../core/action.ts';
import { aWidget } from './foreign.ts';
import { aDeployment, aPod, aReplicaSet, aService } from './objects.ts';
import { disturbPods, nodes, podsOf, type Scenario } from './scenario.ts';
import type { Simulation } from './simulation.ts';
import { users } from './users.ts';

export const namespaces: Scenario = {
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
    simulation.store.serve('widgets.example.com');
  },
  act: (simulation) => {
    const { random, store } = simulation;
    if (random.chance(0.01)) users.remove(simulation, store.find('Namespace', undefined, 'default'));
    const home = store.find('Namespace', undefined, 'default');
    if (random.chance(0.05) && home !== undefined && home.metadata.deletionTimestamp === undefined) {
      const metadata = { name: `o${store.revision}`, namespace: 'default' };
      if (random.chance(0.5)) simulation.create(aWidget(metadata.name));
      else simulation.create({ apiVersion: 'v1', kind: 'Event', metadata, involvedObject: {} });
    }
    if (random.chance(0.02)) users.remove(simulation, random.pick(simulation.all('ServiceAccount')));
    if (random.chance(0.02)) users.remove(simulation, random.pick(simulation.all('ConfigMap')));
    disturbPods(simulation);
  },
  check: (simulation) => {
    const gone = simulation.store.find('Namespace', undefined, 'default') === undefined;
    const kinds: readonly AnyKind[] = [
      ...(['Deployment', 'ReplicaSet', 'Pod', 'Service', 'EndpointSlice', 'Endpoints'] as const),
      ...(['ServiceAccount', 'ConfigMap', 'Event', 'widgets.example.com'] as const),
    ];
    const left = kinds.flatMap((kind) =>
      (simulation.all(kind) as AnyObject[]).filter(({ metadata }) => metadata.namespace === 'default'),
    );
    const bare = simulation
      .all('Namespace')
      .flatMap(({ metadata: { name } }) =>
        (['ServiceAccount', 'ConfigMap'] as const).filter(
          (kind) => !simulation.all(kind).some(({ metadata }) => metadata.namespace === name),
        ),
      );
    const others = simulation.all('ReplicaSet').filter(({ metadata }) => metadata.namespace === 'other');
    return [
      ...bare.map((kind) => `a namespace lacks its ${kind}`),
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

export const volumes: Scenario = {
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

import type { AnyKind, ResourceName } from '@gantry/client/api.ts';
import type { OwnerReference } from '@gantry/model/gen/gantry.meta.v1.ts';
import type { AnyObject } from '../core/action.ts';
import { controllerReference } from '../core/owners.ts';
import { aGizmo, aWidget, foreignKinds, idOf } from './foreign.ts';
import { aDeployment, aReplicaSet } from './objects.ts';
import { nodes, type Scenario } from './scenario.ts';
import type { Simulation } from './simulation.ts';
import { users } from './users.ts';

const propagations = ['Background', 'Foreground', 'Orphan'] as const;

/** Owners and dependents of built-in kinds, and of such that come and go. */
export const garbage: Scenario = {
  name: 'garbage-collector',
  setUp: (simulation) => {
    nodes(simulation);
    simulation.create(aDeployment());
    simulation.create(aReplicaSet(3));
    for (const kind of foreignKinds.keys()) simulation.store.serve(kind);
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
    if (random.chance(0.04)) createDependent(simulation);
    if (random.chance(0.03)) users.remove(simulation, random.pick(simulation.all('ConfigMap')), policy);
    const foreign = random.pick(foreignObjects(simulation));
    if (random.chance(0.02)) users.remove(simulation, foreign, policy);
    if (random.chance(0.01)) toggle(simulation, random.pick([...foreignKinds.keys()])!);
  },
  check: (simulation) =>
    (['ReplicaSet', 'Pod', 'ConfigMap', 'PriorityClass', ...foreignKinds.keys()] as const).flatMap((kind) => {
      const objects = simulation.store.serves(kind) ? (simulation.all(kind) as AnyObject[]) : [];
      return objects.flatMap((object) => faultsOf(object, kind, simulation));
    }),
};

function faultsOf(object: AnyObject, kind: AnyKind, { store }: Simulation): string[] {
  if (object.metadata.deletionTimestamp !== undefined) return [`${kind} ${object.metadata.name} never goes`];
  const references = object.metadata.ownerReferences ?? [];
  const isDangling = references.some(({ uid }) => store.byUid(uid) === undefined);
  // Nobody can know about owners of kinds that are not served, and objects in no namespace have no owners in one.
  const isKnowable = references.every((reference) => store.serves(idOf(reference)));
  const isCluster = object.metadata.namespace === undefined;
  return isDangling && isKnowable && !isCluster ? [`${kind} ${object.metadata.name} has an owner that is gone`] : [];
}

function foreignObjects(simulation: Simulation): AnyObject[] {
  const served = [...foreignKinds.keys()].filter((kind) => simulation.store.serves(kind));
  return served.flatMap((kind) => simulation.all(kind) as AnyObject[]);
}

/** A definition comes or goes, with its objects; or its kind is not served for a while, and they stay. */
function toggle({ store, random }: Simulation, kind: ResourceName): void {
  if (!store.serves(kind)) store.serve(kind);
  else store.unserve(kind, random.chance(0.5) ? 'go' : 'stay', 'user');
}

/** Creates an object that names one of the objects that are there as its owner, in one of the ways in which people do. */
function createDependent(simulation: Simulation): void {
  const { random, store } = simulation;
  const owners = [...simulation.all('ConfigMap'), ...simulation.all('ReplicaSet'), ...foreignObjects(simulation)];
  const owner = random.pick<AnyObject>(owners);
  const name = `c${store.revision}`;
  const blockOwnerDeletion = random.chance(0.7);
  const reference: OwnerReference | undefined =
    owner === undefined ? undefined : { ...controllerReference(owner), controller: false, blockOwnerDeletion };
  const foreign = reference === undefined ? undefined : { ...reference, apiVersion: 'elsewhere.example.com/v1' };
  const ownerReferences = random.pick([reference, reference, reference, foreign, undefined]);
  const references = ownerReferences === undefined ? {} : { ownerReferences: [ownerReferences] };
  const namespace = random.pick(['default', 'default', 'other'])!;
  const roll = random.next();
  if (roll < 0.2) {
    const metadata = { name, ...references };
    simulation.create({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata, value: 1 });
  } else if (roll < 0.4 && store.serves('widgets.example.com')) {
    simulation.create(aWidget(name, { namespace, ...references }));
  } else if (roll < 0.5 && store.serves('gizmos.example.com')) {
    simulation.create(aGizmo(name, references));
  } else {
    simulation.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, ...references } });
  }
}

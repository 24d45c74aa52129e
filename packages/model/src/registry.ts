/** The kinds that Gantry knows. Adding one is its folder under kinds/, its proto message, and its lines here. */
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Deployment, ReplicaSet } from './gen/gantry.apps.v1.ts';
import type { Lease } from './gen/gantry.coordination.v1.ts';
import type {
  ConfigMap,
  Event,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Secret,
  Service,
} from './gen/gantry.core.v1.ts';
import type { EndpointSlice } from './gen/gantry.discovery.v1.ts';
import type { PodDisruptionBudget } from './gen/gantry.policy.v1.ts';
import type { PriorityClass } from './gen/gantry.scheduling.v1.ts';
import type { PodGroup } from './gen/gantry.scheduling.v1alpha1.ts';
import type { StorageClass } from './gen/gantry.storage.v1.ts';
import type { Kind, KubeObject } from './kind.ts';
import { configMap } from './kinds/configmap/configmap.ts';
import { deployment } from './kinds/deployment/deployment.ts';
import { endpointSlice } from './kinds/endpointslice/endpointslice.ts';
import { event } from './kinds/event/event.ts';
import { lease } from './kinds/lease/lease.ts';
import { namespace } from './kinds/namespace/namespace.ts';
import { node } from './kinds/node/node.ts';
import { persistentVolume } from './kinds/persistentvolume/persistentvolume.ts';
import { persistentVolumeClaim } from './kinds/persistentvolumeclaim/persistentvolumeclaim.ts';
import { pod } from './kinds/pod/pod.ts';
import { podDisruptionBudget } from './kinds/poddisruptionbudget/poddisruptionbudget.ts';
import { podGroup } from './kinds/podgroup/podgroup.ts';
import { priorityClass } from './kinds/priorityclass/priorityclass.ts';
import { replicaSet } from './kinds/replicaset/replicaset.ts';
import { secret } from './kinds/secret/secret.ts';
import { service } from './kinds/service/service.ts';
import { storageClass } from './kinds/storageclass/storageclass.ts';

/** The type of each kind. */
export interface Kinds {
  Pod: Pod;
  Node: Node;
  Namespace: Namespace;
  Deployment: Deployment;
  ReplicaSet: ReplicaSet;
  Service: Service;
  EndpointSlice: EndpointSlice;
  ConfigMap: ConfigMap;
  Secret: Secret;
  Event: Event;
  Lease: Lease;
  PriorityClass: PriorityClass;
  PodDisruptionBudget: PodDisruptionBudget;
  PodGroup: PodGroup;
  PersistentVolume: PersistentVolume;
  PersistentVolumeClaim: PersistentVolumeClaim;
  StorageClass: StorageClass;
}

/** The name of a kind, such as Pod. */
export type KindName = keyof Kinds;

const byName: { readonly [K in KindName]: Kind<Kinds[K]> } = {
  Pod: pod,
  Node: node,
  Namespace: namespace,
  Deployment: deployment,
  ReplicaSet: replicaSet,
  Service: service,
  EndpointSlice: endpointSlice,
  ConfigMap: configMap,
  Secret: secret,
  Event: event,
  Lease: lease,
  PriorityClass: priorityClass,
  PodDisruptionBudget: podDisruptionBudget,
  PodGroup: podGroup,
  PersistentVolume: persistentVolume,
  PersistentVolumeClaim: persistentVolumeClaim,
  StorageClass: storageClass,
};

/** All kinds. */
export const kinds: readonly Kind[] = Object.values(byName) as unknown as Kind[];
/** All names of kinds. */
export const kindNames = Object.keys(byName) as readonly KindName[];

const byResource = new Map(kinds.map((kind) => [resourceOf(kind), kind]));
const byObjectField = new Map(kinds.map((kind) => [kind.objectField, kind]));
const byWord = new Map(
  kinds.flatMap((kind) =>
    [kind.kind.toLowerCase(), kind.plural, kind.singular, resourceOf(kind), ...kind.shortNames].map((word) => [
      word,
      kind,
    ]),
  ),
);

/** A kind by its name. */
export function kindOf<K extends KindName>(name: K): Kind<Kinds[K]> {
  return byName[name];
}

/** The kind of an object. Throws a BadRequest that names what is unknown. */
export function kindOfObject(object: Pick<KubeObject, 'apiVersion' | 'kind'>): Kind {
  const kind = byName[object.kind as KindName] as unknown as Kind | undefined;
  if (kind === undefined || apiVersionOf(kind) !== object.apiVersion) {
    throw new GantryError('BadRequest', `no matches for kind "${object.kind}" in version "${object.apiVersion}"`);
  }
  return kind;
}

/** A kind by its resource with the group, such as `deployments.apps`. Throws NotFound where there is none. */
export function kindOfResource(resource: string): Kind {
  const kind = byResource.get(resource);
  if (kind === undefined) throw new GantryError('NotFound', `the server doesn't have a resource type "${resource}"`);
  return kind;
}

/** A kind by the field of gantry.api.v1.Object that carries it. */
export function kindOfObjectField(field: string): Kind | undefined {
  return byObjectField.get(field);
}

/** A kind by what a user may call it: `pod`, `pods`, `po`, `deployments.apps`. */
export function findKind(word: string): Kind | undefined {
  return byWord.get(word.toLowerCase());
}

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf(kind: Pick<Kind, 'group' | 'version'>): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}

/** `deployments.apps`, or `pods` for the core group. */
export function resourceOf(kind: Pick<Kind, 'group' | 'plural'>): string {
  return kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
}

/** apiVersion and kind by message name: what the generator of types needs. */
export function kindHeads(): Map<string, { readonly apiVersion: string; readonly kind: string }> {
  return new Map(kinds.map((kind) => [kind.message, { apiVersion: apiVersionOf(kind), kind: kind.kind }]));
}

/** The kinds that Gantry knows. Adding one is its folder under kinds/, its proto message, and its lines here. */
import { GantryError } from '@gantry/runtime/errors.ts';
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

/** One line for each kind. */
const byName = {
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

/** The name of a kind, such as Pod. */
export type KindName = keyof typeof byName;

/** The type of each kind's objects. */
export type Kinds = { [K in KindName]: (typeof byName)[K] extends Kind<infer T> ? T : never };

/** All kinds. What is generic hands a kind only objects of that kind: that is why their types may be forgotten here. */
export const kinds: readonly Kind[] = Object.values(byName) as unknown as Kind[];
/** All names of kinds. */
export const kindNames = Object.keys(byName) as readonly KindName[];

const byKindName = new Map(kinds.map((kind) => [kind.kind, kind]));
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
  return byName[name] as unknown as Kind<Kinds[K]>;
}

/** A kind by its name, for what treats all kinds alike. */
export function genericKindOf(name: KindName): Kind {
  return byKindName.get(name)!;
}

/** The kind of an object. Throws a BadRequest that names what is unknown. */
export function kindOfObject(object: Pick<KubeObject, 'apiVersion' | 'kind'>): Kind {
  const kind = byKindName.get(object.kind);
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

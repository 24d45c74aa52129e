import type { AnyKind, ObjectOf, ResourceName } from '@gantry/client/api.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { AnyObject, View } from '../core/action.ts';
import { type KindTable, kindTable } from '../core/kinds.ts';
import { controllerOf } from '../core/owners.ts';
import { builtInResources, foreignKinds, idOf } from './foreign.ts';

/** The table of the built-in kinds and of these. */
export function tableWith(...foreign: readonly ResourceName[]): KindTable {
  const resources = [...builtInResources, ...foreign.map((name) => foreignKinds.get(name)!)];
  return kindTable({ resources, unknown: [] });
}

const builtInTable = tableWith();

/** A view of objects in a list, in which everything has been seen. */
export function fakeView(
  objects: readonly AnyObject[],
  revision = Number.MAX_SAFE_INTEGER,
  kinds: KindTable = builtInTable,
): View {
  const ofKind = <K extends AnyKind>(kind: K): ObjectOf<K>[] =>
    objects.filter((object) => idOf(object) === kind) as unknown as ObjectOf<K>[];
  return {
    get: (kind, namespace, name) =>
      ofKind(kind).find(({ metadata }) => metadata.name === name && (metadata.namespace ?? '') === (namespace ?? '')),
    list: (kind, namespace) =>
      ofKind(kind).filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace),
    ownedBy: (kind, uid) =>
      ofKind(kind).filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid)),
    orphans: (kind, namespace) =>
      ofKind(kind).filter((object) => object.metadata.namespace === namespace && !controllerOf(object as AnyObject)),
    podsOn: (node) => ofKind('Pod').filter((pod: Pod) => pod.spec.nodeName === node),
    revision: () => revision,
    unreadable: () => new Set(),
    readyForMs: () => 0,
    kinds,
    shows: () => true,
    ended: () => undefined,
  };
}

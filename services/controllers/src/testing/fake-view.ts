import type { KindName, Kinds } from '@gantry/model/built-in.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { AnyObject, View } from '../core/action.ts';

/** A view of objects in a list, in which everything has been seen. */
export function fakeView(objects: readonly AnyObject[], revision = Number.MAX_SAFE_INTEGER): View {
  const ofKind = <K extends KindName>(kind: K): Kinds[K][] =>
    objects.filter((object) => object.kind === kind) as Kinds[K][];
  return {
    get: (kind, namespace, name) =>
      ofKind(kind).find(({ metadata }) => metadata.name === name && (metadata.namespace ?? '') === (namespace ?? '')),
    list: (kind, namespace) =>
      ofKind(kind).filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace),
    ownedBy: (kind, uid) =>
      ofKind(kind).filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid)),
    podsOn: (node) => ofKind('Pod').filter((pod: Pod) => pod.spec.nodeName === node),
    revision: () => revision,
    unreadable: () => new Set(),
    readyForMs: () => 0,
  };
}

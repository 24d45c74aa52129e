import type { AnyKind } from '@gantry/client/api.ts';
import type { Namespace } from '@gantry/model/gen/gantry.core.v1.ts';
import { type AnyObject, keyOf, type Remains, sees, type View } from '../core/action.ts';
import type { ServedKind } from '../core/kinds.ts';
import type { KindContent } from './conditions.ts';

/** The whole content of a namespace. */
export interface Content {
  readonly kinds: readonly KindContent[];
  /** True where nothing can be in the namespace that is not told here: views are as new as it is, what no view shows was counted. */
  readonly isCurrent: boolean;
}

/** Knowledge of the deletion of a namespace's content beyond the view. */
export interface Findings {
  /** Reasons why objects of a kind could not be deleted lately. */
  readonly failures: ReadonlyMap<AnyKind, string>;
  /** Objects that were left when last counted, of kinds that no view shows. */
  readonly remains: ReadonlyMap<AnyKind, Remains>;
}

/** The kinds that namespaces contain. */
export function namespacedKinds(view: View): ServedKind[] {
  return view.kinds.all.filter(({ namespaced }) => namespaced);
}

/** The content of a namespace, kind by kind: one that cannot be read does not hide the others. */
export function contentOf(namespace: Namespace, view: View, { failures, remains }: Findings): Content {
  const { name } = namespace.metadata;
  const kinds = namespacedKinds(view);
  return {
    kinds: kinds.map((kind) =>
      kind.isShown
        ? contentOfKind(kind, name, view, failures.get(kind.id))
        : contentOfRemains(kind, remains.get(kind.id)),
    ),
    isCurrent: kinds.every(({ id, isShown }) => (isShown ? sees(view, id, namespace) : remains.has(id))),
  };
}

/** True where the view shows pods in a namespace, also such that cannot be decoded. */
export function hasPods(namespace: string, view: View): boolean {
  return !isEmpty(view.list('Pod', namespace)) || unreadableIn('Pod', namespace, view).length > 0;
}

function contentOfKind(
  { id, plural, group }: ServedKind,
  namespace: string,
  view: View,
  failed: string | undefined,
): KindContent {
  const objects = [...view.list(id, namespace)] as AnyObject[];
  const unreadable = unreadableIn(id, namespace, view);
  const finalizers = new Map<string, number>();
  for (const { metadata } of objects) {
    for (const finalizer of metadata.finalizers ?? []) finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
  }
  return {
    resource: `${plural}.${group}`,
    count: new Set([...objects.map(keyOf), ...unreadable]).size,
    finalizers,
    problems: [
      ...(view.revision(id) === 0 ? [`${plural} cannot be listed`] : []),
      ...(failed === undefined ? [] : [failed]),
      ...unreadable.map((key) => {
        const objectName = key.slice(namespace.length + 1);
        return `${plural} "${objectName}" cannot be decoded: it is to be repaired, or deleted by name`;
      }),
    ],
  };
}

function contentOfRemains({ plural, group }: ServedKind, remains: Remains | undefined): KindContent {
  const { count = 0, finalizers = new Map<string, number>(), problem } = remains ?? {};
  return { resource: `${plural}.${group}`, count, finalizers, problems: problem === undefined ? [] : [problem] };
}

function unreadableIn(kind: AnyKind, namespace: string, view: View): string[] {
  return [...view.unreadable(kind)].filter((key) => key.startsWith(`${namespace}/`));
}

function isEmpty(items: Iterable<unknown>): boolean {
  for (const _ of items) return false;
  return true;
}

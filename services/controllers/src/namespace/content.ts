import { type KindName, kindNames, kindOf } from '@gantry/model/built-in.ts';
import type { Namespace } from '@gantry/model/gen/gantry.core.v1.ts';
import { type AnyObject, keyOf, sees, type View } from '../core/action.ts';
import type { KindContent } from './conditions.ts';

/** All kinds that namespaces contain. */
export const namespacedKinds = kindNames.filter((kind) => kindOf(kind).namespaced);

/** The whole content of a namespace. */
export interface Content {
  readonly kinds: readonly KindContent[];
  /** True where the view of every kind is as new as the namespace: nothing can be in it that is not shown. */
  readonly isCurrent: boolean;
}

/**
 * The content of a namespace, kind by kind: one that cannot be read does not hide the others.
 * @param failures Reasons why objects of a kind could not be deleted lately.
 */
export function contentOf(namespace: Namespace, view: View, failures: ReadonlyMap<KindName, string>): Content {
  const { name } = namespace.metadata;
  return {
    kinds: namespacedKinds.map((kind) => contentOfKind(kind, name, view, failures.get(kind))),
    isCurrent: namespacedKinds.every((kind) => sees(view, kind, namespace)),
  };
}

/** True where the view shows pods in a namespace, also such that cannot be decoded. */
export function hasPods(namespace: string, view: View): boolean {
  return !isEmpty(view.list('Pod', namespace)) || unreadableIn('Pod', namespace, view).length > 0;
}

function contentOfKind(kind: KindName, namespace: string, view: View, failed: string | undefined): KindContent {
  const { plural, group } = kindOf(kind);
  const objects: AnyObject[] = [...view.list(kind, namespace)];
  const unreadable = unreadableIn(kind, namespace, view);
  const finalizers = new Map<string, number>();
  for (const { metadata } of objects) {
    for (const finalizer of metadata.finalizers ?? []) finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
  }
  return {
    resource: `${plural}.${group}`,
    count: new Set([...objects.map(keyOf), ...unreadable]).size,
    finalizers,
    problems: [
      ...(view.revision(kind) === 0 ? [`${plural} cannot be listed`] : []),
      ...(failed === undefined ? [] : [failed]),
      ...unreadable.map((key) => {
        const objectName = key.slice(namespace.length + 1);
        return `${plural} "${objectName}" cannot be decoded: it is to be repaired, or deleted by name`;
      }),
    ],
  };
}

function unreadableIn(kind: KindName, namespace: string, view: View): string[] {
  return [...view.unreadable(kind)].filter((key) => key.startsWith(`${namespace}/`));
}

function isEmpty(items: Iterable<unknown>): boolean {
  for (const _ of items) return false;
  return true;
}

import { isDeepStrictEqual } from 'node:util';
import type { AnyKind } from '@gantry/client/api.ts';
import type { Namespace } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { toGantryError } from '@gantry/runtime/errors.ts';
import {
  type Action,
  type AnyObject,
  type Controller,
  ofKind,
  type Remains,
  sees,
  splitKey,
  type View,
  waitForView,
} from '../core/action.ts';
import type { ServedKind } from '../core/kinds.ts';
import { deletionConditions } from './conditions.ts';
import { contentOf, hasPods, namespacedKinds } from './content.ts';

/** Most objects that one reconcile deletes; the others follow when these are gone. */
const burst = 500;
/** The finalizer that stands for the deletion of all that is in a namespace. */
const contentFinalizer = 'kubernetes';
/** Milliseconds between reports of the progress of one namespace, whose content may change thousands of times. */
const reportMs = 1_000;
/** Milliseconds until a namespace that has content is looked at again although nothing of it changed. */
const lookAgainMs = 5_000;

/** The controller's memory of a namespace that is being deleted. */
interface Progress {
  /** Time of the last write of its conditions, by the monotonic clock. */
  reportedAtMs: number;
  /** Why the last deletions failed, by kind. */
  readonly failures: Map<AnyKind, string>;
  /** Objects of kinds that no view shows, as they were counted last, with the time by the monotonic clock. */
  readonly remains: Map<AnyKind, Remains & { readonly atMs: number }>;
}

/**
 * Empties namespaces that are being deleted, tells in their conditions what is left, and lets them go once they are empty.
 * The key of a namespace is its name; the key of its objects of one kind is `name/kind`, so that a kind whose deletion
 * fails holds up no other. Pods go first, as in Kubernetes: policies and secrets outlive the pods that rely on them.
 */
export function namespaceController(clock: Pick<Clock, 'monotonic'>): Controller {
  const progress = new Map<string, Progress>();
  return {
    name: 'namespace-controller',
    watches: ['Namespace'],
    watchesAll: true,

    keysFor(object: AnyObject, view: View): readonly string[] {
      const kind = view.kinds.of(object)?.id;
      if (kind === 'Namespace') return keysOf(object as Namespace, view);
      const namespace = view.get('Namespace', undefined, object.metadata.namespace ?? '');
      if (kind === undefined || namespace?.metadata.deletionTimestamp === undefined) return [];
      // The last pod's end lets the other kinds go.
      if (kind === 'Pod') return keysOf(namespace, view);
      const { name } = namespace.metadata;
      return [name, `${name}/${kind}`];
    },

    reconcile(key: string, view: View, nowMs: number): readonly Action[] {
      const { name, kind } = partsOf(key);
      const namespace = view.get('Namespace', undefined, name);
      if (namespace?.metadata.deletionTimestamp === undefined) {
        progress.delete(name);
        return [];
      }
      const known = progress.get(name) ?? newProgress();
      progress.set(name, known);
      return kind === undefined
        ? finish(namespace, view, known, { wallMs: nowMs, monotonicMs: clock.monotonic() })
        : deleteKind(namespace, kind, view, known, nowMs);
    },

    failed(key: string, error: unknown): void {
      const { name, kind } = partsOf(key);
      if (kind !== undefined) progress.get(name)?.failures.set(kind, toGantryError(error).message);
    },

    observed(key: string, remains: Remains): void {
      progress.get(partsOf(key).name)?.remains.set(remains.kind, { ...remains, atMs: clock.monotonic() });
    },
  };
}

function newProgress(): Progress {
  return { reportedAtMs: Number.NEGATIVE_INFINITY, failures: new Map(), remains: new Map() };
}

function keysOf({ metadata: { name, deletionTimestamp } }: Namespace, view: View): string[] {
  if (deletionTimestamp === undefined) return [name];
  return [name, ...namespacedKinds(view).flatMap(({ id, isShown }) => (isShown ? [`${name}/${id}`] : []))];
}

function partsOf(key: string): { readonly name: string; readonly kind: AnyKind | undefined } {
  if (!key.includes('/')) return { name: key, kind: undefined };
  const { namespace, name } = splitKey(key);
  return { name: namespace, kind: name as AnyKind };
}

/** True where no pod of a namespace is left: its other content may go. */
function lostItsPods(namespace: Namespace, view: View): boolean {
  return !hasPods(namespace.metadata.name, view) && sees(view, 'Pod', namespace);
}

/** Asks for the end of the objects of one kind. */
function deleteKind(
  namespace: Namespace,
  kind: AnyKind,
  view: View,
  { failures }: Progress,
  nowMs: number,
): readonly Action[] {
  const { name } = namespace.metadata;
  // The end of a pod has all kinds looked at; that of one which cannot be decoded does not.
  if (kind !== 'Pod' && hasPods(name, view)) return [{ type: 'requeue', afterMs: lookAgainMs }];
  if (kind !== 'Pod' && !sees(view, 'Pod', namespace)) return [waitForView];
  const objects = [...view.list(kind, name)] as AnyObject[];
  const remaining = objects.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (remaining.length === 0) failures.delete(kind);
  // Each attempt begins elsewhere, as it ends at the first object that cannot be deleted.
  const start = Math.floor(nowMs / 1_000) % Math.max(1, remaining.length);
  return [...remaining.slice(start), ...remaining.slice(0, start)]
    .slice(0, burst)
    .map((object) => ({ type: 'delete', object, ...ofKind(kind), propagationPolicy: 'Background' }));
}

interface Now {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/** Lets an empty namespace go; tells of one that is not what is left in it. */
function finish(namespace: Namespace, view: View, progress: Progress, now: Now): readonly Action[] {
  const uncounted = lostItsPods(namespace, view) ? kindsToEmpty(view, progress, now) : [];
  if (uncounted.length > 0) {
    const { name } = namespace.metadata;
    const emptying = uncounted.map(({ id }): Action => ({ type: 'empty', kind: id, namespace: name }));
    return [...emptying, { type: 'requeue', afterMs: 0 }];
  }
  const { kinds, isCurrent } = contentOf(namespace, view, progress);
  const isEmpty = kinds.every(({ count, problems }) => count + problems.length === 0);
  if (isEmpty && view.kinds.unknown.length === 0) {
    const finalizers = namespace.spec?.finalizers ?? [];
    // Something may be in it that a view does not show yet.
    if (!isCurrent) return [waitForView];
    const others = finalizers.filter((finalizer) => finalizer !== contentFinalizer);
    if (others.length === finalizers.length) return [];
    return [{ type: 'finalize', object: namespace, finalizers: others }];
  }
  const before = namespace.status?.conditions ?? [];
  const conditions = deletionConditions({ content: kinds, unknown: view.kinds.unknown }, before, now.wallMs);
  if (isDeepStrictEqual(conditions, before)) return [{ type: 'requeue', afterMs: lookAgainMs }];
  const waitMs = progress.reportedAtMs + reportMs - now.monotonicMs;
  if (waitMs > 0) return [{ type: 'requeue', afterMs: waitMs }];
  progress.reportedAtMs = now.monotonicMs;
  return [
    { type: 'updateStatus', object: { ...namespace, status: { ...namespace.status, conditions } } },
    { type: 'requeue', afterMs: lookAgainMs },
  ];
}

/** Kinds that no view shows and of which there may be objects still. Nothing can come into a namespace that is being deleted. */
function kindsToEmpty(view: View, { remains }: Progress, { monotonicMs }: Now): ServedKind[] {
  return namespacedKinds(view).filter(({ id, isShown }) => {
    if (isShown) return false;
    const known = remains.get(id);
    const isDone = known !== undefined && known.count === 0 && known.problem === undefined;
    return !isDone && (known === undefined || monotonicMs - known.atMs >= lookAgainMs);
  });
}

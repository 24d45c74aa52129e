import type { ResourceQuota } from '@gantry/model/gen/gantry.core.v1.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import type { Quantity } from '@gantry/model/quantity.ts';
import {
  type Amounts,
  addTo,
  only,
  readAmounts,
  sameAmounts,
  writeAmounts,
  zero,
} from '@gantry/model/quota/amounts.ts';
import type { Counter } from '@gantry/model/quota/counter.ts';
import { countedResources, counterOf } from '@gantry/model/quota/counters.ts';
import { scopesOf } from '@gantry/model/quota/scopes.ts';
import {
  type Action,
  type AnyObject,
  type Controller,
  keyOf,
  sees,
  splitKey,
  type View,
  waitForView,
} from '../core/action.ts';

/**
 * Counts what the objects of a namespace take of its quotas. The api adds what each write takes to the quota in the same commit, and never
 * takes anything away: a count is right if it is made from views that are as new as the quota, and is written on that very state of it.
 */
export const resourceQuotaController: Controller = {
  name: 'resourcequota-controller',
  // Counts of these go by their content; of all others, those of definitions among them, the number is enough.
  watches: ['ResourceQuota', 'Pod', 'Service', 'PersistentVolumeClaim', 'ResourceClaim'],
  watchesAll: true,

  keysFor(object: AnyObject, view: View): readonly string[] {
    const kind = view.kinds.of(object);
    if (!kind?.namespaced) return [];
    const own = kind.id === 'ResourceQuota' ? [keyOf(object)] : [];
    const counter = counterOf(kind.resource);
    const concerned: string[] = [];
    for (const quota of view.list('ResourceQuota', object.metadata.namespace)) {
      const bounds = quota.spec?.hard ?? {};
      if (Object.keys(bounds).some((name) => counter?.counts(name))) concerned.push(keyOf(quota));
    }
    return [...new Set([...own, ...concerned])];
  },

  reconcile(key: string, view: View, nowMs: number): readonly Action[] {
    const { namespace, name } = splitKey(key);
    const quota = view.get('ResourceQuota', namespace, name);
    if (quota === undefined || quota.metadata.deletionTimestamp !== undefined) return [];
    const hard = quota.spec?.hard ?? {};
    const wanted = countedResources(Object.keys(hard));
    const known = wanted.flatMap((resource) => {
      const kind = view.kinds.ofResource(resource);
      return kind?.namespaced && kind.isShown && counterOf(resource) !== undefined ? [kind] : [];
    });
    if (!known.every(({ id }) => sees(view, id, quota))) return [waitForView];
    const used = only(readAmounts(quota.status?.used), Object.keys(hard));
    const counted = new Map<string, Quantity>();
    // Nothing of a kind that is served from now on may be made before it is counted.
    const isComplete = wanted.every((resource) => view.kinds.ofResource(resource) !== undefined);
    let endsMs = isComplete ? Number.POSITIVE_INFINITY : nowMs + unservedMs;
    for (const { id, resource } of known) {
      const counter = counterOf(resource)!;
      const names = Object.keys(hard).filter((bound) => counter.counts(bound));
      for (const bound of names) counted.set(bound, counted.get(bound) ?? zero);
      for (const object of view.list(id, namespace)) {
        if (!scopesOf(quota).every((scope) => counter.matches(scope, object as KubeObject))) continue;
        addTo(counted, only(usageOf(counter, object as KubeObject, nowMs), names));
        endsMs = Math.min(endsMs, endOf(object as AnyObject, nowMs));
      }
    }
    for (const [bound, quantity] of counted) used.set(bound, quantity);
    const again: Action[] =
      endsMs === Number.POSITIVE_INFINITY ? [] : [{ type: 'requeue', afterMs: endsMs - nowMs + 1 }];
    if (isCounted(quota, used)) return again;
    const status = { hard: { ...hard }, used: writeAmounts(used) };
    return [{ type: 'updateStatus', object: { ...quota, status } }, ...again];
  },
};

/** Milliseconds until a quota of a kind that is not served is looked at again. */
const unservedMs = 5_000;

/** Usages of objects that do not end; an informer gives the same object until it changes. */
const usages = new WeakMap<KubeObject, Amounts>();

function usageOf(counter: Counter<KubeObject>, object: KubeObject, nowMs: number): Amounts {
  if (object.metadata.deletionTimestamp !== undefined) return counter.usage(object, nowMs);
  const known = usages.get(object) ?? counter.usage(object, nowMs);
  usages.set(object, known);
  return known;
}

/** When an object that ends takes nothing any more although it is still there; infinite for any other. */
function endOf({ metadata }: AnyObject, nowMs: number): number {
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return Number.POSITIVE_INFINITY;
  const endMs = Date.parse(deletionTimestamp) + Number(deletionGracePeriodSeconds) * 1_000;
  return endMs > nowMs ? endMs : Number.POSITIVE_INFINITY;
}

/** Whether the status says already what was counted. */
function isCounted({ spec, status }: ResourceQuota, used: Amounts): boolean {
  if (status?.hard === undefined || status.used === undefined) return Object.keys(spec?.hard ?? {}).length === 0;
  return sameAmounts(readAmounts(status.hard), readAmounts(spec?.hard)) && sameAmounts(readAmounts(status.used), used);
}

import type { Node, Taint } from '@gantry/model/gen/gantry.core.v1.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';

/** Key of the taint of a node that is lost. */
export const unreachableKey = 'node.kubernetes.io/unreachable';

/** Taints that follow from a node's conditions, by condition type and status. */
const conditionTaints: Readonly<
  Record<string, Readonly<Record<string, readonly [key: string, effects: readonly string[]]>>>
> = {
  Ready: {
    False: ['node.kubernetes.io/not-ready', ['NoSchedule', 'NoExecute']],
    Unknown: [unreachableKey, ['NoSchedule', 'NoExecute']],
  },
  MemoryPressure: { True: ['node.kubernetes.io/memory-pressure', ['NoSchedule']] },
  DiskPressure: { True: ['node.kubernetes.io/disk-pressure', ['NoSchedule']] },
  PIDPressure: { True: ['node.kubernetes.io/pid-pressure', ['NoSchedule']] },
  NetworkUnavailable: { True: ['node.kubernetes.io/network-unavailable', ['NoSchedule']] },
};

const unschedulableKey = 'node.kubernetes.io/unschedulable';

/** Keys that this controller owns: taints with other keys are the users'. */
const ownedKeys = new Set([
  ...Object.values(conditionTaints).flatMap((byStatus) => Object.values(byStatus).map(([key]) => key)),
  unschedulableKey,
]);

/**
 * The taints that a node should have: the users' own, and those of its conditions with the time since when. Taints that evict
 * pods are among the latter only where `mayEvict` is true.
 */
export function taintsFor(node: Node, mayEvict: boolean, nowMs: number): Taint[] {
  const stored = node.spec?.taints ?? [];
  const users = stored.filter(({ key }) => !ownedKeys.has(key));
  const wanted = (node.status?.conditions ?? []).flatMap(({ type, status }) => {
    const [key, effects] = conditionTaints[type]?.[status] ?? [undefined, []];
    const due = effects.filter((effect) => effect !== 'NoExecute' || mayEvict);
    return key === undefined ? [] : due.map((effect) => ({ key, effect }));
  });
  if (node.spec?.unschedulable) wanted.push({ key: unschedulableKey, effect: 'NoSchedule' });
  const ours = wanted.map(({ key, effect }): Taint => {
    const same = stored.find((taint) => taint.key === key && taint.effect === effect);
    const since = effect === 'NoExecute' ? { timeAdded: rfc3339(nowMs) } : {};
    return same ?? { key, effect, ...since };
  });
  return [...users, ...ours];
}

/**
 * The taints by which pods are evicted now: of this controller's own those that the node's conditions still ask for, as a
 * taint may outlive its cause for as long as it takes to remove it.
 */
export function evictingTaints(node: Node, mayEvict: boolean, nowMs: number): Taint[] {
  const wanted = taintsFor(node, mayEvict, nowMs);
  return (node.spec?.taints ?? []).filter((taint) => taint.effect === 'NoExecute' && wanted.includes(taint));
}

/** True for a node that has a taint by which this controller evicts pods. */
export function isTainted({ spec }: Node): boolean {
  return (spec?.taints ?? []).some(({ key, effect }) => effect === 'NoExecute' && ownedKeys.has(key));
}

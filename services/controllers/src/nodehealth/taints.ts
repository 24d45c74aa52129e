import type { Node, Pod, Taint, Toleration } from '@gantry/model/gen/gantry.core.v1.ts';

/** Taints that follow from a node's conditions, by condition type and status. */
const conditionTaints: Readonly<
  Record<string, Readonly<Record<string, readonly [key: string, effects: readonly string[]]>>>
> = {
  Ready: {
    False: ['node.kubernetes.io/not-ready', ['NoSchedule', 'NoExecute']],
    Unknown: ['node.kubernetes.io/unreachable', ['NoSchedule', 'NoExecute']],
  },
  MemoryPressure: { True: ['node.kubernetes.io/memory-pressure', ['NoSchedule']] },
  DiskPressure: { True: ['node.kubernetes.io/disk-pressure', ['NoSchedule']] },
  PIDPressure: { True: ['node.kubernetes.io/pid-pressure', ['NoSchedule']] },
  NetworkUnavailable: { True: ['node.kubernetes.io/network-unavailable', ['NoSchedule']] },
};

const unschedulableKey = 'node.kubernetes.io/unschedulable';

/** Every key that this controller owns: taints with other keys are the users'. */
const ownedKeys = new Set([
  ...Object.values(conditionTaints).flatMap((byStatus) => Object.values(byStatus).map(([key]) => key)),
  unschedulableKey,
]);

/** The taints that a node should have: the users' own, and those of its conditions with the time since when. */
export function taintsFor(node: Node, nowMs: number): Taint[] {
  const stored = node.spec?.taints ?? [];
  const users = stored.filter(({ key }) => !ownedKeys.has(key));
  const wanted = (node.status?.conditions ?? []).flatMap(({ type, status }) => {
    const [key, effects] = conditionTaints[type]?.[status] ?? [undefined, []];
    return key === undefined ? [] : effects.map((effect) => ({ key, effect }));
  });
  if (node.spec?.unschedulable) wanted.push({ key: unschedulableKey, effect: 'NoSchedule' });
  const ours = wanted.map(({ key, effect }): Taint => {
    const same = stored.find((taint) => taint.key === key && taint.effect === effect);
    const since = effect === 'NoExecute' ? { timeAdded: `${new Date(nowMs).toISOString().slice(0, 19)}Z` } : {};
    return same ?? { key, effect, ...since };
  });
  return [...users, ...ours];
}

/** True where a toleration accepts a taint. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  return Boolean(toleration.key) && (toleration.value ?? '') === (taint.value ?? '');
}

/**
 * When a pod must leave a node with these taints, in milliseconds since the Unix epoch; undefined where it may stay.
 * A taint without a toleration evicts at once; of several tolerations the shortest counts.
 */
export function evictAtMs(pod: Pod, taints: readonly Taint[], nowMs: number): number | undefined {
  const times = taints
    .filter(({ effect }) => effect === 'NoExecute')
    .flatMap((taint) => {
      const accepting = (pod.spec.tolerations ?? []).filter((toleration) => tolerates(toleration, taint));
      const sinceMs = taint.timeAdded === undefined ? nowMs : Date.parse(taint.timeAdded);
      if (accepting.length === 0) return [sinceMs];
      const seconds = accepting.flatMap(({ tolerationSeconds }) =>
        tolerationSeconds === undefined ? [] : [tolerationSeconds],
      );
      return seconds.length === 0 ? [] : [sinceMs + Math.max(0, Math.min(...seconds)) * 1000];
    });
  return times.length === 0 ? undefined : Math.min(...times);
}

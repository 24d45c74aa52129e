import type { DaemonSet } from '@gantry/model/gen/gantry.apps.v1.ts';

/** How far a rolling update may go, in nodes. */
export interface Bounds {
  /** Nodes that may have an old pod and a new one. */
  readonly maxSurge: number;
  /** Nodes that may be without an available pod. */
  readonly maxUnavailable: number;
}

/** The bounds of a rolling update, of which percentages are rounded up. @param desired Nodes that should have a pod. */
export function boundsOf({ spec }: DaemonSet, desired: number): Bounds {
  const { type, rollingUpdate = {} } = spec.updateStrategy ?? {};
  if (type !== 'RollingUpdate') return { maxSurge: 0, maxUnavailable: 0 };
  const maxSurge = scaled(rollingUpdate.maxSurge ?? 0, desired);
  const maxUnavailable = scaled(rollingUpdate.maxUnavailable ?? 1, desired);
  // With neither nothing would ever go on.
  return desired > 0 && maxSurge === 0 && maxUnavailable === 0
    ? { maxSurge, maxUnavailable: 1 }
    : { maxSurge, maxUnavailable };
}

/** True where a node may have two pods. */
export function surges(set: DaemonSet): boolean {
  return boundsOf(set, 1).maxSurge > 0;
}

function scaled(value: number | string, total: number): number {
  return typeof value === 'number' ? value : Math.ceil((Number.parseInt(value, 10) * total) / 100);
}

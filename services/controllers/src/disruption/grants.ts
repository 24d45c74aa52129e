import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { PodDisruptionBudget } from '@gantry/model/gen/gantry.policy.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';

/** Milliseconds for which a granted eviction counts; a pod that is still there then is not going to go. */
const grantMs = 2 * 60_000;
/**
 * Milliseconds for which one counts that the wall clock calls over, from its first sight: the clock may have stepped, and the view of
 * pods may be late.
 */
const leastMs = 30_000;
/** Grants whose first sight is remembered. */
const maxGrants = 100_000;

/** Evictions of the pods of a budget. */
export interface GrantedEvictions {
  /** Names of pods whose eviction was granted and of whose end nothing was seen yet. */
  readonly granted: ReadonlySet<string>;
  /** Pods that are still there although their eviction was granted long ago. */
  readonly overdue: readonly Pod[];
  /** Milliseconds until the first of them is over; undefined where there is none. */
  readonly recheckMs: number | undefined;
}

/** Tells which evictions that a budget granted are still under way. */
export class Grants {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** First sights by the monotonic clock. */
  readonly #seenMs = new Map<string, number>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** The evictions that the status of a budget tells of, by the pods that it covers. */
  of({ metadata, status }: PodDisruptionBudget, pods: readonly Pod[], nowMs: number): GrantedEvictions {
    const granted = new Set<string>();
    const overdue: Pod[] = [];
    const waits: number[] = [];
    for (const pod of pods) {
      const time = status?.disruptedPods?.[pod.metadata.name];
      if (time === undefined || pod.metadata.deletionTimestamp !== undefined) continue;
      const waitMs = this.#waitMs(`${metadata.uid} ${pod.metadata.uid} ${time}`, Date.parse(time), nowMs);
      if (waitMs > 0) {
        granted.add(pod.metadata.name);
        waits.push(waitMs);
      } else overdue.push(pod);
    }
    return { granted, overdue, recheckMs: waits.length === 0 ? undefined : Math.min(...waits) };
  }

  /** Milliseconds for which a grant still counts. */
  #waitMs(id: string, grantedMs: number, nowMs: number): number {
    const monotonicMs = this.#clock.monotonic();
    const seenMs = this.#seenMs.get(id) ?? monotonicMs;
    if (!this.#seenMs.has(id)) {
      this.#seenMs.set(id, seenMs);
      const [oldest] = this.#seenMs.keys();
      if (this.#seenMs.size > maxGrants) this.#seenMs.delete(oldest!);
    }
    const byWallMs = Math.max(grantedMs + grantMs - nowMs, seenMs + leastMs - monotonicMs);
    return Math.min(seenMs + grantMs - monotonicMs, byWallMs);
  }
}

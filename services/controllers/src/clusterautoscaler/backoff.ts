import { backoffMs } from '@gantry/runtime/backoff.ts';

/** Bounds of how long a group that failed is left alone, in milliseconds. */
export interface GroupBackoffBounds {
  readonly initialNodeGroupBackoffMs: number;
  readonly maxNodeGroupBackoffMs: number;
  /** After so long without a failure the first wait is the shortest again. */
  readonly nodeGroupBackoffResetMs: number;
}

interface Failure {
  readonly atMs: number;
  readonly untilMs: number;
  readonly count: number;
  readonly code: string;
  readonly message: string;
}

/** Groups whose nodes did not come: each is left alone for a time that grows with each failure. */
export class GroupBackoff {
  readonly #bounds: GroupBackoffBounds;
  readonly #failures = new Map<string, Failure>();

  constructor(bounds: GroupBackoffBounds) {
    this.#bounds = bounds;
  }

  /** The group has failed. While it is left alone already nothing changes. */
  failed(group: string, code: string, message: string, nowMs: number): void {
    const known = this.#failures.get(group);
    if (known !== undefined && known.untilMs > nowMs) return;
    const {
      initialNodeGroupBackoffMs: initialMs,
      maxNodeGroupBackoffMs: maxMs,
      nodeGroupBackoffResetMs,
    } = this.#bounds;
    const count = known === undefined || nowMs - known.atMs >= nodeGroupBackoffResetMs ? 1 : known.count + 1;
    const waitMs = backoffMs({ initialMs, maxMs, factor: 2, jitter: 0 }, count, () => 0);
    this.#failures.set(group, { atMs: nowMs, untilMs: nowMs + waitMs, count, code, message });
  }

  /** Why the group is left alone now; undefined where it is not. */
  problem(group: string, nowMs: number): Pick<Failure, 'code' | 'message'> | undefined {
    const failure = this.#failures.get(group);
    return failure !== undefined && failure.untilMs > nowMs ? failure : undefined;
  }

  /** Milliseconds until the first group may be tried again; infinite where none waits. */
  leftMs(nowMs: number): number {
    const waits = [...this.#failures.values()].map(({ untilMs }) => untilMs - nowMs).filter((waitMs) => waitMs > 0);
    return Math.min(Number.POSITIVE_INFINITY, ...waits);
  }
}

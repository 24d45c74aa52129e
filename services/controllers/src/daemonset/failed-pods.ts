import type { DaemonSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';

/** The first wait, and the longest, in milliseconds (Kubernetes' numbers). */
const [initialMs, maxMs] = [1_000, 15 * 60_000];
/** Milliseconds after which a failure is forgotten. */
const memoryMs = 2 * maxMs;

/**
 * Waits between replacements of failed pods on one node: a kubelet that refuses a pod would refuse the next one as well. Each wait is twice the
 * one before. By the monotonic clock.
 */
export class FailedPods {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** In the order of their last replacements: no more entries than nodes whose pods failed of late, for each set. */
  readonly #nodes = new Map<string, { waitMs: number; sinceMs: number }>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Milliseconds until a failed pod on a node may be replaced; 0 where it is replaced now. */
  waitMs({ metadata, status }: DaemonSet, nodeName: string): number {
    const key = `${metadata.uid}/${status?.observedGeneration ?? 0}/${nodeName}`;
    const nowMs = this.#clock.monotonic();
    this.#forget(nowMs);
    const last = this.#nodes.get(key);
    const leftMs = last === undefined ? 0 : last.sinceMs + last.waitMs - nowMs;
    if (leftMs > 0) return leftMs;
    this.#nodes.delete(key);
    this.#nodes.set(key, {
      waitMs: last === undefined ? initialMs : Math.min(maxMs, last.waitMs * 2),
      sinceMs: nowMs,
    });
    return 0;
  }

  #forget(nowMs: number): void {
    for (const [key, { sinceMs }] of this.#nodes) {
      if (sinceMs + memoryMs > nowMs) return;
      this.#nodes.delete(key);
    }
  }
}

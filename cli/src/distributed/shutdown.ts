import type { Clock } from '@gantry/runtime/clock.ts';

/** A part that ends when it is asked to, and by force when it did not within the time. */
export interface Stoppable {
  stop(timeoutMs: number): PromiseLike<void>;
}

/** Least time of a group, even if earlier groups used up the budget. */
const leastMs = 2_000;

/**
 * Ends groups one after another and the parts of a group in parallel, all within one budget: a part that hangs delays no other part.
 */
export async function stopInOrder(
  groups: readonly (readonly Stoppable[])[],
  budgetMs: number,
  clock: Pick<Clock, 'monotonic'>,
): Promise<void> {
  const deadlineMs = clock.monotonic() + budgetMs;
  for (const group of groups) {
    const leftMs = Math.max(leastMs, deadlineMs - clock.monotonic());
    await Promise.allSettled(group.map((part) => part.stop(leftMs)));
  }
}

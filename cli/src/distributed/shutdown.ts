import type { Clock } from '@gantry/runtime/clock.ts';

/** A part that ends when it is asked to, and by force when it did not within the time. */
export interface Stoppable {
  stop(timeoutMs: number): PromiseLike<void>;
}

/** The last ones get this long at least, though others used the time up. */
const leastMs = 2_000;

/**
 * Ends groups one after another, the parts of a group side by side, all within one time: a part that hangs holds up nobody else, and
 * the user waits for one of them, not for each.
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

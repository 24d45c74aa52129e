/** Times of a schedule that nothing was started for, from more of which on it is worth a warning (Kubernetes' number). */
const manyMissed = 100;

/** The state of a schedule at a moment. */
export type Due =
  /** No time has come since the last one. */
  | { readonly type: 'none' }
  /** The most recent time that has come; older ones are skipped. */
  | { readonly type: 'due'; readonly atMs: number; readonly missedMany: boolean }
  /** The schedule has no times. */
  | { readonly type: 'never' };

/**
 * The time of a schedule for which something is to be started.
 *
 * @param sinceMs the last time that something was started for, the creation, or the earliest time that is not too late.
 * @param next the first time of the schedule after a moment; undefined where there is none.
 */
export function dueTime(sinceMs: number, nowMs: number, next: (afterMs: number) => number | undefined): Due {
  const first = next(sinceMs);
  const second = first === undefined ? undefined : next(first);
  if (first === undefined || second === undefined) return { type: 'never' };
  if (nowMs < first) return { type: 'none' };
  if (nowMs < second) return { type: 'due', atMs: first, missedMany: false };
  // Going through all of them could take for ever after a step of the clock: count steps of the first size, as Kubernetes does.
  const stepMs = Math.max(1000, Math.round((second - first) / 1000) * 1000);
  const missed = Math.floor((nowMs - first) / stepMs) + 1;
  let latest: number | undefined;
  for (let time = next(first + (missed - 2) * stepMs); time !== undefined && time <= nowMs; time = next(time)) {
    latest = time;
  }
  return latest === undefined ? { type: 'none' } : { type: 'due', atMs: latest, missedMany: missed > manyMissed };
}

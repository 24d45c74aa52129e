import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Compactor } from '@gantry/store/store.ts';

/** How much history the store keeps: clients that were away for less go on where they were. */
export interface Retention {
  /** Changes younger than this are kept, unless there are too many. */
  readonly keepMs: number;
  /** Most changes that are kept however young. */
  readonly keepRevisions: number;
}

/**
 * Five minutes, as kube-apiserver keeps at least, outlast a restart of any service; a hundred thousand changes are some 200 MB on disk.
 */
export const defaultRetention: Retention = { keepMs: 300_000, keepRevisions: 100_000 };

/** The store's revision at some time of the monotonic clock. */
export interface RevisionSample {
  readonly atMs: number;
  readonly revision: number;
}

const sampleEveryMs = 30_000;

/** The revision up to which history may go now, 0 for none. `samples` are in order of time. */
export function compactTo(samples: readonly RevisionSample[], current: number, nowMs: number, keep: Retention): number {
  const old = samples.findLast((sample) => sample.atMs <= nowMs - keep.keepMs);
  return Math.max(0, old?.revision ?? 0, current - keep.keepRevisions);
}

/** Compacts the store as time goes by, until the signal fires. Run by one leader. */
export async function keepCompacted(
  deps: {
    readonly store: Compactor;
    readonly clock: Clock;
    readonly log: Logger;
    /** The store's revision now. */
    readonly revision: () => number;
  },
  keep: Retention,
  signal: AbortSignal,
): Promise<void> {
  let samples: RevisionSample[] = [];
  let compacted = 0;
  while (!signal.aborted) {
    const nowMs = deps.clock.monotonic();
    const current = deps.revision();
    samples.push({ atMs: nowMs, revision: current });
    const wanted = compactTo(samples, current, nowMs, keep);
    // Of the samples that are old enough the last one says all that will be asked.
    const lastOld = samples.findLastIndex((sample) => sample.atMs <= nowMs - keep.keepMs);
    samples = samples.slice(Math.max(0, lastOld));
    if (wanted > compacted) {
      try {
        compacted = await deps.store.compact(wanted);
        deps.log.debug({ compacted }, 'history compacted');
      } catch (error) {
        deps.log.warn({ error }, 'the history could not be compacted');
      }
    }
    await deps.clock.sleep(sampleEveryMs, signal).catch(() => undefined);
  }
}

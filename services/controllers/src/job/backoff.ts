import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { failureCountOf, finishedAtMs, ignoredFailureCountOf } from './pods.ts';

/** Milliseconds until a pod is replaced after one failure, doubled for each further one, and at most. Kubernetes' figures. */
const firstBackoffMs = 10_000;
const mostBackoffMs = 10 * 60_000;

/** Failures in a row of a Job's pods, by which its next pods are held back. */
export interface Failures {
  /** Since the last success. */
  readonly count: number;
  /** When the last of them ended, in milliseconds since the Unix epoch; 0 where there is none. */
  readonly lastMs: number;
}

const none: Failures = { count: 0, lastMs: 0 };

/** Failures in a row after some more pods have ended. */
export function failuresAfter(before: Failures, succeeded: readonly Pod[], failed: readonly Pod[]): Failures {
  if (succeeded.length + failed.length === 0) return before;
  const base = succeeded.length === 0 ? before : none;
  const lastSuccessMs = Math.max(Number.NEGATIVE_INFINITY, ...ends(succeeded));
  const later = ends(failed).filter((ms) => ms > lastSuccessMs);
  if (later.length === 0) return base;
  return { count: base.count + later.length, lastMs: Math.max(...later) };
}

function ends(pods: readonly Pod[]): number[] {
  return pods.map(finishedAtMs);
}

/** Both clocks of a moment: the wall clock, in milliseconds since the Unix epoch, and the monotonic one. */
export interface Now {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/** A Job's failures, and those that a plan counts whose write nobody has seen yet. */
interface Memory {
  readonly uid: string;
  failures: Failures;
  /** Pods that `failures` has, and that may not be counted yet. */
  included: ReadonlySet<string>;
  planned: { readonly failures: Failures; readonly uids: ReadonlySet<string> } | undefined;
  /** When things were first seen by this process, by the monotonic clock: pods that failed, by uid, and starts of the Job, by time. */
  seenMs: Map<string, number>;
}

/** State of a Job's pods, as far as back-off goes by it. */
export interface Ended {
  /** Uid of the Job. */
  readonly uid: string;
  /** Pods that ended and are not counted yet. */
  readonly succeeded: readonly Pod[];
  readonly failed: readonly Pod[];
  /** True for a pod, by its uid, that a status counts already. */
  readonly isCounted: (uid: string) => boolean;
  /** Pods that were counted before this process knew the Job; read once. */
  readonly countedBefore: () => { readonly succeeded: readonly Pod[]; readonly failed: readonly Pod[] };
}

/** Failures of Jobs' pods by the Jobs' keys, kept while this process leads and made of the pods that are left at its start. */
export class BackoffMemory {
  readonly #byKey = new Map<string, Memory>();

  forget(key: string): void {
    this.#byKey.delete(key);
  }

  /** A Job's failures with those that ended since. They are kept once the status counts them, so that none is kept twice. */
  failures(key: string, ended: Ended): Failures {
    const memory = this.#memoryOf(key, ended);
    const { planned } = memory;
    if (planned !== undefined && [...planned.uids].some(ended.isCounted)) {
      memory.failures = planned.failures;
      memory.included = planned.uids;
    }
    const isNew = ({ metadata }: Pod): boolean => !memory.included.has(metadata.uid!);
    const failures = failuresAfter(memory.failures, ended.succeeded.filter(isNew), ended.failed.filter(isNew));
    const uids = new Set([...ended.succeeded, ...ended.failed].map(({ metadata }) => metadata.uid!));
    memory.planned = uids.size === 0 ? undefined : { failures, uids };
    return failures;
  }

  /** Milliseconds until a Job's next pod may be made; 0 or less where it may be at once. */
  remainingMs(key: string, failures: Failures, now: Now): number {
    return this.#remaining(key, `last ${failures.count} ${failures.lastMs}`, failures, now);
  }

  /** The same for an index whose last pod failed, and holds the number of failures before it. */
  remainingOfIndexMs(key: string, last: Pod | undefined, now: Now): number {
    if (last === undefined) return 0;
    const count = failureCountOf(last) + ignoredFailureCountOf(last) + 1;
    return this.#remaining(key, last.metadata.uid!, { count, lastMs: finishedAtMs(last) }, now);
  }

  /** Milliseconds since a moment, by whichever clock says more: a wall clock that steps back prolongs nothing. */
  elapsedMs(key: string, sinceMs: number, now: Now): number {
    return Math.max(now.wallMs - sinceMs, this.#seenForMs(key, `since ${sinceMs}`, now));
  }

  #remaining(key: string, what: string, { count, lastMs }: Failures, now: Now): number {
    if (count === 0) return 0;
    const backoffMs = Math.min(firstBackoffMs * 2 ** (count - 1), mostBackoffMs);
    return Math.min(lastMs + backoffMs - now.wallMs, backoffMs - this.#seenForMs(key, what, now));
  }

  /** Milliseconds since this process first asked for this, by the monotonic clock. */
  #seenForMs(key: string, what: string, { monotonicMs }: Now): number {
    const seen = this.#byKey.get(key)?.seenMs;
    if (seen === undefined) return 0;
    const sinceMs = seen.get(what) ?? monotonicMs;
    // The latest last, so that the oldest go first.
    seen.delete(what);
    seen.set(what, sinceMs);
    if (seen.size > maxSeen) seen.delete(seen.keys().next().value!);
    return monotonicMs - sinceMs;
  }

  #memoryOf(key: string, { uid, countedBefore }: Ended): Memory {
    const known = this.#byKey.get(key);
    if (known?.uid === uid) return known;
    const { succeeded, failed } = countedBefore();
    const memory: Memory = {
      uid,
      failures: failuresAfter(none, succeeded, failed),
      included: new Set(),
      planned: undefined,
      seenMs: new Map(),
    };
    this.#byKey.set(key, memory);
    return memory;
  }
}

/** Moments that are remembered of a Job; the wall clock alone counts for older ones. */
const maxSeen = 10_000;

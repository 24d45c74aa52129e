/**
 * The agent's memory of a pod between two steps. An agent that is killed loses it: it may then wait less than it should or run a
 * hook once more, but never starts anything twice, because the runtime alone says which containers run.
 */

/** A failure and the time of the next attempt. */
export interface Trouble {
  /** Kubernetes' reason of a waiting container, such as ErrImagePull or CreateContainerConfigError. */
  readonly reason: string;
  readonly message: string;
  /** How often in a row. */
  readonly failures: number;
  /** On the monotonic clock, as `retryAtMs` is. */
  readonly failedAtMs: number;
  readonly retryAtMs: number;
}

/** An action under way, one a key (see keyOf in action.ts). */
export type Operation =
  | { readonly kind: 'start' }
  /** The deadline is on the monotonic clock. */
  | { readonly kind: 'stop'; readonly deadlineMs: number }
  | { readonly kind: 'other' };

/** State of the pod's volumes on disk. */
export type VolumesState = 'unprepared' | 'ready' | 'cleaned';

export interface PodMemory {
  /** Time at which this agent first saw the pod, in milliseconds since the Unix epoch: the pod's start time if the api has none. */
  readonly seenAtMs: number;
  readonly volumes: VolumesState;
  /** Its directory on the node, with logs, is gone. */
  readonly diskCleaned: boolean;
  /** The last failure of each action, by its key. */
  readonly troubles: ReadonlyMap<string, Trouble>;
  readonly busy: ReadonlyMap<string, Operation>;
  /** Sandboxes whose stop (which frees the network) succeeded. */
  readonly stoppedSandboxes: ReadonlySet<string>;
  /** Instances that were stopped in order to restart, whatever their exit code (probe, hook, new image). */
  readonly killedToRestart: ReadonlySet<string>;
  /** Instances that were stopped in order to get another size: the next one starts at once. */
  readonly stoppedToResize: ReadonlySet<string>;
  /** First observation of exited instances, by container id, on the monotonic clock: no backoff depends on the wall clock alone. */
  readonly exitsSeen: ReadonlyMap<string, number>;
  /** Set once the pod is being ended, so that it never comes back: why, as status.reason and status.message. */
  readonly failed: { readonly reason: string; readonly message: string } | undefined;
  /** Set once the agent found a reason to evict the pod, such as too much storage used. */
  readonly eviction: { readonly message: string } | undefined;
}

/** Nothing happened yet. */
export function newMemory(nowMs: number): PodMemory {
  return {
    seenAtMs: nowMs,
    volumes: 'unprepared',
    diskCleaned: false,
    troubles: new Map(),
    busy: new Map(),
    stoppedSandboxes: new Set(),
    killedToRestart: new Set(),
    stoppedToResize: new Set(),
    exitsSeen: new Map(),
    failed: undefined,
    eviction: undefined,
  };
}

/** For how long a failed pull is shown as ErrImagePull before it shows as ImagePullBackOff, in milliseconds. */
export const pullErrorShownMs = 2_000;

/** Bounds of an exponential backoff, in milliseconds. */
export interface RetryWaits {
  readonly initialMs: number;
  readonly maxMs: number;
}

/** Backoffs by kind of action. Image pulls wait 10 s to 5 min, as with Kubernetes; configuration is retried soonest. */
export const retryWaits = {
  pull: { initialMs: 10_000, maxMs: 300_000 },
  config: { initialMs: 1_000, maxMs: 20_000 },
  create: { initialMs: 1_000, maxMs: 60_000 },
  volumes: { initialMs: 500, maxMs: 20_000 },
  sandbox: { initialMs: 1_000, maxMs: 60_000 },
  stop: { initialMs: 500, maxMs: 30_000 },
} as const satisfies Record<string, RetryWaits>;

/** The trouble after one more failure. */
export function troubleAfter(
  before: Trouble | undefined,
  failure: { readonly reason: string; readonly message: string; readonly waits: RetryWaits },
  monotonicMs: number,
): Trouble {
  const failures = before?.reason === failure.reason ? before.failures + 1 : 1;
  const waitMs = Math.min(failure.waits.maxMs, failure.waits.initialMs * 2 ** Math.min(failures - 1, 20));
  return {
    reason: failure.reason,
    message: failure.message,
    failures,
    failedAtMs: monotonicMs,
    retryAtMs: monotonicMs + waitMs,
  };
}

/** A map with one entry set, or taken out where the value is undefined. */
export function withEntry<V>(map: ReadonlyMap<string, V>, key: string, value: V | undefined): ReadonlyMap<string, V> {
  const copy = new Map(map);
  if (value === undefined) copy.delete(key);
  else copy.set(key, value);
  return copy;
}

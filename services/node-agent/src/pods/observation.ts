import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError, toGantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { contain } from '../contain.ts';
import type { ObservedSandbox, Observer } from '../runtime/runtime.ts';

/** The sandboxes of the runtime at one moment. */
export interface Snapshot {
  /** Sandboxes by pod uid, oldest first. */
  readonly byPod: ReadonlyMap<string, readonly ObservedSandbox[]>;
}

/** Frequency of observations. */
export interface ObservationTimes {
  /** Interval while nothing happens, in milliseconds. */
  readonly idleMs: number;
  /** Least time between two observations, in milliseconds: pods that start together share one. */
  readonly gapMs: number;
}

/** A runtime that is away for less than this (it restarts, say) is no problem, in milliseconds. */
const patienceMs = 5_000;
/**
 * An observation takes time from the runtime, so the gap after a slow one is this many times as long, up to a bound in milliseconds:
 * on a busy machine more pods share one observation.
 */
const busyGap = { factor: 4, mostMs: 150 } as const;
/** Backoff after failed observations, in milliseconds. */
const retryMs = { first: 200, most: 5_000 } as const;

/**
 * Observes the runtime for all pods of a node: periodically, after hints of the runtime, and after actions. All pods share each
 * observation.
 */
export class Observation implements AsyncDisposable {
  readonly #observer: Observer;
  readonly #clock: Clock;
  readonly #times: ObservationTimes;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  readonly #onChange: (podUids: ReadonlySet<string>) => void;
  readonly #tasks: Promise<void>[];
  #latest: Snapshot | undefined;
  #failing: { readonly sinceMs: number; readonly message: string } | undefined;
  #marks = new Map<string, string>();
  #next: Promise<Snapshot> | undefined;
  #looking: Promise<unknown> = Promise.resolve();
  /** Duration of the last observation, in milliseconds. */
  #tookMs = 0;

  /** @param onChange Called after an observation with the pods that changed. */
  constructor(
    observer: Observer,
    options: {
      readonly clock: Clock;
      readonly log: Logger;
      readonly times: ObservationTimes;
      readonly onChange: (podUids: ReadonlySet<string>) => void;
    },
  ) {
    this.#observer = observer;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#times = options.times;
    this.#onChange = options.onChange;
    this.#tasks = [this.#lookNowAndThen(), this.#followHints()];
  }

  /** The newest observation; undefined before the first. */
  get latest(): Snapshot | undefined {
    return this.#latest;
  }

  /** The error of a runtime that could not be observed for a while. */
  get problem(): string | undefined {
    const lasts = this.#failing !== undefined && this.#clock.monotonic() - this.#failing.sinceMs >= patienceMs;
    return lasts ? this.#failing?.message : undefined;
  }

  /** An observation that begins after this call. Rejects with Cancelled once this is disposed of. */
  refresh(): Promise<Snapshot> {
    if (this.#next === undefined) {
      const next = this.#looking.then(() => this.#look());
      this.#next = next;
      this.#looking = next.catch(() => {});
    }
    return this.#next;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#tasks);
    await this.#looking;
  }

  async #look(): Promise<Snapshot> {
    const { signal } = this.#stop;
    const gapMs = Math.max(this.#times.gapMs, Math.min(busyGap.mostMs, busyGap.factor * this.#tookMs));
    await this.#clock.sleep(gapMs, signal).catch(() => {});
    for (let waitMs: number = retryMs.first; ; waitMs = Math.min(retryMs.most, waitMs * 2)) {
      if (signal.aborted) throw new GantryError('Cancelled', 'the agent stops');
      // Callers from now on need an observation that begins later.
      this.#next = undefined;
      try {
        const beganMs = this.#clock.monotonic();
        const sandboxes = await this.#observer.observe(signal);
        this.#tookMs = this.#clock.monotonic() - beganMs;
        this.#failing = undefined;
        return this.#take(sandboxes);
      } catch (error) {
        if (signal.aborted) throw new GantryError('Cancelled', 'the agent stops');
        const sinceMs = this.#failing?.sinceMs ?? this.#clock.monotonic();
        this.#failing = { sinceMs, message: toGantryError(error).message };
        this.#log.warn({ error }, 'the runtime cannot be observed');
        await this.#clock.sleep(waitMs, signal).catch(() => {});
      }
    }
  }

  #take(sandboxes: readonly ObservedSandbox[]): Snapshot {
    const byPod = Map.groupBy(sandboxes, ({ podUid }) => podUid);
    const marks = new Map([...byPod].map(([uid, list]) => [uid, markOf(list)]));
    const changed = new Set([...marks].filter(([uid, mark]) => this.#marks.get(uid) !== mark).map(([uid]) => uid));
    for (const uid of this.#marks.keys()) if (!marks.has(uid)) changed.add(uid);
    const first = this.#latest === undefined;
    this.#latest = { byPod };
    this.#marks = marks;
    if (changed.size > 0 || first) contain(this.#log, 'news of the runtime', () => this.#onChange(changed));
    return this.#latest;
  }

  async #lookNowAndThen(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.refresh().catch(() => {});
      await this.#clock.sleep(this.#times.idleMs, this.#stop.signal).catch(() => {});
    }
  }

  async #followHints(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        for await (const _ of this.#observer.changes(signal)) await this.refresh();
      } catch (error) {
        if (!signal.aborted) this.#log.debug({ error }, 'the runtime gives no hints of changes');
      }
      await this.#clock.sleep(retryMs.most, signal).catch(() => {});
    }
  }
}

/** Fingerprint of everything in a pod's sandboxes that decisions depend on. */
function markOf(sandboxes: readonly ObservedSandbox[]): string {
  return sandboxes
    .map(({ id, ready, ips, containers }) => {
      const states = containers.map((container) => `${container.id}:${container.state.kind}`);
      return `${id} ${ready} ${ips.join(',')} ${states.join(' ')}`;
    })
    .join('\n');
}

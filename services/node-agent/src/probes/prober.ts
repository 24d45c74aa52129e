import type { Probe } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { CheckOutcome } from './outcome.ts';
import { afterCheck, initialState, isSettled, type ProbeKind, type ProbeState, timesOf } from './state.ts';
import { Ticker } from './ticker.ts';

/** Dependencies of a prober. */
export interface ProberDeps {
  readonly clock: Clock;
  readonly check: (timeoutMs: number, signal: AbortSignal) => Promise<CheckOutcome>;
  /** Called when the result changed. */
  readonly onResult: () => void;
  /** Called after each check that was no plain success. */
  readonly onTrouble: (outcome: CheckOutcome) => void;
  /** Called when probing failed in an unforeseen way; it goes on with the next tick. */
  readonly onError: (error: unknown) => void;
}

/**
 * Milliseconds after a first check that failed until an extra one of a container that was never ready; each further one comes after twice the time. A
 * server that listens after 80 ms is not kept waiting for a whole period.
 */
const firstExtraMs = 50;

/** Runs one probe of one container again and again until it is settled or disposed of. */
export class Prober implements Disposable {
  readonly kind: ProbeKind;
  readonly #probe: Probe;
  readonly #deps: ProberDeps;
  readonly #stop = new AbortController();
  #state: ProbeState;
  /** Milliseconds until the next check between two ticks. */
  #extraMs: number;

  /**
   * @param known Its success was reported already, by an agent before this one.
   * @param startedAtMs Time of the container's start, by the wall clock.
   */
  constructor(kind: ProbeKind, probe: Probe, known: boolean, startedAtMs: number, deps: ProberDeps) {
    this.kind = kind;
    this.#probe = probe;
    this.#deps = deps;
    this.#state = initialState(kind, known);
    this.#extraMs = !known && mayHurry(kind, probe) ? firstExtraMs : Number.POSITIVE_INFINITY;
    // The container may be older than this agent; a wall clock that was stepped back must not make it wait for longer than a new one.
    const ageMs = Math.max(0, deps.clock.now() - startedAtMs);
    void this.#run(Math.max(0, timesOf(probe).initialDelayMs - ageMs));
  }

  get result(): ProbeState['result'] {
    return this.#state.result;
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }

  async #run(delayMs: number): Promise<void> {
    const { clock, onError } = this.#deps;
    const { signal } = this.#stop;
    if (delayMs > 0) await clock.sleep(delayMs, signal).catch(() => {});
    const ticker = new Ticker(clock, timesOf(this.#probe).periodMs);
    for (let isExtra = false; !signal.aborted && !isSettled(this.kind, this.#state); ) {
      try {
        await this.#checkOnce(isExtra);
      } catch (error) {
        onError(error);
      }
      if (this.#state.result === 'success') this.#extraMs = Number.POSITIVE_INFINITY;
      isExtra = this.#extraMs < ticker.leftMs;
      if (isExtra) {
        await clock.sleep(this.#extraMs, signal).catch(() => {});
        this.#extraMs *= 2;
      } else await ticker.next(signal).catch(() => {});
    }
  }

  async #checkOnce(isExtra: boolean): Promise<void> {
    const times = timesOf(this.#probe);
    const { signal } = this.#stop;
    const outcome = await this.#deps.check(times.timeoutMs, signal);
    if (signal.aborted) return;
    // Failures count at the ticks of the period alone.
    if (isExtra && outcome.result !== 'success') return;
    const before = this.#state.result;
    if (outcome.result !== 'unknown') {
      this.#state = afterCheck(this.#state, outcome.result !== 'failure', times);
    }
    if (outcome.result !== 'success') this.#deps.onTrouble(outcome);
    if (this.#state.result !== before) this.#deps.onResult();
  }
}

/** Checks that say that a container is ready come early, where one is enough and costs next to nothing. */
function mayHurry(kind: ProbeKind, probe: Probe): boolean {
  return kind !== 'liveness' && timesOf(probe).successThreshold === 1 && probe.exec === undefined;
}

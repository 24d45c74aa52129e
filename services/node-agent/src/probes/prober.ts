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

/** Runs one probe of one container again and again until it is settled or disposed of. */
export class Prober implements Disposable {
  readonly kind: ProbeKind;
  readonly #probe: Probe;
  readonly #deps: ProberDeps;
  readonly #stop = new AbortController();
  #state: ProbeState;

  /**
   * @param known Its success was reported already, by an agent before this one.
   * @param startedAtMs Time of the container's start, by the wall clock.
   */
  constructor(kind: ProbeKind, probe: Probe, known: boolean, startedAtMs: number, deps: ProberDeps) {
    this.kind = kind;
    this.#probe = probe;
    this.#deps = deps;
    this.#state = initialState(kind, known);
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
    while (!signal.aborted && !isSettled(this.kind, this.#state)) {
      try {
        await this.#checkOnce();
      } catch (error) {
        onError(error);
      }
      await ticker.next(signal).catch(() => {});
    }
  }

  async #checkOnce(): Promise<void> {
    const times = timesOf(this.#probe);
    const { signal } = this.#stop;
    const outcome = await this.#deps.check(times.timeoutMs, signal);
    if (signal.aborted) return;
    const before = this.#state.result;
    if (outcome.result !== 'unknown') {
      this.#state = afterCheck(this.#state, outcome.result !== 'failure', times);
    }
    if (outcome.result !== 'success') this.#deps.onTrouble(outcome);
    if (this.#state.result !== before) this.#deps.onResult();
  }
}

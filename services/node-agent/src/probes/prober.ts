import type { Probe } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { CheckOutcome } from './check.ts';
import { afterCheck, initialState, isSettled, type ProbeKind, type ProbeState, timesOf } from './state.ts';

/** What a prober leans on. */
export interface ProberDeps {
  readonly clock: Clock;
  readonly check: (timeoutMs: number, signal: AbortSignal) => Promise<CheckOutcome>;
  /** Called when the result changed. */
  readonly onResult: () => void;
  readonly onFailedCheck: (message: string) => void;
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
   * @param startedAtMs When the container started.
   */
  constructor(kind: ProbeKind, probe: Probe, known: boolean, startedAtMs: number, deps: ProberDeps) {
    this.kind = kind;
    this.#probe = probe;
    this.#deps = deps;
    this.#state = initialState(kind, known);
    void this.#run(startedAtMs);
  }

  get result(): ProbeState['result'] {
    return this.#state.result;
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }

  async #run(startedAtMs: number): Promise<void> {
    const { clock, check } = this.#deps;
    const { signal } = this.#stop;
    const times = timesOf(this.#probe);
    // The container may be older than this agent.
    let waitMs = Math.max(0, startedAtMs + times.initialDelayMs - clock.now());
    while (!isSettled(this.kind, this.#state)) {
      await clock.sleep(waitMs, signal).catch(() => {});
      if (signal.aborted) return;
      const { ok, message } = await check(times.timeoutMs, signal);
      if (signal.aborted) return;
      if (!ok) this.#deps.onFailedCheck(message);
      this.#take(afterCheck(this.#state, ok, times));
      waitMs = times.periodMs;
    }
  }

  #take(next: ProbeState): void {
    const changed = next.result !== this.#state.result;
    this.#state = next;
    if (changed) this.#deps.onResult();
  }
}

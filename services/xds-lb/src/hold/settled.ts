/** Waits until Envoys have taken what they were sent. */
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Client } from 'envoy-control-plane-ts/server.ts';
import { endpointType } from 'envoy-control-plane-ts/type-urls.ts';

/** An Envoy that has not answered after this many milliseconds keeps nobody else waiting. */
const patienceMs = 2_000;
/** Milliseconds in which an Envoy is expected where none is connected, as after a start of this server. */
const connectMs = 10_000;

export class Settled {
  readonly #envoys: () => readonly Client[];
  readonly #clock: Clock;
  #waiters: (() => void)[] = [];

  /** @param envoys The Envoys that are connected now. */
  constructor(envoys: () => readonly Client[], clock: Clock) {
    this.#envoys = envoys;
    this.#clock = clock;
  }

  /** To be called when an Envoy said something or went. */
  changed(): void {
    if (this.#waiters.length === 0) return;
    // The answer to it is sent right after it was heard.
    setImmediate(() => {
      if (this.#isSettled()) for (const resolve of this.#waiters.splice(0)) resolve();
    });
  }

  /** Resolves when there is an Envoy and each has everything. */
  async wait(): Promise<void> {
    if (this.#isSettled()) return;
    const end = new AbortController();
    const waitMs = this.#envoys().length === 0 ? connectMs : patienceMs;
    await Promise.race([
      new Promise<void>((resolve) => this.#waiters.push(resolve)),
      this.#clock.sleep(waitMs, end.signal).catch(() => {}),
    ]);
    end.abort();
  }

  #isSettled(): boolean {
    const envoys = this.#envoys();
    return envoys.length > 0 && envoys.every(hasAll);
  }
}

/** True for an Envoy that has accepted or refused all that it was sent, endpoints among it. */
function hasAll({ subscriptions }: Client): boolean {
  return (
    subscriptions.some(({ typeUrl }) => typeUrl === endpointType) && subscriptions.every(({ pending }) => !pending)
  );
}

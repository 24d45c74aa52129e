import { backoffMs, defaultBackoff } from '@gantry/runtime/backoff.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { changeScript, fullScript } from './nft-text.ts';
import type { Ruleset } from './ruleset.ts';

/** Changes that come together are applied together: the wait after the first, in milliseconds. */
const gatherMs = 25;

/** Keeps the kernel's rules as they are to be. */
export class ServiceRules implements AsyncDisposable {
  readonly #nft: (script: string, signal: AbortSignal) => Promise<unknown>;
  readonly #wanted: () => Ruleset;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  /** What the kernel has; undefined where that is not known, so that everything is replaced. */
  #applied: Ruleset | undefined;
  #running: Promise<void> | undefined;
  #dirty = false;
  readonly #attempted = Promise.withResolvers<void>();

  /**
   * @param nft Hands a script to nft, which takes all of it or nothing.
   * @param wanted The rules as of now.
   */
  constructor(
    nft: (script: string, signal: AbortSignal) => Promise<unknown>,
    wanted: () => Ruleset,
    deps: { readonly clock: Clock; readonly log: Logger },
  ) {
    this.#nft = nft;
    this.#wanted = wanted;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  /** Something that rules are made from changed. */
  changed(): void {
    this.#dirty = true;
    this.#running ??= this.#drain().finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves after the first attempt; what failed is tried again. */
  get attempted(): Promise<void> {
    return this.#attempted.promise;
  }

  /** Leaves the rules in place: traffic goes on without an agent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#attempted.resolve();
    await this.#running;
  }

  async #drain(): Promise<void> {
    for (let failures = 0; this.#dirty && !this.#stop.signal.aborted; ) {
      await this.#clock
        .sleep(failures === 0 ? gatherMs : backoffMs(defaultBackoff, failures), this.#stop.signal)
        .catch(() => {});
      if (this.#stop.signal.aborted) return;
      this.#dirty = false;
      failures = (await this.#apply(this.#wanted())) ? 0 : failures + 1;
    }
  }

  async #apply(wanted: Ruleset): Promise<boolean> {
    const script = this.#applied === undefined ? fullScript(wanted) : changeScript(this.#applied, wanted);
    try {
      if (script !== '') await this.#nft(script, this.#stop.signal);
      this.#applied = wanted;
      return true;
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#log.warn({ error }, 'service addresses could not be programmed');
      this.#applied = undefined;
      this.#dirty = true;
      return false;
    } finally {
      this.#attempted.resolve();
    }
  }
}

import { backoffMs, defaultBackoff } from '@gantry/runtime/backoff.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { UdpFlows } from './conntrack.ts';
import { changeScript, fullScript } from './nft-text.ts';
import type { Ruleset } from './ruleset.ts';

/** Changes that come together are applied together: the wait after the first, in milliseconds. */
const gatherMs = 25;

/** Dependencies of ServiceRules. */
export interface ServiceRulesDeps {
  /** Hands a script to nft, which takes all of it or nothing. */
  readonly nft: (script: string, signal: AbortSignal) => Promise<unknown>;
  /** The rules as of now. */
  readonly wanted: () => Ruleset;
  readonly flows: Pick<UdpFlows, 'settle'>;
  /** Range of all service addresses. */
  readonly serviceCidr: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Keeps the kernel's rules, and the flows that it tracks, in step with the services. */
export class ServiceRules implements AsyncDisposable {
  readonly #deps: ServiceRulesDeps;
  readonly #stop = new AbortController();
  /** Rules that the kernel has; undefined if that is not known, so that everything is replaced. */
  #applied: Ruleset | undefined;
  #running: Promise<void> | undefined;
  #dirty = false;
  readonly #attempted = Promise.withResolvers<void>();

  constructor(deps: ServiceRulesDeps) {
    this.#deps = deps;
  }

  /** To be called when an input of the rules changed. */
  changed(): void {
    this.#dirty = true;
    this.#running ??= this.#drain();
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
    const { signal } = this.#stop;
    for (let failures = 0; this.#dirty && !signal.aborted; ) {
      const pauseMs = failures === 0 ? gatherMs : backoffMs(defaultBackoff, failures);
      await this.#deps.clock.sleep(pauseMs, signal).catch(() => {});
      if (signal.aborted) break;
      this.#dirty = false;
      const done = (await this.#apply()) && (await this.#settle());
      failures = done ? 0 : failures + 1;
      if (!done) this.#dirty = true;
    }
    this.#running = undefined;
  }

  async #apply(): Promise<boolean> {
    const { nft, wanted, serviceCidr, log } = this.#deps;
    const { signal } = this.#stop;
    try {
      const rules = wanted();
      const script = this.#applied === undefined ? fullScript(rules, serviceCidr) : changeScript(this.#applied, rules);
      if (script !== '') await nft(script, signal);
      this.#applied = rules;
      return true;
    } catch (error) {
      if (!signal.aborted) log.warn({ error }, 'service addresses could not be programmed');
      this.#applied = undefined;
      return false;
    } finally {
      this.#attempted.resolve();
    }
  }

  /** Clears stale flows once the kernel has the rules. */
  async #settle(): Promise<boolean> {
    try {
      if (this.#applied !== undefined) await this.#deps.flows.settle(this.#applied, this.#stop.signal);
      return true;
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#deps.log.warn({ error }, 'UDP flows are not in step with the rules yet');
      return false;
    }
  }
}

/**
 * Leader election: of several like processes one acts at a time. It is the same for every kind of lease (a row of the
 * store, a Lease object); what differs is how a lease is taken.
 */
import { type BackoffPolicy, backoffMs } from './backoff.ts';
import { type Clock, systemClock } from './clock.ts';
import { GantryError, isError } from './errors.ts';

/** Outcome of an attempt to take or renew a lease. */
export type Taken =
  /** It is ours from before the attempt began, for its whole duration. The fencing token grows with each change of holder. */
  | { readonly token: number }
  /** Another holds it; it need not be asked for sooner than in this time, in milliseconds. */
  | { readonly waitMs: number };

/** A lease that one candidate has at a time. */
export interface Lease {
  /**
   * Takes the lease, or renews it.
   * @param bounds How long the answer is waited for, in milliseconds; the signal fires when nobody waits any more.
   */
  take(bounds: { readonly signal: AbortSignal; readonly timeoutMs: number }): Promise<Taken>;
  /** Lets others take it at once, where it is ours. */
  release(bounds: { readonly timeoutMs: number }): Promise<void>;
}

/** How a leader is found. */
export interface LeadershipOptions {
  readonly lease: Lease;
  /** Milliseconds without a renewal after which others can take the lease. */
  readonly durationMs: number;
  /** Acts until the signal fires, which it does before anybody else can hold the lease. */
  readonly lead: (signal: AbortSignal, token: number) => Promise<void>;
  /** Hears of attempts and of terms that failed; they are repeated. */
  readonly onError: (error: unknown) => void;
  readonly clock?: Clock;
}

/** A candidate renews each third of the duration, and stops leading when a third of it is left. */
const parts = 3;
const retryBackoff: BackoffPolicy = { initialMs: 200, maxMs: 2_000, factor: 2, jitter: 0.2 };

/**
 * Runs `lead` whenever this process holds the lease, until the signal fires; then gives the lease up. All times are
 * those of the monotonic clock, and the lease counts from before the request, so that the signal fires before others can
 * take over, however long an answer takes.
 */
export async function whileLeading(options: LeadershipOptions, signal: AbortSignal): Promise<void> {
  const candidate = new Candidate(options);
  while (!signal.aborted) {
    const token = await candidate.becomeLeader(signal);
    if (token !== undefined) await candidate.lead(token, signal);
  }
  await candidate.giveUp();
}

class Candidate {
  readonly #options: LeadershipOptions;
  readonly #clock: Clock;
  readonly #periodMs: number;
  #renewedMs = Number.NEGATIVE_INFINITY;
  #hasTaken = false;

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#periodMs = options.durationMs / parts;
  }

  /** Resolves with the token when the lease is ours, with undefined when the signal fires. */
  async becomeLeader(signal: AbortSignal): Promise<number | undefined> {
    for (let failures = 0; !signal.aborted; ) {
      try {
        const taken = await this.#take(signal, this.#options.durationMs);
        if ('token' in taken && this.#leftMs() > 0) return taken.token;
        failures = 0;
        // Looks in now and then, as the holder may give the lease up. A lease that took too long to get is renewed at once.
        if ('waitMs' in taken) await this.#sleep(Math.min(taken.waitMs, this.#periodMs), signal);
      } catch (error) {
        if (signal.aborted) return undefined;
        // Somebody was faster, which is what an election is about.
        if (!isError(error, 'Conflict', 'AlreadyExists')) this.#report(error);
        await this.#sleep(backoffMs(retryBackoff, ++failures), signal);
      }
    }
    return undefined;
  }

  /** One term: acts and renews side by side until either ends. */
  async lead(token: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const leading = AbortSignal.any([signal, over.signal]);
    let failed = false;
    const acting = (async () => {
      try {
        await this.#options.lead(leading, token);
      } catch (error) {
        failed = !leading.aborted;
        if (failed) this.#report(error);
      } finally {
        over.abort();
      }
    })();
    await this.#renewUntilLost(token, leading);
    over.abort();
    await acting;
    // A term that fails at once is not followed by the next one at once.
    if (failed) await this.#sleep(this.#periodMs, signal);
  }

  /** Lets others lead at once. */
  async giveUp(): Promise<void> {
    if (!this.#hasTaken) return;
    try {
      const timeoutMs = this.#options.durationMs;
      await this.#bounded((bounds) => this.#options.lease.release(bounds), new AbortController().signal, timeoutMs);
    } catch (error) {
      this.#report(error);
    }
  }

  /**
   * Renews each period; returns when others may soon take over, when somebody else has the lease or had it meanwhile (the
   * token is another), or the signal fires.
   */
  async #renewUntilLost(token: number, signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const pauseMs = failures === 0 ? this.#periodMs : retryBackoff.initialMs;
      await this.#sleep(Math.min(pauseMs, this.#leftMs()), signal);
      const leftMs = this.#leftMs();
      if (signal.aborted || leftMs <= 0) return;
      try {
        const taken = await this.#take(signal, leftMs);
        if (!('token' in taken) || taken.token !== token) return;
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        this.#report(error);
        failures += 1;
      }
    }
  }

  /** How long this process may still lead. */
  #leftMs(): number {
    return this.#renewedMs + this.#options.durationMs - this.#periodMs - this.#clock.monotonic();
  }

  async #take(signal: AbortSignal, timeoutMs: number): Promise<Taken> {
    const startedMs = this.#clock.monotonic();
    const taken = await this.#bounded((bounds) => this.#options.lease.take(bounds), signal, timeoutMs);
    if ('token' in taken) {
      this.#renewedMs = startedMs;
      this.#hasTaken = true;
    }
    return taken;
  }

  /** Awaits a call; rejects with Timeout after `timeoutMs` even if the call does not keep to its bounds. */
  async #bounded<T>(
    call: (bounds: { readonly signal: AbortSignal; readonly timeoutMs: number }) => Promise<T>,
    outer: AbortSignal,
    timeoutMs: number,
  ): Promise<T> {
    const ended = new AbortController();
    const signal = AbortSignal.any([outer, ended.signal]);
    const tooLate = this.#clock.sleep(timeoutMs, signal).then(() => {
      throw new GantryError('Timeout', `the lease was not answered for in ${Math.round(timeoutMs)} ms`);
    });
    tooLate.catch(() => {});
    try {
      return await Promise.race([call({ signal, timeoutMs }), tooLate]);
    } finally {
      ended.abort();
    }
  }

  #report(error: unknown): void {
    try {
      this.#options.onError(error);
    } catch {
      // There is nobody left to tell.
    }
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (ms > 0) await this.#clock.sleep(ms, signal).catch(() => {});
  }
}

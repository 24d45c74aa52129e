import type { Clock } from '@gantry/runtime/clock.ts';
import { checkKey, checkTtl, checkValue } from './limits.ts';
import type { Ephemeral } from './store.ts';

interface Expiring {
  readonly value: string;
  /** On the monotonic clock, as everything here: a step of the time neither ends nor prolongs anything. */
  readonly expiresAtMs: number;
}

interface Lease {
  readonly holder: string;
  readonly token: Promise<number>;
  expiresAtMs: number;
}

/** Puts between two sweeps of expired values, which bound the memory of values that nobody lists. */
const putsPerSweep = 1000;

/**
 * Ephemeral values in the memory of the only process that has the store: they end with it, which is what their times to
 * live would do to them soon after. Only fencing tokens must outlive it; `nextToken` makes them, durably.
 */
export class MemoryEphemeral implements Ephemeral {
  readonly #clock: Clock;
  readonly #nextToken: (key: string) => Promise<number>;
  readonly #values = new Map<string, Expiring>();
  readonly #leases = new Map<string, Lease>();
  #puts = 0;

  constructor(clock: Clock, nextToken: (key: string) => Promise<number>) {
    this.#clock = clock;
    this.#nextToken = nextToken;
  }

  async put(key: string, value: string, ttlMs: number): Promise<void> {
    checkKey(key);
    checkValue(value);
    checkTtl(ttlMs);
    this.#puts += 1;
    if (this.#puts % putsPerSweep === 0) this.#sweep();
    this.#values.set(key, { value, expiresAtMs: this.#clock.monotonic() + ttlMs });
  }

  async list(prefix: string): Promise<ReadonlyMap<string, string>> {
    this.#sweep();
    const found = new Map<string, string>();
    for (const [key, { value }] of this.#values) if (key.startsWith(prefix)) found.set(key, value);
    return found;
  }

  async acquire(key: string, holder: string, ttlMs: number): Promise<number | undefined> {
    checkKey(key);
    checkKey(holder, 'holder');
    checkTtl(ttlMs);
    const now = this.#clock.monotonic();
    const lease = this.#leases.get(key);
    if (lease !== undefined && lease.expiresAtMs > now) {
      if (lease.holder !== holder) return undefined;
      lease.expiresAtMs = now + ttlMs;
      return lease.token;
    }
    // Taken before the token is known, so that no one else takes it while the disk is waited for.
    const taken: Lease = { holder, token: this.#nextToken(key), expiresAtMs: now + ttlMs };
    this.#leases.set(key, taken);
    try {
      return await taken.token;
    } catch (error) {
      if (this.#leases.get(key) === taken) this.#leases.delete(key);
      throw error;
    }
  }

  async release(key: string, holder: string): Promise<void> {
    checkKey(key);
    if (this.#leases.get(key)?.holder === holder) this.#leases.delete(key);
  }

  #sweep(): void {
    const now = this.#clock.monotonic();
    for (const [key, { expiresAtMs }] of this.#values) if (expiresAtMs <= now) this.#values.delete(key);
  }
}

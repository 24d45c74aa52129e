import { checkKey, checkTtl, checkValue } from './limits.ts';
import type { RedisKeys } from './redis-keys.ts';
import { type Script, scripts } from './redis-scripts.ts';
import type { Ephemeral } from './store.ts';

/** Runs a script until it is answered, see callUntilAnswered. */
export type RunScript = (
  script: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<unknown>;

/** Ephemeral values and leases in Redis, by the clock of the server. */
export class RedisEphemeral implements Ephemeral {
  readonly #keys: RedisKeys;
  readonly #run: RunScript;

  constructor(keys: RedisKeys, run: RunScript) {
    this.#keys = keys;
    this.#run = run;
  }

  async put(key: string, value: string, ttlMs: number): Promise<void> {
    checkKey(key);
    checkValue(value);
    checkTtl(ttlMs);
    await this.#run(scripts.ephemeralPut, this.#valueKeys(), [key, value, ttlMs]);
  }

  async list(prefix: string): Promise<ReadonlyMap<string, string>> {
    const reply = (await this.#run(scripts.ephemeralList, this.#valueKeys(), [prefix])) as string[];
    const found = new Map<string, string>();
    for (let index = 0; index < reply.length; index += 2) found.set(reply[index]!, reply[index + 1]!);
    return found;
  }

  async acquire(key: string, holder: string, ttlMs: number): Promise<number | undefined> {
    checkKey(key);
    checkKey(holder, 'holder');
    checkTtl(ttlMs);
    const keys = [this.#keys.lease(key), this.#keys.tokens];
    const token = (await this.#run(scripts.leaseAcquire, keys, [key, holder, ttlMs])) as number;
    return token === 0 ? undefined : token;
  }

  async release(key: string, holder: string): Promise<void> {
    checkKey(key);
    await this.#run(scripts.leaseRelease, [this.#keys.lease(key)], [holder]);
  }

  #valueKeys(): readonly string[] {
    return [this.#keys.ephemeralValues, this.#keys.ephemeralExpiries];
  }
}

import { type BackoffPolicy, backoffMs } from '@gantry/runtime/backoff.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Entry, Operation, Store } from '@gantry/store/store.ts';
import { unreadable } from './cipher.ts';
import type { EncryptionRules } from './config.ts';
import { type CipherOf, cipherOfKey } from './store.ts';

/** Entries that are looked at, and written, together. */
const pageEntries = 100;
const awayBackoff: BackoffPolicy = { initialMs: 100, maxMs: 10_000, factor: 2, jitter: 0.2 };

export interface RewriteDeps {
  /** The store with the texts as they are kept. */
  readonly store: Pick<Store, 'list' | 'commit'>;
  readonly cipherOf: CipherOf;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Outcome of a rewriting. */
export interface Rewritten {
  /** Objects that were written anew. */
  readonly written: number;
  /** Objects that cannot be read, and stay as they are. */
  readonly unreadable: number;
}

/**
 * Writes each object anew that the first provider would store otherwise: after a new key came, nothing needs the old one once this is done.
 * Objects that somebody changes meanwhile are written as they are then. Resolves early when the signal fires.
 */
export async function rewriteStale(deps: RewriteDeps, rules: EncryptionRules, signal: AbortSignal): Promise<Rewritten> {
  const total = { written: 0, unreadable: 0 };
  for (const prefix of prefixesOf(rules)) {
    let after: string | undefined;
    for (let failures = 0; !signal.aborted; ) {
      try {
        const page = await deps.store.list({ prefix, limit: pageEntries, ...(after !== undefined && { after }) });
        const { written, unreadable } = await rewritePage(deps, page.entries);
        total.written += written;
        total.unreadable += unreadable;
        after = page.entries.at(-1)?.key;
        failures = 0;
        if (!page.more) break;
      } catch (error) {
        if (!isError(error, 'ServiceUnavailable', 'TooManyRequests')) throw error;
        await deps.clock.sleep(backoffMs(awayBackoff, ++failures), signal).catch(() => undefined);
      }
    }
  }
  if (total.written + total.unreadable > 0) deps.log.info(total, 'objects were encrypted anew');
  return total;
}

/** Prefixes of the keys that rules are about. */
function prefixesOf(rules: EncryptionRules): readonly string[] {
  const names = rules.flatMap(({ resources }) => resources);
  return names.some((name) => name.startsWith('*')) ? [''] : [...new Set(names)].map((name) => `${name}/`);
}

async function rewritePage({ store, cipherOf }: RewriteDeps, entries: readonly Entry[]): Promise<Rewritten> {
  const operations: Operation[] = [];
  let lost = 0;
  for (const { key, value, revision } of entries) {
    const cipher = cipherOfKey(key, cipherOf);
    if (!cipher?.isStale(value)) continue;
    const text = cipher.decrypt(key, value);
    if (unreadable(text) !== undefined) lost++;
    else operations.push({ type: 'put', key, value: cipher.encrypt(key, text), expected: revision });
  }
  for (let left = operations; left.length > 0; ) {
    const result = await store.commit(left);
    if (result.ok) return { written: left.length, unreadable: lost };
    // Somebody wrote it just now, by the first provider.
    left = left.filter((_, index) => index !== result.failedIndex);
  }
  return { written: 0, unreadable: lost };
}

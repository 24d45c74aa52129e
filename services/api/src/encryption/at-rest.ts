import { type Clock, systemClock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { OpenStore } from '@gantry/store/store.ts';
import { ciphersOf } from './cipher.ts';
import type { EncryptionRules } from './config.ts';
import { rewriteStale } from './rewrite.ts';
import { encryptedStore } from './store.ts';

/** A store by the rules of an encryption configuration. */
export interface AtRest {
  /** The store as everything else sees it: in clear text. */
  readonly store: OpenStore;
  /** Whether the objects of a resource, such as `secrets`, may be in clear text nowhere but in the api. */
  isEncrypted(resource: string): boolean;
  /** Writes anew what the first provider would store otherwise. Resolves when that is done, or the signal fires. */
  rewrite(signal: AbortSignal): Promise<void>;
}

/** Encrypts what the rules say; without rules the store is what it was. */
export function encryptAtRest(
  store: OpenStore,
  rules: EncryptionRules = [],
  { clock = systemClock, log }: { readonly clock?: Clock | undefined; readonly log: Logger },
): AtRest {
  const cipherOf = ciphersOf(rules);
  return {
    store: rules.length === 0 ? store : encryptedStore(store, cipherOf),
    isEncrypted: (resource) => cipherOf(resource) !== undefined,
    rewrite: async (signal) => void (await rewriteStale({ store, cipherOf, clock, log }, rules, signal)),
  };
}

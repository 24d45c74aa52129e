/** The errors that both stores share, in Kubernetes' wording where it has one (its storage layer's for etcd). */
import { GantryError } from '@gantry/runtime/errors.ts';

/** A watch wants changes that were compacted. */
export function watchExpired(): GantryError {
  return new GantryError('Expired', 'The resourceVersion for the provided watch is too old.');
}

/** A list wants the state at a revision that was compacted; `continued` where it asks for a page after the first. */
export function listExpired(continued: boolean): GantryError {
  if (!continued) return new GantryError('Expired', 'The resourceVersion for the provided list is too old.');
  return new GantryError(
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. ' +
      'You must start a new list without the continue parameter.',
  );
}

/**
 * A revision that this store has not reached. Kubernetes calls it a timeout, because its caches may lag; here there is
 * one truth, so that the revision is another store's, or was lost with the server's disk: only a new list helps.
 */
export function revisionTooLarge(asked: number, current: number): GantryError {
  return new GantryError('Expired', `Too large resource version: ${asked}, current: ${current}`);
}

/** The store was disposed of. */
export function storeClosed(): GantryError {
  return new GantryError('ServiceUnavailable', 'the store is closed');
}

/** More commits wait than the store holds. */
export function tooManyWaiting(waiting: number): GantryError {
  return new GantryError('TooManyRequests', `${waiting} commits are waiting for the store already, try again later`, {
    retryAfterMs: 1000,
  });
}

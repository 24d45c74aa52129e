import { backoffMs } from '@gantry/runtime/backoff.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { conflict, type GantryError, type ResourceInfo } from '@gantry/runtime/errors.ts';
import type { Operation, Store } from '@gantry/store/store.ts';
import { type ObjectCache, storedBy } from './stored-object.ts';

/** The writes that a request decided on. */
export interface Decision {
  /** All of these or none. */
  readonly operations: readonly Operation[];
  /** Index of the operation about the object itself; its revision becomes the object's resourceVersion. */
  readonly subject: number;
  /**
   * Called when an operation met another revision than it expected. Returns the error to end with; undefined decides
   * anew on what is stored now.
   */
  readonly lost?: (failedIndex: number, actual: number) => GantryError | undefined;
}

export interface CommitDeps {
  readonly store: Pick<Store, 'commit'>;
  readonly cache: ObjectCache;
  readonly clock: Clock;
}

/** How often a request decides anew after somebody else was faster, before its caller is told to. */
export const maxCommitAttempts = 16;
const retryPause = { initialMs: 1, maxMs: 50, factor: 2, jitter: 0.9 };

/**
 * Commits what `decide` plans, deciding anew while others change what the plan stood on.
 * @param decide Reads and plans; undefined means that nothing is to be written.
 * @returns Revision of the object, or undefined where nothing was written.
 */
export async function commitDecision(
  deps: CommitDeps,
  about: ResourceInfo,
  decide: (attempt: number) => Promise<Decision | undefined>,
): Promise<number | undefined> {
  for (let attempt = 1; attempt <= maxCommitAttempts; attempt++) {
    const decision = await decide(attempt);
    if (decision === undefined) return undefined;
    const result = await deps.store.commit(decision.operations);
    if (result.ok) {
      noteCommitted(deps.cache, decision.operations, result.revisions);
      return result.revisions[decision.subject];
    }
    deps.cache.forget(decision.operations[result.failedIndex]!.key);
    const refusal = decision.lost?.(result.failedIndex, result.actual);
    if (refusal !== undefined) throw refusal;
    // The first retry costs nothing; those after wait a little, each loser for another while.
    if (attempt > 1) await deps.clock.sleep(backoffMs(retryPause, attempt - 1));
  }
  throw conflict(about);
}

/** Keeps the cache in step with a commit, so that a write that follows finds its own work. */
export function noteCommitted(
  cache: ObjectCache,
  operations: readonly Operation[],
  revisions: readonly number[],
): void {
  for (const [index, operation] of operations.entries()) {
    if (operation.type === 'delete') cache.forget(operation.key);
    if (operation.type === 'put') cache.keep(storedBy(operation, revisions[index]!));
  }
}

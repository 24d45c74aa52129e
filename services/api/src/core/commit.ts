import { backoffMs } from '@gantry/runtime/backoff.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { conflict, type GantryError, type ResourceInfo } from '@gantry/runtime/errors.ts';
import type { CommitResult, Operation, Store } from '@gantry/store/store.ts';
import type { CommittedBatch } from '../admission/admission.ts';
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
  /** Called once when this attempt is over, committed or not. */
  readonly settle?: ((committed?: CommittedBatch) => void) | undefined;
}

export interface CommitDeps {
  readonly store: Pick<Store, 'commit'>;
  readonly cache: ObjectCache;
  readonly clock: Clock;
}

/** How often a request decides anew after somebody else wrote the same object first, before its caller is told to. */
export const maxCommitAttempts = 16;
/** The same where others wrote what the request shares with them, such as a quota: its caller can do nothing about that. */
const maxSharedAttempts = 256;
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
  for (let attempt = 1, own = 0; own < maxCommitAttempts && attempt <= maxSharedAttempts; attempt++) {
    const decision = await decide(attempt);
    if (decision === undefined) return undefined;
    const result = await commitBatch(deps, decision.operations, decision.settle);
    if (result.ok) return result.revisions[decision.subject];
    deps.cache.forget(decision.operations[result.failedIndex]!.key);
    const refusal = decision.lost?.(result.failedIndex, result.actual);
    if (refusal !== undefined) throw refusal;
    if (result.failedIndex === decision.subject) own++;
    // The first retry costs nothing; those after wait a little, each loser for another while.
    if (attempt > 1) await deps.clock.sleep(backoffMs(retryPause, attempt - 1));
  }
  throw conflict(about);
}

/** Commits a batch, and tells those who planned it how that went. */
export async function commitBatch(
  { store, cache }: Pick<CommitDeps, 'store' | 'cache'>,
  operations: readonly Operation[],
  settle: Decision['settle'],
): Promise<CommitResult> {
  let batch: CommittedBatch | undefined;
  try {
    const result = await store.commit(operations);
    if (result.ok) {
      batch = { operations, revisions: result.revisions };
      noteCommitted(cache, operations, result.revisions);
    }
    return result;
  } finally {
    settle?.(batch);
  }
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

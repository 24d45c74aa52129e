import type { ItemResult } from '@gantry/client/api.ts';
import { GantryError, GrpcCode, reasonTable, toGantryError } from '@gantry/runtime/errors.ts';
import type { Operation, Store } from '@gantry/store/store.ts';
import { noteCommitted } from '../core/commit.ts';
import type { ObjectCache, Stored } from '../core/stored-object.ts';

// Batches of small writes, each item on its own: as many as possible share one commit, and one that lost a race is
// decided anew without holding back the others.

/** The decision about one item. */
export type ItemPlan =
  | { readonly type: 'write'; readonly operation: Operation }
  /** It is as wanted already, at this revision. */
  | { readonly type: 'unchanged'; readonly revision: number }
  | { readonly type: 'refused'; readonly error: GantryError };

/** Decides about items in order; an instance lives for one attempt, so it may count what it gave to earlier items. */
export interface BatchPlanner<T> {
  plan(item: T, stored: Stored | undefined): ItemPlan;
  /** Operations that the planned writes stand on, put behind them in the same commit. */
  guards(): readonly Operation[];
}

/** The items of a batch, and the way in which they are decided on. */
export interface Batch<T> {
  readonly items: readonly T[];
  /** Store key of the object that an item is about. Two items of a batch may have the same. */
  readonly keyOf: (item: T) => string;
  readonly planner: () => BatchPlanner<T>;
  /** Called when a guard met another revision, before its items are decided anew. */
  readonly onGuardLost?: (key: string, actual: number) => Promise<void>;
  /** Called after each commit with what was written. */
  readonly onCommitted?: (operations: readonly Operation[], revisions: readonly number[]) => void;
}

export interface BatchDeps {
  readonly store: Pick<Store, 'get' | 'commit'>;
  readonly cache: ObjectCache;
}

/** Attempts of one commit before it is cut in two, so that the items in trouble hold back fewer others each time. */
const attemptsPerSize = 4;
/** Attempts of a single item before its caller is told to try again. */
const attemptsAlone = 8;
/** Items of one commit; with their guards below the 1,024 operations that a store takes. */
export const maxItemsPerCommit = 500;

/** Carries a batch out; one result an item, in order. Rejects only when the store fails. */
export async function runBatch<T>(deps: BatchDeps, batch: Batch<T>): Promise<ItemResult[]> {
  const results = new Array<ItemResult>(batch.items.length);
  for (let start = 0; start < batch.items.length; start += maxItemsPerCommit) {
    const end = Math.min(batch.items.length, start + maxItemsPerCommit);
    const indexes = Array.from({ length: end - start }, (_, offset) => start + offset);
    await runPart(deps, batch, indexes, results);
  }
  return results;
}

/**
 * Carries a batch out as a whole, in one commit: where one item is refused, so are all. Of at most maxItemsPerCommit items.
 * Rejects only when the store fails.
 */
export async function runWhole<T>(deps: BatchDeps, batch: Batch<T>): Promise<ItemResult[]> {
  const part = batch.items.map((_, index) => index);
  const fresh = new Map<string, Stored | undefined>();
  for (let attempt = 1; attempt <= attemptsAlone; attempt++) {
    const decided = await planPart(deps, batch, part, fresh);
    const plans = part.map((index) => decided.plans.get(index)!);
    if (plans.some((plan) => plan === 'later' || plan.type === 'refused')) return refuseWhole(plans);
    const results = new Array<ItemResult>(part.length);
    if (decided.operations.length === 0) {
      settle(decided, [], results, () => undefined);
      return results;
    }
    const commit = await deps.store.commit(decided.operations);
    if (commit.ok) {
      noteCommitted(deps.cache, decided.operations, commit.revisions);
      batch.onCommitted?.(decided.operations, commit.revisions);
      settle(decided, commit.revisions, results, () => undefined);
      return results;
    }
    const lost = decided.operations[commit.failedIndex]!;
    if (commit.failedIndex >= decided.writes) await batch.onGuardLost?.(lost.key, commit.actual);
    else fresh.set(lost.key, await read(deps, lost.key));
  }
  const message = 'what the gang needs is being changed by others again and again; try again';
  return part.map(() => ({ code: GrpcCode.ABORTED, reason: 'Conflict', message, resourceVersion: 0 }));
}

/** The items that are refused say why, the others that it is because of those. */
function refuseWhole(plans: readonly (ItemPlan | 'later')[]): ItemResult[] {
  const errors = plans.map((plan) => {
    if (plan === 'later') return new GantryError('BadRequest', 'the gang names a pod twice');
    return plan.type === 'refused' ? plan.error : undefined;
  });
  const first = errors.find((error) => error !== undefined)!;
  const others = new GantryError('FailedPrecondition', `the gang is bound as a whole or not at all: ${first.message}`);
  return errors.map((error) => refusal(error ?? others));
}

async function runPart<T>(
  deps: BatchDeps,
  batch: Batch<T>,
  part: readonly number[],
  results: ItemResult[],
): Promise<void> {
  const fresh = new Map<string, Stored | undefined>();
  const attempts = part.length === 1 ? attemptsAlone : attemptsPerSize;
  let conflictAt = '';
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const decided = await planPart(deps, batch, part, fresh);

    if (decided.operations.length === 0) return settle(decided, [], results, () => undefined);
    const commit = await deps.store.commit(decided.operations);
    if (commit.ok) {
      noteCommitted(deps.cache, decided.operations, commit.revisions);
      batch.onCommitted?.(decided.operations, commit.revisions);
      const left: number[] = [];
      settle(decided, commit.revisions, results, (index) => left.push(index));
      return left.length === 0 ? undefined : runPart(deps, batch, left, results);
    }
    const lost = decided.operations[commit.failedIndex]!;
    conflictAt = lost.key;
    if (commit.failedIndex >= decided.writes) await batch.onGuardLost?.(lost.key, commit.actual);
    else fresh.set(lost.key, await read(deps, lost.key));
  }
  if (part.length === 1) {
    results[part[0]!] = {
      code: GrpcCode.ABORTED,
      reason: 'Conflict',
      message: `${conflictAt} is being changed by others again and again; try again`,
      resourceVersion: 0,
    };
    return;
  }
  const middle = part.length >>> 1;
  await runPart(deps, batch, part.slice(0, middle), results);
  await runPart(deps, batch, part.slice(middle), results);
}

interface PlannedPart {
  readonly operations: readonly Operation[];
  /** Number of operations, from the first, that are items' own. */
  readonly writes: number;
  readonly plans: ReadonlyMap<number, ItemPlan | 'later'>;
}

/** Decides about each item. What was only seen in passing may be out of date: only a write proves it, all else needs a read of the store. */
async function planPart<T>(
  deps: BatchDeps,
  batch: Batch<T>,
  part: readonly number[],
  fresh: Map<string, Stored | undefined>,
): Promise<PlannedPart> {
  const planner = batch.planner();
  const plans = new Map<number, ItemPlan | 'later'>();
  const writes: Operation[] = [];
  const written = new Set<string>();
  await readUnseen(deps, batch, part, fresh);
  for (const index of part) {
    const item = batch.items[index]!;
    const key = batch.keyOf(item);
    if (written.has(key)) {
      plans.set(index, 'later');
      continue;
    }
    let plan = planned(planner, item, fresh.has(key) ? fresh.get(key) : deps.cache.peek(key));
    if (plan.type !== 'write' && !fresh.has(key)) {
      fresh.set(key, await read(deps, key));
      plan = planned(planner, item, fresh.get(key));
    }
    plans.set(index, plan);
    if (plan.type !== 'write') continue;
    writes.push(plan.operation);
    written.add(key);
  }
  return { operations: [...writes, ...(writes.length > 0 ? planner.guards() : [])], writes: writes.length, plans };
}

/** A decision that throws is a refusal of its item, not the end of the batch. */
function planned<T>(planner: BatchPlanner<T>, item: T, stored: Stored | undefined): ItemPlan {
  try {
    return planner.plan(item, stored);
  } catch (error) {
    return { type: 'refused', error: toGantryError(error) };
  }
}

async function readUnseen<T>(
  deps: BatchDeps,
  batch: Batch<T>,
  part: readonly number[],
  fresh: Map<string, Stored | undefined>,
): Promise<void> {
  const keys = new Set(part.map((index) => batch.keyOf(batch.items[index]!)));
  const unseen = [...keys].filter((key) => !fresh.has(key) && deps.cache.peek(key) === undefined);
  const found = await Promise.all(unseen.map((key) => read(deps, key)));
  for (const [index, key] of unseen.entries()) fresh.set(key, found[index]);
}

async function read(deps: BatchDeps, key: string): Promise<Stored | undefined> {
  const entry = await deps.store.get(key);
  if (entry === undefined) deps.cache.forget(key);
  return entry === undefined ? undefined : deps.cache.decode(entry);
}

function settle(
  { plans }: PlannedPart,
  revisions: readonly number[],
  results: ItemResult[],
  later: (index: number) => void,
): void {
  let write = 0;
  for (const [index, plan] of plans) {
    if (plan === 'later') later(index);
    else if (plan.type === 'write') results[index] = succeeded(revisions[write++]!);
    else if (plan.type === 'unchanged') results[index] = succeeded(plan.revision);
    else results[index] = refusal(plan.error);
  }
}

function succeeded(resourceVersion: number): ItemResult {
  return { code: 0, message: '', reason: '', resourceVersion };
}

/** The result of an item that was refused. */
export function refusal(thrown: unknown): ItemResult {
  const error = toGantryError(thrown);
  return { code: reasonTable[error.reason].grpc, message: error.message, reason: error.reason, resourceVersion: 0 };
}

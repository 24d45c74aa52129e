import { type GantryError, toGantryError } from '@gantry/runtime/errors.ts';
import type { Store } from '@gantry/store/store.ts';
import type { RequestContext } from './context.ts';
import type { DeletionRequest } from './deletion.ts';
import type { PatchType } from './patching.ts';
import type { ReaderDeps } from './reader.ts';
import { SharedCommits } from './shared-commits.ts';
import type { AnyObject } from './stored-object.ts';

// Patches and deletions of many objects. Each goes the whole way that one alone would go; they share commits, and read from memory what
// the commit proves.

/** Names an object, or a part of it, as a request does. */
interface Ref {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly subresource?: string;
}

interface Patch {
  readonly type: PatchType;
  /** In JSON. */
  readonly body: string;
}

/** The api that carries out one change. */
interface ChangingApi {
  patch(context: RequestContext, ref: Ref, patch: Patch & { readonly dryRun: boolean }): Promise<AnyObject>;
  delete(
    context: RequestContext,
    ref: Ref,
    deletion: DeletionRequest,
    dryRun: boolean,
  ): Promise<{ readonly object: AnyObject; readonly gone: boolean }>;
}

/** A change of one object of a batch. */
export type Change =
  | { readonly type: 'patch'; readonly ref: Ref; readonly patch: Patch }
  | { readonly type: 'delete'; readonly ref: Ref; readonly deletion: DeletionRequest };

/** Outcome of one change of a batch. */
export type Changed =
  | { readonly type: 'changed'; readonly object: AnyObject; readonly gone: boolean }
  | { readonly type: 'refused'; readonly error: GantryError };

/** Carries changes out, each on its own; one outcome each, in order. `given` are changes, or why one cannot be read. */
export async function changeAll(
  deps: ReaderDeps,
  apiOver: (deps: ReaderDeps) => ChangingApi,
  context: RequestContext,
  given: readonly (Change | GantryError)[],
  dryRun: boolean,
): Promise<Changed[]> {
  const shared = new SharedCommits(deps.store);
  const proven = apiOver({ ...deps, store: storeOver(deps.store, {}, shared) });
  const changeOne = async (change: Change): Promise<Changed> => {
    if (dryRun) return carryOut(proven, context, change, dryRun);
    const seen = { cached: false, wrote: false };
    const quick = apiOver({ ...deps, store: quickStore(deps, shared, seen) });
    const first = await carryOut(quick, context, change, dryRun).catch((error: unknown) => {
      if (!seen.cached) throw error;
    });
    // A state that was only seen in passing may be out of date: a write proves it, all else needs a read of the store.
    return first === undefined || (seen.cached && !seen.wrote) ? carryOut(proven, context, change, dryRun) : first;
  };
  return Promise.all(
    given.map(async (change): Promise<Changed> => {
      try {
        if (!('type' in change)) throw change;
        return await changeOne(change);
      } catch (error) {
        return { type: 'refused', error: toGantryError(error) };
      }
    }),
  );
}

async function carryOut(api: ChangingApi, context: RequestContext, change: Change, dryRun: boolean): Promise<Changed> {
  if (change.type === 'delete') {
    return { type: 'changed', ...(await api.delete(context, change.ref, change.deletion, dryRun)) };
  }
  const object = await api.patch(context, change.ref, { ...change.patch, dryRun });
  return { type: 'changed', object, gone: false };
}

/** The store with commits that are shared. */
function storeOver(store: Store, reads: Partial<Pick<Store, 'get'>>, { commit }: Pick<Store, 'commit'>): Store {
  return {
    get: (key) => store.get(key),
    list: (options) => store.list(options),
    watch: (options) => store.watch(options),
    commit,
    ...reads,
  };
}

/** The same with reads from memory, where that has what is asked for. Says what happened. */
function quickStore(
  { store, cache }: ReaderDeps,
  shared: SharedCommits,
  seen: { cached: boolean; wrote: boolean },
): Store {
  const get: Store['get'] = async (key) => {
    const known = cache.peek(key);
    if (known === undefined) return store.get(key);
    seen.cached = true;
    return { key, value: known.text, revision: known.revision };
  };
  const commit: Store['commit'] = async (operations) => {
    const result = await shared.commit(operations);
    seen.wrote ||= result.ok;
    return result;
  };
  return storeOver(store, { get }, { commit });
}

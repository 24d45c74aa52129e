import type { Kind } from '@gantry/model/kind.ts';
import { GantryError, isError, notFound } from '@gantry/runtime/errors.ts';
import type { Entry, Store } from '@gantry/store/store.ts';
import { tooSlow } from '../watch/catch-up.ts';
import type { Selection, WatchEvent } from '../watch/change.ts';
import type { WatchHub } from '../watch/hub.ts';
import type { CoreDeps } from './context.ts';
import { convertedChanges } from './converted-changes.ts';
import { infoOf, keyPrefix } from './keys.ts';
import type { ListBudget, Reservation } from './list-budget.ts';
import { type ListedPage, PageBuilder } from './page.ts';
import { decodePageToken, type PagePosition } from './page-token.ts';
import type { AnyObject } from './stored-object.ts';
import type { Turns } from './turns.ts';
import { readStored, type Target } from './writer.ts';

/** The parts that reads stand on. */
export interface ReaderDeps extends CoreDeps {
  readonly hub: WatchHub;
  readonly turns: Turns;
  readonly lists: ListBudget;
}

/** The page of a list that is asked for. */
export interface Page {
  /** Most objects; 0 for as many as the server gives. */
  readonly limit: number;
  /** Token of the page before; empty for the first. */
  readonly token: string;
  /** The state of another time than now, for the first page. */
  readonly at?: ReadAt | undefined;
}

/** The state that a read is to show: exactly that of a revision, or any that is at least as new. */
export interface ReadAt {
  readonly revision: number;
  readonly match: 'exact' | 'at least';
}

/** Characters of values that a list reads from the store at one time, so that no read takes long. */
const readChars = 256 * 1024;
/** Objects that a list found by an index reads at one time. */
const readTogether = 16;
/** Longest time that a list waits for this process to see the changes that the store holds, in milliseconds. */
const maxLagMs = 2_000;
/** Longest time that a read waits for a revision that does not exist yet, in milliseconds: that of kube-apiserver. */
const maxAheadMs = 3_000;

/** One object; throws NotFound. @param at The state may not be older than its revision. */
export async function get(
  deps: ReaderDeps,
  target: Target,
  at: ReadAt | undefined,
  signal: AbortSignal,
): Promise<AnyObject> {
  if (at !== undefined) await reach(deps, at.revision, signal);
  if (target.kind.namespaced && target.namespace === '') throw notFound(infoOf(target.kind, target.name));
  const stored = await readStored(deps, target);
  if (stored.damage !== undefined) deps.damaged.note(stored.damage);
  return stored.object;
}

/**
 * A page of the objects of a selection. All pages of one list are the state at one revision, which includes every write
 * that was acknowledged when the list began. The cost goes by the selection's scope: one read for one object, the pods of
 * a node for a list of these. Throws the signal's reason once it fires.
 */
export async function list(
  deps: ReaderDeps,
  kind: Kind,
  selection: Selection,
  page: Page,
  signal: AbortSignal,
): Promise<ListedPage> {
  const { limits } = deps;
  const maxItems = Math.min(page.limit > 0 ? page.limit : limits.maxPageItems, limits.maxPageItems);
  const builder = new PageBuilder(deps, selection, maxItems);
  const prefix = keyPrefix(kind, selection.namespace);
  if (page.at !== undefined) await reach(deps, page.at.revision, signal);
  const start = startOf(page, prefix);
  const { scope } = selection;
  if (scope.type === 'object' && start === undefined) return readOne(deps.store, scope.id, builder);
  const found = scope.type === 'field' ? await readByIndex(deps, selection, builder, start, signal) : undefined;
  const counts = page.limit > 0 && selection.everything;
  return found ?? readRange(deps, selection.everything, builder, { prefix, start, counts }, signal);
}

/** Waits until a revision exists. Throws Timeout, as Kubernetes words it, for one that stays away. */
async function reach({ hub }: ReaderDeps, revision: number, signal: AbortSignal): Promise<void> {
  try {
    await hub.reached(revision, maxAheadMs, signal);
  } catch (error) {
    if (!isError(error, 'Timeout')) throw error;
    const message = 'Too large resource version';
    throw new GantryError('Timeout', `Timeout: ${message}: ${revision}, current: ${hub.revision}`, {
      causes: [{ reason: 'ResourceVersionTooLarge', field: '', message }],
      retryAfterMs: 1_000,
    });
  }
}

/** The position of a page's first key; undefined for the beginning of the state of now. */
function startOf({ token, at }: Page, prefix: string): PagePosition | undefined {
  if (token !== '') return decodePageToken(token, prefix);
  return at?.match === 'exact' ? { revision: at.revision, after: '' } : undefined;
}

/** A page with the object of one key, if it exists. */
async function readOne(store: Pick<Store, 'list'>, key: string, builder: PageBuilder): Promise<ListedPage> {
  const { entries, revision } = await store.list({ prefix: key, limit: 1 });
  for (const found of await builder.open(entries)) if (found.key === key) builder.take(found);
  return builder.page(revision, false);
}

/**
 * A page of the keys of a prefix. Its first page counts them where that is asked for; the later ones, which show the same revision, know
 * it from its token.
 */
async function readRange(
  { store, turns }: ReaderDeps,
  everything: boolean,
  builder: PageBuilder,
  range: { readonly prefix: string; readonly start: PagePosition | undefined; readonly counts: boolean },
  signal: AbortSignal,
): Promise<ListedPage> {
  const { prefix, start } = range;
  const turn = turns.begin(signal);
  let after = start?.after || undefined;
  let revision = start?.revision || undefined;
  let count = range.counts ? start?.rest : undefined;
  for (;;) {
    signal.throwIfAborted();
    const maxChars = everything ? Math.min(readChars, builder.charsLeft) : readChars;
    const limit = everything ? builder.itemsLeft : undefined;
    const counts = range.counts && revision === undefined;
    const read = await store.list({ prefix, limit, maxChars, after, revision, ...(counts ? { count: true } : {}) });
    revision = read.revision;
    count ??= read.count;
    const opened = builder.open(read.entries);
    for (const [index, found] of (opened instanceof Promise ? await opened : opened).entries()) {
      builder.take(found);
      if (builder.isFull) return builder.page(revision, read.more || index + 1 < read.entries.length, count);
      if (turn.isOver) await turn.next();
    }
    if (!read.more) return builder.page(revision, false);
    after = read.entries.at(-1)?.key ?? after;
  }
}

/** A page of the keys that an index knows; undefined if it cannot tell: at a revision of long ago, or while it loads. */
async function readByIndex(
  deps: ReaderDeps,
  { scope, namespace, resource }: Selection,
  builder: PageBuilder,
  start: PagePosition | undefined,
  signal: AbortSignal,
): Promise<ListedPage | undefined> {
  const revision = start?.revision || (await deps.store.list({ prefix: `${resource}/`, limit: 1 })).revision;
  const isReached = await deps.hub.reached(revision, maxLagMs, signal).then(
    () => true,
    () => signal.throwIfAborted(),
  );
  const found = isReached ? deps.hub.keysAt(scope.id, revision) : undefined;
  if (found === undefined) return undefined;
  const prefix = namespace === '' ? `${resource}/` : `${resource}/${namespace}/`;
  const keys = [...found.keys()].filter((key) => key.startsWith(prefix) && key > (start?.after ?? '')).sort();
  const turn = deps.turns.begin(signal);
  for (let from = 0; from < keys.length; from += readTogether) {
    const some = keys.slice(from, from + readTogether);
    const entries = await Promise.all(some.map((key) => entryAt(deps, key, found.get(key), revision)));
    for (const [index, entry] of entries.entries()) {
      if (entry !== undefined) for (const found of await builder.open([entry])) builder.take(found);
      if (builder.isFull) return builder.page(revision, from + index + 1 < keys.length);
      if (turn.isOver) await turn.next();
    }
  }
  return builder.page(revision, false);
}

/** A key as it was at a revision. `known` is the revision of its last write up to then, if the index knows it. */
async function entryAt(
  { store, cache }: CoreDeps,
  key: string,
  known: number | undefined,
  revision: number,
): Promise<Entry | undefined> {
  const cached = known === undefined ? undefined : cache.peek(key);
  if (cached !== undefined && cached.revision === known) return { key, value: cached.text, revision: known };
  const entry = known === undefined ? undefined : await store.get(key);
  if (entry !== undefined && entry.revision === known) return entry;
  const { entries } = await store.list({ prefix: key, limit: 1, revision });
  return entries[0]?.key === key ? entries[0] : undefined;
}

/** The beginning of a watch. */
export interface WatchStart {
  /** A revision; 0 for what exists first; `now` for the changes from now on. */
  readonly after: number | 'now';
  /** The state of now is shown at least as new as this. */
  readonly at?: ReadAt | undefined;
  /** Bookmarks follow changes within half a second. */
  readonly prompt?: boolean | undefined;
}

/**
 * Changes after a revision. From revision 0: what exists as ADDED, a bookmark, then changes.
 * Ends when the signal fires; throws Expired if the client must list again.
 */
export async function* watch(
  deps: ReaderDeps,
  kind: Kind,
  selection: Selection,
  { after, at, prompt }: WatchStart,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent> {
  if (after === 'now') {
    const { revision } = await deps.store.list({ prefix: keyPrefix(kind, selection.namespace), limit: 1 });
    return yield* changesAfter(deps, selection, revision, signal, prompt);
  }
  if (after > 0) return yield* changesAfter(deps, selection, after, signal, prompt);
  if (at !== undefined) await reach(deps, at.revision, signal);
  let token = '';
  let revision = 0;
  do {
    using room = await deps.lists.reserve(deps.limits.maxPageChars, signal);
    const page = handOut(await list(deps, kind, selection, { limit: 0, token }, signal), room);
    for (let object = page.items.shift(); object !== undefined; object = page.items.shift()) {
      yield { type: 'ADDED', object, resourceVersion: Number(object.metadata.resourceVersion) };
      if (signal.aborted) return;
    }
    if (page.isLate) throw tooSlow();
    ({ token, revision } = page);
  } while (token !== '');
  yield { type: 'BOOKMARK', resourceVersion: revision };
  yield* changesAfter(deps, selection, revision, signal, prompt);
}

function changesAfter(
  { hub }: ReaderDeps,
  selection: Selection,
  revision: number,
  signal: AbortSignal,
  prompt: boolean | undefined,
): AsyncGenerator<WatchEvent> {
  return selection.convert === undefined
    ? hub.watch(selection, revision, signal, prompt)
    : convertedChanges(hub, selection, revision, signal, prompt);
}

/** A page whose objects a watch takes one by one. They are dropped if it does not take them in time. */
function handOut({ items, token, revision, chars }: ListedPage, room: Reservation) {
  const page = { items: [...items], token, revision, isLate: false };
  room.answered(chars, () => {
    page.items = [];
    page.isLate = true;
  });
  return page;
}

import type { Kind } from '@gantry/model/kind.ts';
import { notFound } from '@gantry/runtime/errors.ts';
import type { Selection, WatchEvent } from '../watch/change.ts';
import type { WatchHub } from '../watch/hub.ts';
import type { CoreDeps } from './context.ts';
import { infoOf, keyPrefix } from './keys.ts';
import { decodePageToken, encodePageToken } from './page-token.ts';
import type { AnyObject } from './stored-object.ts';
import { readStored, type Target } from './writer.ts';

/** Which page of a list. */
export interface Page {
  /** Most objects; 0 for as many as the server gives. */
  readonly limit: number;
  /** Token of the page before; empty for the first. */
  readonly token: string;
}

export interface ListedPage {
  readonly items: readonly AnyObject[];
  readonly revision: number;
  /** Empty on the last page. */
  readonly token: string;
}

/** Entries read from the store at one time while objects that match are looked for. */
const readAheadEntries = 1_000;

/** One object; throws NotFound. */
export async function get(deps: CoreDeps, target: Target): Promise<AnyObject> {
  if (target.kind.namespaced && target.namespace === '') throw notFound(infoOf(target.kind, target.name));
  return (await readStored(deps, target)).object;
}

/** A page of the objects of a selection, all pages of one list as of one revision. */
export async function list(deps: CoreDeps, kind: Kind, selection: Selection, page: Page): Promise<ListedPage> {
  const prefix = keyPrefix(kind, selection.namespace);
  const start = page.token === '' ? undefined : decodePageToken(page.token, prefix);
  const maxItems = Math.min(page.limit > 0 ? page.limit : deps.limits.maxPageItems, deps.limits.maxPageItems);
  const items: AnyObject[] = [];
  let chars = 0;
  let revision = start?.revision;
  let after = start?.after;
  for (;;) {
    const limit = selection.everything ? Math.min(maxItems - items.length, readAheadEntries) : readAheadEntries;
    const read = await deps.store.list({ prefix, limit, after, revision });
    revision = read.revision;
    for (const [index, entry] of read.entries.entries()) {
      after = entry.key;
      if (!selection.hints.every((hint) => entry.value.includes(hint))) continue;
      const { object } = deps.cache.decode(entry);
      if (!selection.matches(object)) continue;
      items.push(object);
      chars += entry.value.length;
      if (items.length < maxItems && chars < deps.limits.maxPageChars) continue;
      const more = read.more || index + 1 < read.entries.length;
      return { items, revision, token: more ? encodePageToken({ revision, after }) : '' };
    }
    if (!read.more) return { items, revision, token: '' };
  }
}

/**
 * Changes after a revision. From revision 0: what exists as ADDED, a bookmark, then changes.
 * Ends when the signal fires; throws Expired where the client must list again.
 */
export async function* watch(
  deps: CoreDeps & { readonly hub: WatchHub },
  kind: Kind,
  selection: Selection,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent> {
  if (after > 0) return yield* deps.hub.watch(selection, after, signal);
  let page: ListedPage | undefined;
  do {
    page = await list(deps, kind, selection, { limit: 0, token: page?.token ?? '' });
    for (const object of page.items) {
      if (signal.aborted) return;
      yield { type: 'ADDED', object, resourceVersion: Number(object.metadata.resourceVersion) };
    }
  } while (page.token !== '');
  yield { type: 'BOOKMARK', resourceVersion: page.revision };
  yield* deps.hub.watch(selection, page.revision, signal);
}

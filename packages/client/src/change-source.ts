import type { KubeObject } from '@gantry/model/kind.ts';
import type { AnyKind, ObjectOf, Query, Reader, WatchEvent } from './api.ts';
import { keyOf, objectKey } from './object-cache.ts';

/** An event for an informer. */
export type SourceEvent<T> =
  /**
   * The whole state, as of a revision. `isSameHistory` where the revisions are known to continue those before: else the
   * store may have lost changes, and used their revisions again for something else.
   */
  | {
      readonly type: 'snapshot';
      readonly objects: readonly T[];
      readonly revision: number;
      readonly isSameHistory?: boolean;
      /** Objects that exist and are not among `objects`, because they cannot be decoded. */
      readonly unreadable?: readonly UnreadableObject[];
    }
  /** An object is new, changed, or matches the query now. */
  | { readonly type: 'put'; readonly object: T; readonly revision: number }
  /** An object is gone or matches the query no more; it need not have been known. The object is its last state, where that was sent. */
  | { readonly type: 'delete'; readonly key: string; readonly object: T | undefined; readonly revision: number }
  /** An object was written that cannot be decoded: only that it changed is known. */
  | ({ readonly type: 'unreadable'; readonly revision: number } & UnreadableObject)
  /** All changes up to this revision were sent. */
  | { readonly type: 'progress'; readonly revision: number };

/** An object that cannot be decoded. */
export interface UnreadableObject {
  /** As keyOf makes it. */
  readonly key: string;
  /** Why it cannot be decoded. */
  readonly problem: string;
}

/** The source of an informer's objects. */
export interface ChangeSource<T> {
  /**
   * The state, then what changes, in order and without a gap. Where `after` is the revision that the reader knows the
   * state of, a source may go on from there instead of sending the state (0: it knows nothing). Throws a GantryError when
   * it cannot go on: Expired where it cannot go on from `after`.
   */
  read(after: number, signal: AbortSignal): AsyncIterable<SourceEvent<T>>;
}

/** Objects a page of a list asks for. */
const pageSize = 500;

/** All objects that a query asks for, as of one revision, page by page. */
export async function listAll<K extends AnyKind>(
  reader: Pick<Reader, 'list'>,
  kind: K,
  query: Query,
  signal?: AbortSignal,
): Promise<{
  readonly objects: ObjectOf<K>[];
  readonly revision: number;
  readonly unreadable: readonly UnreadableObject[];
}> {
  const objects: ObjectOf<K>[] = [];
  const unreadable: UnreadableObject[] = [];
  let token: string | undefined;
  let revision = 0;
  do {
    const page = await reader.list(
      kind,
      { ...query, limit: pageSize, ...(token === undefined ? {} : { continue: token }) },
      signal ? { signal } : {},
    );
    for (const item of page.items) objects.push(item);
    for (const { namespace, name, problem } of page.damaged ?? []) {
      unreadable.push({ key: objectKey(namespace, name), problem });
    }
    revision = page.resourceVersion;
    token = page.continue;
  } while (token !== undefined);
  return { objects, revision, unreadable };
}

/** Lists and watches through the api. */
export function watchSource<K extends AnyKind>(
  reader: Pick<Reader, 'list' | 'watch'>,
  kind: K,
  query: Query = {},
): ChangeSource<ObjectOf<K>> {
  return {
    async *read(after, signal) {
      let revision = after;
      if (revision === 0) {
        const state = await listAll(reader, kind, query, signal);
        yield { type: 'snapshot', ...state };
        revision = state.revision;
      }
      for await (const event of reader.watch(kind, { ...query, resourceVersion: revision }, signal)) {
        yield toSourceEvent(event);
      }
    },
  };
}

/** An event of the api's watch, for an informer. */
export function toSourceEvent<T extends KubeObject>(event: WatchEvent<T>): SourceEvent<T> {
  const revision = event.resourceVersion;
  switch (event.type) {
    case 'ADDED':
    case 'MODIFIED':
      return { type: 'put', object: event.object, revision };
    case 'DELETED':
      return { type: 'delete', key: keyOf(event.object), object: event.object, revision };
    case 'BOOKMARK':
      return { type: 'progress', revision };
  }
}

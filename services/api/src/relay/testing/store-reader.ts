import {
  type AnyKind,
  type ListPage,
  type ObjectOf,
  type Query,
  type Reader,
  resourceNameOf,
  type WatchEvent,
} from '@gantry/client/api.ts';
import { objectRef } from '@gantry/client/object-messages.ts';
import { queryMatcher } from '@gantry/client/selection.ts';
import type { KindName } from '@gantry/model/built-in.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { notFound } from '@gantry/runtime/errors.ts';
import type { Change, Entry, Store } from '@gantry/store/store.ts';

/** Gets, lists and watches straight from a store: what the api answers, without the api. */
export function storeReader(store: Pick<Store, 'get' | 'list' | 'watch'>): Reader {
  return {
    async get(kind, name) {
      const { resource, namespace } = objectRef(kind, name);
      const entry = await store.get(`${resource}/${namespace || '_'}/${name.name}`);
      if (entry === undefined) throw notFound({ group: '', resource, name: name.name });
      return decode(entry) as never;
    },
    async list<K extends AnyKind>(kind: K, query: Parameters<Reader['list']>[1] = {}): Promise<ListPage<ObjectOf<K>>> {
      const [revision, after] = query.continue?.split(' ') ?? [];
      const page = await store.list({
        prefix: `${resourceNameOf(kind)}/`,
        limit: query.limit,
        ...(revision === undefined ? {} : { revision: Number(revision), after }),
      });
      const items = page.entries.map((entry) => decode<ObjectOf<K>>(entry)).filter(matcher(kind, query));
      const next = page.more ? { continue: `${page.revision} ${page.entries.at(-1)!.key}` } : {};
      return { items, resourceVersion: page.revision, ...next };
    },
    async *watch<K extends AnyKind>(
      kind: K,
      query: Parameters<Reader['watch']>[1],
      signal: AbortSignal,
    ): AsyncGenerator<WatchEvent<ObjectOf<K>>> {
      const matches = matcher(kind, query);
      const prefix = `${resourceNameOf(kind)}/`;
      for await (const changes of store.watch({ prefix, after: query.resourceVersion, signal })) {
        for (const change of changes) {
          const event = eventOf<ObjectOf<K>>(change, matches);
          if (event) yield event;
        }
      }
    },
  };
}

function matcher(kind: AnyKind, query: Query): (object: KubeObject) => boolean {
  return queryMatcher(kind as KindName, query) as (object: KubeObject) => boolean;
}

/** The event of a change for a watcher that sees only the objects that match. */
function eventOf<T extends KubeObject>(change: Change, matches: (object: T) => boolean): WatchEvent<T> | undefined {
  const { key, revision, value } = change;
  const before = change.type === 'delete' ? value : change.previous;
  const matched = before !== undefined && matches(decode({ key, revision, value: before }));
  const object = decode<T>({ key, revision, value });
  const isMatch = change.type === 'put' && matches(object);
  if (!isMatch) return matched ? { type: 'DELETED', object, resourceVersion: revision } : undefined;
  return { type: matched ? 'MODIFIED' : 'ADDED', object, resourceVersion: revision };
}

function decode<T extends KubeObject>(entry: Entry): T {
  const object = JSON.parse(entry.value) as T;
  object.metadata.resourceVersion = String(entry.revision);
  return object;
}

import type { ListPage, Reader, WatchEvent } from '@gantry/client/api.ts';
import { objectRef } from '@gantry/client/object-messages.ts';
import { queryMatcher } from '@gantry/client/selection.ts';
import { type KindName, type Kinds, kindOf } from '@gantry/model/built-in.ts';
import { resourceOf } from '@gantry/model/registry.ts';
import { notFound } from '@gantry/runtime/errors.ts';
import type { Change, Entry, Store } from '@gantry/store/store.ts';

/** Gets, lists and watches straight from a store: what the api answers, without the api. */
export function storeReader(store: Pick<Store, 'get' | 'list' | 'watch'>): Reader {
  return {
    async get(kind, name) {
      const { resource, namespace } = objectRef(kind, name);
      const entry = await store.get(`${resource}/${namespace || '_'}/${name.name}`);
      if (entry === undefined) throw notFound({ group: '', resource, name: name.name });
      return decode(entry);
    },
    async list<K extends KindName>(kind: K, query: Parameters<Reader['list']>[1] = {}): Promise<ListPage<Kinds[K]>> {
      const [revision, after] = query.continue?.split(' ') ?? [];
      const page = await store.list({
        prefix: `${resourceOf(kindOf(kind))}/`,
        limit: query.limit,
        ...(revision === undefined ? {} : { revision: Number(revision), after }),
      });
      const items = page.entries.map((entry) => decode<Kinds[K]>(entry)).filter(queryMatcher(kind, query));
      const next = page.more ? { continue: `${page.revision} ${page.entries.at(-1)!.key}` } : {};
      return { items, resourceVersion: page.revision, ...next };
    },
    async *watch<K extends KindName>(
      kind: K,
      query: Parameters<Reader['watch']>[1],
      signal: AbortSignal,
    ): AsyncGenerator<WatchEvent<Kinds[K]>> {
      const matches = queryMatcher(kind, query);
      const prefix = `${resourceOf(kindOf(kind))}/`;
      for await (const changes of store.watch({ prefix, after: query.resourceVersion, signal })) {
        for (const change of changes) {
          const event = eventOf<Kinds[K]>(change, matches);
          if (event) yield event;
        }
      }
    },
  };
}

/** The event of a change for a watcher that sees only the objects that match. */
function eventOf<T extends Kinds[KindName]>(
  change: Change,
  matches: (object: T) => boolean,
): WatchEvent<T> | undefined {
  const { key, revision, value } = change;
  const before = change.type === 'delete' ? value : change.previous;
  const matched = before !== undefined && matches(decode({ key, revision, value: before }));
  const object = decode<T>({ key, revision, value });
  const isMatch = change.type === 'put' && matches(object);
  if (!isMatch) return matched ? { type: 'DELETED', object, resourceVersion: revision } : undefined;
  return { type: matched ? 'MODIFIED' : 'ADDED', object, resourceVersion: revision };
}

function decode<T extends Kinds[KindName]>(entry: Entry): T {
  const object = JSON.parse(entry.value) as T;
  object.metadata.resourceVersion = String(entry.revision);
  return object;
}

import type { ListPage, Reader } from '@gantry/client/api.ts';
import { objectRef } from '@gantry/client/object-messages.ts';
import { queryMatcher } from '@gantry/client/selection.ts';
import { type KindName, type Kinds, kindOf, resourceOf } from '@gantry/model/registry.ts';
import { notFound } from '@gantry/runtime/errors.ts';
import type { Entry, Store } from '@gantry/store/store.ts';

/** Gets and lists straight from a store: what the api answers, without the api. */
export function storeReader(store: Pick<Store, 'get' | 'list'>): Pick<Reader, 'get' | 'list'> {
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
  };
}

function decode<T extends Kinds[KindName]>(entry: Entry): T {
  const object = JSON.parse(entry.value) as T;
  object.metadata.resourceVersion = String(entry.revision);
  return object;
}

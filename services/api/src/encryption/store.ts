import type { Change, Entry, ListOptions, ListResult, OpenStore, Operation } from '@gantry/store/store.ts';
import { parseKey } from '../core/keys.ts';
import type { TextCipher } from './cipher.ts';

/** The cipher of a resource; undefined for one that is stored as it is. */
export type CipherOf = (resource: string) => TextCipher | undefined;

/** The cipher of an object's store key. */
export function cipherOfKey(key: string, cipherOf: CipherOf): TextCipher | undefined {
  const parts = parseKey(key);
  return parts && cipherOf(parts.resource);
}

/**
 * The store with the texts of some resources encrypted: everything above it knows clear texts alone. A text that cannot be decrypted is read
 * as one that tells why, and so is that of a damaged object.
 */
export function encryptedStore(store: OpenStore, cipherOf: CipherOf): OpenStore {
  function list(options: ListOptions): Promise<ListResult>;
  function list(prefix: string): Promise<ReadonlyMap<string, string>>;
  function list(asked: ListOptions | string): Promise<ListResult | ReadonlyMap<string, string>> {
    if (typeof asked === 'string') return store.list(asked);
    return store.list(asked).then((page) => ({ ...page, entries: mapChanged(page.entries, open) }));
  }
  const open = (entry: Entry): Entry => {
    const cipher = cipherOfKey(entry.key, cipherOf);
    return cipher === undefined ? entry : { ...entry, value: cipher.decrypt(entry.key, entry.value) };
  };
  const openChange = (change: Change): Change => {
    const { key, value, previous } = change;
    const cipher = cipherOfKey(key, cipherOf);
    if (cipher === undefined) return change;
    const before = previous === undefined ? {} : { previous: cipher.decrypt(key, previous) };
    return { ...change, value: cipher.decrypt(key, value), ...before };
  };
  const seal = (operation: Operation): Operation => {
    if (operation.type !== 'put') return operation;
    const cipher = cipherOfKey(operation.key, cipherOf);
    return cipher === undefined ? operation : { ...operation, value: cipher.encrypt(operation.key, operation.value) };
  };
  return {
    get problem() {
      return store.problem;
    },
    onLoss: (callback) => store.onLoss(callback),
    get: async (key) => {
      const entry = await store.get(key);
      return entry && open(entry);
    },
    list,
    commit: (operations) => store.commit(mapChanged(operations, seal)),
    watch: async function* (options) {
      for await (const changes of store.watch(options)) yield mapChanged(changes, openChange);
    },
    compact: (revision) => store.compact(revision),
    put: (key, value, ttlMs) => store.put(key, value, ttlMs),
    acquire: (key, holder, ttlMs) => store.acquire(key, holder, ttlMs),
    release: (key, holder) => store.release(key, holder),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

/** The items as a function makes them; the same list where it makes none anew, as for nearly all there are. */
function mapChanged<T>(items: readonly T[], make: (item: T) => T): readonly T[] {
  let changed: T[] | undefined;
  for (const [index, item] of items.entries()) {
    const made = make(item);
    if (made === item) continue;
    changed ??= [...items];
    changed[index] = made;
  }
  return changed ?? items;
}

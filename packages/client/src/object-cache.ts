import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '@gantry/model/kind.ts';

/** A change of a cached object. `old` is the object before, absent for one that is new. */
export interface ObjectChange<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** The object after the change; of DELETED its last known state. */
  readonly object: T;
  readonly old: T | undefined;
}

/** The values under which an object is found in an index. */
export type Indexer<T> = (object: T) => readonly string[];

/** `namespace/name`, or the name alone where there is no namespace. */
export function keyOf(object: KubeObject): string {
  return objectKey(object.metadata.namespace, object.metadata.name ?? '');
}

/** The key of the object with this namespace and name. */
export function objectKey(namespace: string | undefined, name: string): string {
  return namespace ? `${namespace}/${name}` : name;
}

/**
 * Objects by key, and by what indexers make of them. Every method that changes it returns what changed, in terms of
 * what it held: an object that it has already, or a newer state of, changes nothing.
 */
export class ObjectCache<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexers: Readonly<Record<string, Indexer<T>>>;
  readonly #indexes = new Map<string, Map<string, Map<string, T>>>();
  readonly #onError: (error: unknown) => void;

  /** @param onError Hears of indexers that threw; they file the object under nothing. */
  constructor(indexers: Readonly<Record<string, Indexer<T>>> = {}, onError: (error: unknown) => void = () => {}) {
    this.#indexers = indexers;
    this.#onError = onError;
    for (const name of Object.keys(indexers)) this.#indexes.set(name, new Map());
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  values(): IterableIterator<T> {
    return this.#objects.values();
  }

  /** The objects that an indexer files under a value. Throws for an index that does not exist. */
  byIndex(name: string, value: string): T[] {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new Error(`invariant broken: no index ${JSON.stringify(name)}`);
    return [...(index.get(value)?.values() ?? [])];
  }

  /** Takes a state of one object. Nothing changes where the cache holds the same or a later one. */
  put(object: T): ObjectChange<T>[] {
    const old = this.#objects.get(keyOf(object));
    if (old !== undefined && revisionOf(old) >= revisionOf(object)) return [];
    return this.#store(object, old);
  }

  /** Takes an object's end at a revision, with its last state where that is known. */
  delete(key: string, revision: number, last?: T): ObjectChange<T>[] {
    const old = this.#objects.get(key);
    if (old === undefined || revisionOf(old) > revision) return [];
    this.#remove(key, old);
    return [{ type: 'DELETED', object: last ?? old, old }];
  }

  /**
   * Takes the whole state: what it does not hold is gone.
   * @param isSameHistory True where a revision is known to mean the same as before; else objects of equal revision are
   *   compared, because a store that lost changes uses their revisions again.
   */
  replace(objects: readonly T[], isSameHistory = false): ObjectChange<T>[] {
    const changes: ObjectChange<T>[] = [];
    const keys = new Set(objects.map(keyOf));
    for (const [key, old] of this.#objects) {
      if (keys.has(key)) continue;
      this.#remove(key, old);
      changes.push({ type: 'DELETED', object: old, old });
    }
    for (const object of objects) {
      const old = this.#objects.get(keyOf(object));
      if (old !== undefined && isSame(old, object, isSameHistory)) continue;
      for (const change of this.#store(object, old)) changes.push(change);
    }
    return changes;
  }

  #store(object: T, old: T | undefined): ObjectChange<T>[] {
    const key = keyOf(object);
    if (old !== undefined) this.#unindex(key, old);
    this.#objects.set(key, object);
    this.#index(key, object);
    if (old === undefined) return [{ type: 'ADDED', object, old: undefined }];
    if (old.metadata.uid === object.metadata.uid) return [{ type: 'MODIFIED', object, old }];
    // The deletion and the creation of a namesake come as one change; handlers must see two objects.
    return [
      { type: 'DELETED', object: old, old },
      { type: 'ADDED', object, old: undefined },
    ];
  }

  #remove(key: string, old: T): void {
    this.#objects.delete(key);
    this.#unindex(key, old);
  }

  #index(key: string, object: T): void {
    for (const [name, indexer] of Object.entries(this.#indexers)) {
      const index = this.#indexes.get(name)!;
      for (const value of this.#valuesOf(indexer, object)) {
        const found = index.get(value);
        if (found) found.set(key, object);
        else index.set(value, new Map([[key, object]]));
      }
    }
  }

  #unindex(key: string, object: T): void {
    for (const [name, indexer] of Object.entries(this.#indexers)) {
      const index = this.#indexes.get(name)!;
      for (const value of this.#valuesOf(indexer, object)) {
        const found = index.get(value);
        found?.delete(key);
        if (found?.size === 0) index.delete(value);
      }
    }
  }

  /** One object of a form that an indexer does not expect costs that object's place in the index, not the cache. */
  #valuesOf(indexer: Indexer<T>, object: T): readonly string[] {
    try {
      return indexer(object);
    } catch (error) {
      this.#onError(error);
      return [];
    }
  }
}

function isSame(old: KubeObject, object: KubeObject, isSameHistory: boolean): boolean {
  if (revisionOf(old) !== revisionOf(object) || old.metadata.uid !== object.metadata.uid) return false;
  return isSameHistory || isDeepStrictEqual(old, object);
}

function revisionOf(object: KubeObject): number {
  return Number(object.metadata.resourceVersion);
}

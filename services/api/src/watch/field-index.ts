import type { Kind } from '@gantry/model/kind.ts';
import { resourceOf } from '@gantry/model/registry.ts';
import type { Change } from '@gantry/store/store.ts';
import { parseKey } from '../core/keys.ts';
import type { AnyObject, Stored } from '../core/stored-object.ts';
import type { HubChange } from './change.ts';
import type { ChangeObserver } from './observers.ts';
import { fieldScope } from './scope.ts';

interface Indexed {
  /** Revision of the write that left these values. */
  readonly revision: number;
  /** Scopes that the object is in, one for each indexed field. */
  readonly scopes: readonly string[];
}

type ScopesOf = (object: AnyObject) => readonly string[];

/** For each resource with indexes: how the scopes of an object are read. */
function indexedResources(kinds: readonly Kind[]): ReadonlyMap<string, ScopesOf> {
  return new Map(
    kinds.flatMap((kind): [string, ScopesOf][] => {
      const { indexes = [], selectableFields } = kind;
      const resource = resourceOf(kind);
      const scopesOf: ScopesOf = (object) =>
        indexes.map((field) => fieldScope(resource, field, selectableFields[field]!(object)));
      return indexes.length === 0 ? [] : [[resource, scopesOf]];
    }),
  );
}

/**
 * The keys of all objects by the fields that their kinds declare as indexes, as of the last change of the hub. It holds
 * keys and values and no objects: a pod of 50 KB takes some 200 bytes here.
 */
export class FieldIndex implements ChangeObserver {
  readonly prefixes: readonly string[];
  readonly #indexed: ReadonlyMap<string, ScopesOf>;
  readonly #byKey = new Map<string, Indexed>();
  readonly #byScope = new Map<string, Set<string>>();

  /** @param kinds All that have indexes; a kind that comes later has none. */
  constructor(kinds: readonly Kind[]) {
    this.#indexed = indexedResources(kinds);
    this.prefixes = [...this.#indexed.keys()].map((resource) => `${resource}/`);
  }

  reset(): void {
    this.#byKey.clear();
    this.#byScope.clear();
  }

  onEntry(stored: Stored): void {
    const scopesOf = this.#indexed.get(parseKey(stored.key)?.resource ?? '');
    if (scopesOf !== undefined) this.#put(stored.key, { revision: stored.revision, scopes: scopesOf(stored.object) });
  }

  onChange({ key, revision }: Change, event: HubChange | undefined): void {
    const scopesOf = event && this.#indexed.get(event.parts.resource);
    if (scopesOf === undefined) return;
    const object = event!.object;
    if (object === undefined) this.#remove(key);
    else this.#put(key, { revision, scopes: scopesOf(object) });
  }

  /** The indexed scopes that a change takes an object out of, keeps it in, or brings it into. Asked before onChange. */
  scopesOf(event: HubChange): readonly string[] {
    const scopesOf = this.#indexed.get(event.parts.resource);
    if (scopesOf === undefined) return [];
    const before = this.#byKey.get(event.key)?.scopes ?? [];
    const after = event.object === undefined ? [] : scopesOf(event.object);
    return [...before, ...after.filter((scope) => !before.includes(scope))];
  }

  /** The keys in a scope, each with the revision of its object. */
  *find(scope: string): Generator<readonly [key: string, revision: number]> {
    for (const key of this.#byScope.get(scope) ?? []) yield [key, this.#byKey.get(key)!.revision];
  }

  #put(key: string, indexed: Indexed): void {
    const before = this.#byKey.get(key);
    this.#byKey.set(key, indexed);
    for (const scope of before?.scopes ?? []) if (!indexed.scopes.includes(scope)) this.#leave(scope, key);
    for (const scope of indexed.scopes) {
      const keys = this.#byScope.get(scope);
      if (keys === undefined) this.#byScope.set(scope, new Set([key]));
      else keys.add(key);
    }
  }

  #remove(key: string): void {
    for (const scope of this.#byKey.get(key)?.scopes ?? []) this.#leave(scope, key);
    this.#byKey.delete(key);
  }

  #leave(scope: string, key: string): void {
    const keys = this.#byScope.get(scope);
    keys?.delete(key);
    if (keys?.size === 0) this.#byScope.delete(scope);
  }
}

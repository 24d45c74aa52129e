import type { Change } from '@gantry/store/store.ts';
import { type Addressed, keyPrefix } from '../core/keys.ts';
import type { AnyObject, Stored } from '../core/stored-object.ts';
import type { HubChange } from '../watch/change.ts';
import type { ChangeObserver } from '../watch/observers.ts';

/**
 * The objects of some kinds, kept up to date from the store's changes. While they are loaded anew, the former ones stay: what refuses
 * writes must not let them pass meanwhile.
 */
export class FollowedObjects implements ChangeObserver {
  readonly prefixes: readonly string[];
  #objects: Map<string, AnyObject> | undefined;
  #loading = new Map<string, AnyObject>();
  #isLoading = true;
  #version = 0;

  constructor(kinds: readonly Addressed[]) {
    this.prefixes = kinds.map((kind) => keyPrefix(kind, ''));
  }

  /** Counts the changes: what derives from the objects is made anew when it differs. */
  get version(): number {
    return this.#version;
  }

  /** False until the objects were loaded for the first time. */
  get isLoaded(): boolean {
    return this.#objects !== undefined;
  }

  /** The objects of one of the kinds, in no order. */
  of<T>(kind: Addressed): readonly T[] {
    const prefix = keyPrefix(kind, '');
    return [...(this.#objects ?? [])].filter(([key]) => key.startsWith(prefix)).map(([, object]) => object as T);
  }

  reset(): void {
    this.#loading = new Map();
    this.#isLoading = true;
  }

  onEntry(stored: Stored): void {
    this.#loading.set(stored.key, stored.object);
  }

  loaded(): void {
    this.#objects = this.#loading;
    this.#isLoading = false;
    this.#version++;
  }

  onChange({ key }: Change, event: HubChange | undefined): void {
    if (!this.prefixes.some((prefix) => key.startsWith(prefix))) return;
    const objects = this.#isLoading ? this.#loading : this.#objects!;
    const object = event?.object;
    if (object === undefined) objects.delete(key);
    else objects.set(key, object);
    this.#version++;
  }
}

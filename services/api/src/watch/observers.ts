import type { Logger } from '@gantry/runtime/log.ts';
import type { Change, Store } from '@gantry/store/store.ts';
import { type DamagedObjects, isDamaged } from '../core/damage.ts';
import { Stored } from '../core/stored-object.ts';
import type { HubChange } from './change.ts';

/**
 * State in this process that derives from the store's: an index, an account. It does no I/O: the hub reads the store's
 * state for all observers in one pass, and then passes on every change in revision order. An exception costs a reload of the
 * state, never a change.
 */
export interface ChangeObserver {
  /** Prefixes of the keys that its state derives from. It gets the changes of all keys. */
  readonly prefixes: readonly string[];
  /** Forgets its state. Keys of its prefixes follow as they are at `revision`, then all changes after it. */
  reset(revision: number): void;
  /** All keys of its prefixes, as they were at the revision of the reset, were given to it. */
  loaded?(): void;
  /** Takes a key into its state. `stored.object` throws for a damaged one: the key is then passed over. */
  onEntry(stored: Stored): void;
  /**
   * Takes a change into its state. It reads the object before it changes anything: a TypeError means that the object has a
   * field of another type, and the observer then keeps its former state of the key.
   * @param event The same change as that of an object; undefined for keys that are no objects'.
   */
  onChange(change: Change, event: HubChange | undefined): void;
}

export interface LoadDeps {
  readonly store: Pick<Store, 'list'>;
  readonly observers: readonly ChangeObserver[];
  readonly damaged: DamagedObjects;
  readonly log: Logger;
}

/** Characters of values that are read at a time. */
const maxPageChars = 1024 * 1024;

/** Brings all observers to one revision of the store, which it returns. */
export async function loadObservers(deps: LoadDeps, signal: AbortSignal): Promise<number> {
  const { store, observers } = deps;
  const { revision } = await store.list({ prefix: '', limit: 1 });
  for (const observer of observers) observer.reset(revision);
  for (const prefix of new Set(observers.flatMap(({ prefixes }) => prefixes))) {
    const concerned = observers.filter(({ prefixes }) => prefixes.includes(prefix));
    for (let after: string | undefined, more = true; more; ) {
      signal.throwIfAborted();
      const page = await store.list({ prefix, maxChars: maxPageChars, after, revision });
      for (const entry of page.entries) {
        const stored = new Stored(entry);
        for (const observer of concerned) takeEntry(deps, observer, stored);
      }
      after = page.entries.at(-1)?.key;
      ({ more } = page);
    }
  }
  for (const observer of observers) observer.loaded?.();
  return revision;
}

/** An entry that an observer cannot take is passed over: one object must not keep all others from being served. */
function takeEntry({ damaged, log }: LoadDeps, observer: ChangeObserver, stored: Stored): void {
  try {
    observer.onEntry(stored);
  } catch (error) {
    if (isDamaged(error)) damaged.note(error);
    else log.error({ error, key: stored.key }, 'an object was passed over while the state was loaded');
  }
}

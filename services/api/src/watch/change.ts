import type { Change } from '@gantry/store/store.ts';
import { type KeyParts, parseKey } from '../core/keys.ts';
import { type AnyObject, decodeValue, type ObjectCache } from '../core/stored-object.ts';

/** What a watcher is sent. One instance serves all watchers, so that an edge can keep its encoded form by identity. */
export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: AnyObject; readonly resourceVersion: number }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: number };

/** Which objects a list or watch is about. */
export interface Selection {
  readonly resource: string;
  /** All namespaces where empty. */
  readonly namespace: string;
  /** True where no selector restricts the objects. */
  readonly everything: boolean;
  readonly matches: (object: AnyObject) => boolean;
  /** Texts that the stored JSON of every object that matches contains: others need not be decoded. */
  readonly hints: readonly string[];
}

/** A change of the store with what is derived from it, each derived once and when first asked for. */
export class HubChange {
  readonly key: string;
  readonly parts: KeyParts;
  readonly revision: number;
  readonly deleted: boolean;
  /** Characters that it keeps in memory, roughly. */
  readonly chars: number;
  readonly #change: Change;
  readonly #cache: ObjectCache;
  #object: AnyObject | undefined;
  #previous: AnyObject | undefined;
  readonly #events = new Map<string, WatchEvent>();

  constructor(change: Change, parts: KeyParts, cache: ObjectCache) {
    this.key = change.key;
    this.parts = parts;
    this.revision = change.revision;
    this.deleted = change.type === 'delete';
    this.chars = change.value.length + (change.previous?.length ?? 0);
    this.#change = change;
    this.#cache = cache;
  }

  /** True where the key did not exist before. */
  get created(): boolean {
    return !this.deleted && this.#change.previous === undefined;
  }

  /** The object after the change; the last state of a deleted one. */
  get object(): AnyObject {
    this.#object ??= this.deleted
      ? decodeValue(this.#change.value, this.revision)
      : this.#cache.decode({ key: this.key, revision: this.revision, value: this.#change.value }).object;
    return this.#object;
  }

  /** The object before the change; undefined where there was none. */
  get previous(): AnyObject | undefined {
    const text = this.deleted ? this.#change.value : this.#change.previous;
    if (text === undefined) return undefined;
    // With the revision of the change, as Kubernetes sends an object that stopped to match.
    this.#previous ??= decodeValue(text, this.revision);
    return this.#previous;
  }

  /** What a watcher of the selection is told, or undefined where the change is none of its business. */
  eventFor(selection: Selection): WatchEvent | undefined {
    const before = !this.created && (selection.everything || selection.matches(this.previous!));
    const after = !this.deleted && (selection.everything || selection.matches(this.object));
    if (after) return before ? this.#event('MODIFIED') : this.#event('ADDED');
    return before ? this.#event('DELETED') : undefined;
  }

  #event(type: 'ADDED' | 'MODIFIED' | 'DELETED'): WatchEvent {
    const known = this.#events.get(type);
    if (known !== undefined) return known;
    const object = type === 'DELETED' ? this.previous! : this.object;
    const event: WatchEvent = { type, object, resourceVersion: this.revision };
    this.#events.set(type, event);
    return event;
  }
}

/** The hub's form of a store change; undefined for keys that are not those of objects. */
export function toHubChange(change: Change, cache: ObjectCache): HubChange | undefined {
  const parts = parseKey(change.key);
  return parts === undefined ? undefined : new HubChange(change, parts, cache);
}

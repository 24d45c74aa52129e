import type { Change } from '@gantry/store/store.ts';
import { type DamagedObjects, isDamaged } from '../core/damage.ts';
import { type KeyParts, parseKey } from '../core/keys.ts';
import { type AnyObject, decodeEntry, type ObjectCache } from '../core/stored-object.ts';
import type { Scope } from './scope.ts';

/** An event as a watcher gets it. One instance serves all watchers, so that an edge can keep its encoded form by identity. */
export type WatchEvent =
  | {
      readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
      readonly object: AnyObject;
      readonly resourceVersion: number;
      /** The object before a modification, for selections that want it. */
      readonly previous?: AnyObject | undefined;
    }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: number };

/** An event about an object. */
export type ChangeEvent = Exclude<WatchEvent, { readonly type: 'BOOKMARK' }>;

/** Makes another form of a stored object. */
export type ReadForm = (object: AnyObject) => AnyObject;

/** The objects that a list or watch is about. */
export interface Selection {
  readonly resource: string;
  /** All namespaces if empty. */
  readonly namespace: string;
  /** True if no selector restricts the objects. */
  readonly everything: boolean;
  /** The narrowest scope that holds every object that matches. */
  readonly scope: Scope;
  readonly matches: (object: AnyObject) => boolean;
  /** Makes the form that is asked for of a stored object, the same one each time; absent where objects are as they are stored. */
  readonly form?: ReadForm | undefined;
  /** Asks a webhook for that form of many objects, after which `form` knows it; absent where nobody need be asked. */
  readonly convert?: ((objects: readonly AnyObject[]) => Promise<unknown>) | undefined;
  /** Events name the object before them. */
  readonly wantsPrevious?: boolean;
  /** Texts that the stored JSON of every object that matches contains: others need not be decoded. */
  readonly hints: readonly string[];
}

/** Shared state that changes are decoded with. */
export interface DecodeDeps {
  readonly cache: ObjectCache;
  readonly damaged: DamagedObjects;
}

/**
 * A change of the store with the values that derive from it, each derived when first asked for. An object whose text is
 * damaged counts as absent, as in lists: a watcher that knew it gets DELETED.
 */
export class HubChange {
  readonly key: string;
  readonly parts: KeyParts;
  readonly revision: number;
  readonly deleted: boolean;
  /** Characters of the texts that it keeps in memory. */
  readonly chars: number;
  /** Scopes of indexed fields that the change touches; undefined if the index has not seen it. */
  fieldScopes: readonly string[] | undefined;
  readonly #change: Change;
  readonly #deps: DecodeDeps;
  /** null: damaged. */
  #object: AnyObject | null | undefined;
  #previous: AnyObject | null | undefined;
  readonly #events = new Map<string, ChangeEvent>();

  constructor(change: Change, parts: KeyParts, deps: DecodeDeps) {
    this.key = change.key;
    this.parts = parts;
    this.revision = change.revision;
    this.deleted = change.type === 'delete';
    this.chars = change.value.length + (change.previous?.length ?? 0);
    this.#change = change;
    this.#deps = deps;
  }

  /** True if the key did not exist before. */
  get created(): boolean {
    return !this.deleted && this.#change.previous === undefined;
  }

  /** The object after the change; undefined if it was deleted or its text is damaged. */
  get object(): AnyObject | undefined {
    if (this.deleted) return undefined;
    const { key, revision } = this;
    const entry = { key, revision, value: this.#change.value };
    this.#object ??= soundOrNull(
      () => this.#deps.cache.decode(entry).object,
      (error) => this.#deps.damaged.note(error),
    );
    return this.#object ?? undefined;
  }

  /** The object before the change; undefined if there was none or its text is damaged. */
  get previous(): AnyObject | undefined {
    const value = this.#previousText;
    if (value === undefined) return undefined;
    // With the revision of the change, as Kubernetes sends an object that stopped to match.
    this.#previous ??= soundOrNull(() => decodeEntry({ key: this.key, revision: this.revision, value }));
    return this.#previous ?? undefined;
  }

  /** The event for a watcher of the selection; undefined if the change concerns none of its objects. */
  eventFor(selection: Selection): WatchEvent | undefined {
    const after = !this.deleted && this.#matches(selection, this.#change.value, () => this.object);
    const text = this.#previousText;
    // Without a selector the former state need not be decoded: it matched if it was there.
    const before = text !== undefined && (selection.everything || this.#matches(selection, text, () => this.previous));
    if (after) return this.#event(before ? 'MODIFIED' : 'ADDED', selection);
    return before && this.previous !== undefined ? this.#event('DELETED', selection) : undefined;
  }

  /** Frees the derived values after the fan-out; they are derived again when a later watcher needs them. */
  settle(): void {
    this.#object = undefined;
    this.#previous = undefined;
    this.#events.clear();
  }

  get #previousText(): string | undefined {
    return this.deleted ? this.#change.value : this.#change.previous;
  }

  /** An object that the selection's selectors cannot read is damaged, and does not match. */
  #matches(selection: Selection, text: string, decode: () => AnyObject | undefined): boolean {
    try {
      return matches(selection, text, decode);
    } catch (error) {
      if (!isDamaged(error)) throw error;
      this.#deps.damaged.note(error);
      return false;
    }
  }

  #event(type: ChangeEvent['type'], { form, wantsPrevious = false }: Selection): WatchEvent {
    const name = wantsPrevious ? `${type} with the object before` : type;
    let event = this.#events.get(name);
    if (event === undefined) {
      const object = (type === 'DELETED' ? this.previous : this.object)!;
      event = { type, object, resourceVersion: this.revision, ...(wantsPrevious ? { previous: this.previous } : {}) };
      this.#events.set(name, event);
    }
    return form === undefined ? event : inForm(event, form);
  }
}

/** Events whose objects are in another form than the stored one, made once for each. */
const formed = new WeakMap<ChangeEvent, Map<ReadForm, ChangeEvent>>();

/** An event whose object is in a form. */
export function inForm(event: ChangeEvent, form: ReadForm): ChangeEvent {
  const object = form(event.object);
  if (object === event.object) return event;
  let forms = formed.get(event);
  if (forms === undefined) {
    forms = new Map();
    formed.set(event, forms);
  }
  let made = forms.get(form);
  if (made === undefined) {
    made = { ...event, object };
    forms.set(form, made);
  }
  return made;
}

/** A decoded object, or null if its text is damaged. */
function soundOrNull(decode: () => AnyObject, note?: (error: unknown) => void): AnyObject | null {
  try {
    return decode();
  } catch (error) {
    if (!isDamaged(error)) throw error;
    note?.(error);
    return null;
  }
}

/** True if a text is that of an object of the selection. The text is decoded only where its hints are in it. */
function matches(selection: Selection, text: string, decode: () => AnyObject | undefined): boolean {
  if (!selection.hints.every((hint) => text.includes(hint))) return false;
  const object = decode();
  if (object === undefined || selection.everything) return object !== undefined;
  return selection.matches(selection.form?.(object) ?? object);
}

/** The hub's form of a store change; undefined for keys that are not those of objects. */
export function toHubChange(change: Change, deps: DecodeDeps): HubChange | undefined {
  const parts = parseKey(change.key);
  return parts === undefined ? undefined : new HubChange(change, parts, deps);
}

import type { KubeObject } from '@gantry/model/kind.ts';
import type { GantryError } from '@gantry/runtime/errors.ts';
import type { Entry, Operation } from '@gantry/store/store.ts';
import { unreadable } from '../encryption/cipher.ts';
import { readEntries, textOfEntries } from '../ownership/stored-entries.ts';
import { damagedObject, isDamaged } from './damage.ts';
import { noteSameForm } from './todays-form.ts';

/** An object of any kind whose parts are reached by name. */
export interface AnyObject extends KubeObject {
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
  [part: string]: unknown;
}

/** An object as the store has it, decoded when first asked for. */
export class Stored {
  readonly key: string;
  readonly revision: number;
  /** The store's text: JSON without metadata.resourceVersion, which is the revision and nothing else. */
  readonly text: string;
  /** Its object is not as the text has it, but as its kind reads it today: a write that changes nothing brings the text up to date. */
  readonly isStale: boolean;
  #object: AnyObject | undefined;

  /** @param object The decoded text, if it is known already. */
  constructor(entry: Entry, object?: AnyObject, isStale = false) {
    this.key = entry.key;
    this.revision = entry.revision;
    this.text = entry.value;
    this.isStale = isStale;
    this.#object = object;
  }

  /**
   * The decoded object, with metadata.resourceVersion. Shared between requests: never change it, take a `copyOf`.
   * Throws the error of damagedObject if the text is damaged.
   */
  get object(): AnyObject {
    this.#object ??= decodeEntry({ key: this.key, value: this.text, revision: this.revision });
    return this.#object;
  }

  /** The error that `object` throws; undefined if the text is sound. */
  get damage(): GantryError | undefined {
    try {
      return void this.object;
    } catch (error) {
      if (isDamaged(error)) return error;
      throw error;
    }
  }
}

/** The text that the store keeps of an object. The resourceVersion stays outside, so the text can never carry a wrong one. */
export function encodeValue(object: AnyObject): string {
  const { apiVersion, kind, metadata, ...parts } = object;
  const { resourceVersion: _, managedFields, ...rest } = metadata;
  const head = JSON.stringify({ apiVersion, kind, metadata: rest });
  const tail = JSON.stringify(parts);
  const entries = managedFields === undefined ? '' : `,"managedFields":${textOfEntries(managedFields)}`;
  return `${head.slice(0, -2)}${entries}}${tail === '{}' ? '}' : `,${tail.slice(1)}`}`;
}

/** Objects that operations write, so that this process need not read again what it wrote itself. */
const written = new WeakMap<Operation, AnyObject>();

/**
 * The operation that writes an object.
 * @param object From now on shared with all readers of the key: never change it.
 * @param value What encodeValue makes of it.
 */
export function putObject(key: string, object: AnyObject, expected: number, value = encodeValue(object)): Operation {
  const operation: Operation = { type: 'put', key, value, expected };
  written.set(operation, object);
  return operation;
}

/** A key as an operation left it at a revision. */
export function storedBy(operation: Extract<Operation, { type: 'put' }>, revision: number): Stored {
  const object = written.get(operation);
  if (object === undefined) return new Stored({ ...operation, revision });
  const stored = withRevision(object, revision);
  noteSameForm(stored, object);
  return new Stored({ ...operation, revision }, stored);
}

/** The object in a store's entry. Throws the error of damagedObject if the text is not that of the key's object. */
export function decodeEntry(entry: Entry): AnyObject {
  try {
    const object = JSON.parse(entry.value) as AnyObject;
    checkHead(object, entry.key);
    readEntries(object.metadata.managedFields);
    object.metadata.resourceVersion = String(entry.revision);
    return object;
  } catch (error) {
    const problem = unreadable(entry.value);
    throw damagedObject(entry, problem === undefined ? error : new Error(problem));
  }
}

/** Damage may leave valid JSON that is no object, or another one. */
function checkHead({ apiVersion, kind, metadata }: AnyObject, key: string): void {
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') throw new Error('it names no apiVersion and kind');
  const name = key.slice(key.lastIndexOf('/') + 1);
  if (metadata.name !== name) throw new Error(`its metadata.name is ${JSON.stringify(metadata.name)}`);
}

/** A copy of one's own to change. Parsing the text again is the fastest deep copy there is here. */
export function copyOf({ key, text, revision }: Stored): AnyObject {
  return decodeEntry({ key, value: text, revision });
}

/** An object with the resourceVersion of the write that stored it. */
export function withRevision(object: AnyObject, revision: number): AnyObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}

/**
 * Decoded objects by key, the latest seen revision of each, within a bound of characters. A store's text is decoded
 * once for all lists, gets and watches. It may be out of date: the present state is in the store alone.
 */
export class ObjectCache {
  readonly #maxChars: number;
  readonly #byKey = new Map<string, Stored>();
  #chars = 0;

  /** @param maxChars Characters of JSON to keep; the decoded objects take some four times as many bytes. */
  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  /** The object of a store's entry, the same one for the same revision. */
  decode(entry: Entry): Stored {
    const known = this.#byKey.get(entry.key);
    if (known?.revision === entry.revision) return known;
    const stored = new Stored(entry);
    this.keep(stored);
    return stored;
  }

  /** The same for lists, which pass over many objects once: it keeps an object only if there is free room, and evicts none. */
  glance(entry: Entry): Stored {
    const known = this.#byKey.get(entry.key);
    if (known?.revision === entry.revision) return known;
    const stored = new Stored(entry);
    if (this.#chars + stored.text.length <= this.#maxChars) this.keep(stored);
    return stored;
  }

  /** Takes the state of a key, unless a later one was seen. */
  keep(stored: Stored): void {
    const known = this.#byKey.get(stored.key);
    if (known === undefined || known.revision < stored.revision) this.#keep(stored);
  }

  /** The latest seen state of a key; may be out of date, so use it only if the commit checks its revision. */
  peek(key: string): Stored | undefined {
    return this.#byKey.get(key);
  }

  /** Drops a key that was deleted at `revision`, or is to be read again. */
  forget(key: string, revision = Number.POSITIVE_INFINITY): void {
    const known = this.#byKey.get(key);
    if (known === undefined || known.revision > revision) return;
    this.#byKey.delete(key);
    this.#chars -= known.text.length;
  }

  #keep(stored: Stored): void {
    this.forget(stored.key);
    this.#byKey.set(stored.key, stored);
    this.#chars += stored.text.length;
    // A Map keeps insertion order: the first key is the least recently changed one.
    for (const [key, oldest] of this.#byKey) {
      if (this.#chars <= this.#maxChars || key === stored.key) break;
      this.#byKey.delete(key);
      this.#chars -= oldest.text.length;
    }
  }
}

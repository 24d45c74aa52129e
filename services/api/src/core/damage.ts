import { GantryError, isError, type ResourceInfo } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Entry } from '@gantry/store/store.ts';
import { parseKey } from './keys.ts';

/** The cause of an error about an object whose stored text is damaged. */
class Damage extends Error {
  readonly key: string;
  readonly revision: number;

  constructor(entry: Entry, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.key = entry.key;
    this.revision = entry.revision;
  }
}

/**
 * The error for an object whose stored text cannot be decoded: an InternalError that names the object. Lists and watches
 * skip such an object; GetRaw reads it, Delete removes it, and every other call about it ends with this error.
 */
export function damagedObject(entry: Entry, cause: unknown): GantryError {
  const damage = new Damage(entry, cause);
  const where = `the stored object ${entry.key} is damaged and cannot be decoded`;
  return new GantryError('InternalError', `Internal error occurred: ${where}: ${damage.message}`, {
    cause: damage,
    ...resourceOfKey(entry.key),
  });
}

/** True for an error that damagedObject made. */
export function isDamaged(error: unknown): error is GantryError {
  return isError(error, 'InternalError') && error.cause instanceof Damage;
}

function resourceOfKey(key: string): { readonly resource?: ResourceInfo } {
  const parts = parseKey(key);
  if (parts === undefined) return {};
  const [resource = '', ...group] = parts.resource.split('.');
  return { resource: { group: group.join('.'), resource, name: parts.name } };
}

/** A damaged object, as it is reported. */
export interface DamagedObject {
  readonly key: string;
  /** Revision of the write that left the text. */
  readonly revision: number;
  /** Why it cannot be decoded, in the decoder's words. */
  readonly problem: string;
}

/** Most damaged objects that are remembered; a store that has more is lost altogether. */
const maxRemembered = 1_000;

/** The damaged objects that this process has met, until they are written anew or deleted. Logs each of them once. */
export class DamagedObjects {
  readonly #log: Logger;
  readonly #byKey = new Map<string, DamagedObject>();
  readonly #listeners = new Set<() => void>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** The damaged objects, in the order in which they were met. */
  all(): readonly DamagedObject[] {
    return [...this.#byKey.values()];
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** Takes note of what was thrown while an entry was decoded. Rethrows an error that is about something else. */
  note(error: unknown): DamagedObject {
    if (!isDamaged(error)) throw error;
    const { key, revision, message } = error.cause as Damage;
    const known = this.#byKey.get(key);
    if (known?.revision === revision) return known;
    const damaged = { key, revision, problem: message };
    if (this.#byKey.size >= maxRemembered) return damaged;
    this.#byKey.set(key, damaged);
    this.#log.error(damaged, 'a stored object is damaged; it is skipped until it is written anew or deleted');
    for (const listener of this.#listeners) listener();
    return damaged;
  }

  /** A key was written or deleted at a revision. */
  forget(key: string, revision: number): void {
    const known = this.#byKey.get(key);
    if (known === undefined || known.revision >= revision) return;
    this.#byKey.delete(key);
    for (const listener of this.#listeners) listener();
  }

  /** Calls the listener after each change of the set; returns how to stop that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

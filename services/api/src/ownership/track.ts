import { updated, type Versions } from '@gantry/fieldsets/update.ts';
import type { ManagedFieldsEntry } from '@gantry/model/gen/gantry.meta.v1.ts';
import type { Kind } from '@gantry/model/kind.ts';
import { apiVersionOf } from '@gantry/model/registry.ts';
import { sameJson } from '@gantry/model/same-json.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { AnyObject } from '../core/stored-object.ts';
import { capped, entriesOf, managerKey, nobody, type Ownership, ownershipOf } from './managers.ts';
import { emptyOf, versionsOf } from './schemas.ts';

// Owners of fields after writes that are no applications: creates, updates, patches, and writes of subresources.

/** Entries of metadata.managedFields; undefined where nobody owns anything. */
export type Entries = readonly ManagedFieldsEntry[] | undefined;

/**
 * Finds the owners of an object's fields after a write.
 * @param object The object as the write makes it and its client has it; metadata.managedFields is the client's word on owners.
 * @param live The object before; undefined for a new one.
 */
export type Owners = (kind: Kind, object: AnyObject, live: AnyObject | undefined) => Entries;

/** The client that a write is of, and the part of the object that it writes. */
export interface Author {
  /** Its field manager; empty if it named none. */
  readonly manager: string;
  /** Empty for the object itself. */
  readonly subresource: string;
  /** The version in which it writes, such as events.k8s.io/v1; the stored one if absent. */
  readonly version?: string | undefined;
  readonly nowMs: number;
}

/** Owners where the author has all that it changes. */
export function ownersBy(author: Author): Owners {
  return (kind, object, live) => {
    const stored = live?.metadata.managedFields;
    const { entries, ownership } = author.subresource === '' ? baseOf(object, stored) : storedBase(stored);
    // Once they were cleared, owners are known again from the first application on.
    if (live !== undefined && ownership.managers.size === 0) return undefined;
    const after = ownershipAfter(kind, { author, object, live, before: ownership });
    return after === ownership ? entries : entriesOf(after);
  };
}

/** Name of the api where it writes of its own accord. */
export const ownManager = 'gantry-api';

/** Owners where a write of the server changes none. */
export const ownersAsBefore: Owners = (_kind, _object, live) => live?.metadata.managedFields;

/** Puts the owners that a write leaves on its object, in place. */
export function setEntries({ metadata }: AnyObject, entries: Entries): void {
  if (entries === undefined || entries.length === 0) delete metadata.managedFields;
  else metadata.managedFields = entries as ManagedFieldsEntry[];
}

/** A changed copy of a stored object, with the owners that the change leaves on it. @param object Shares what did not change. */
export function withOwners(kind: Kind, object: AnyObject, live: AnyObject, author: Author): AnyObject {
  const owned = { ...object, metadata: { ...object.metadata } };
  setEntries(owned, ownersBy(author)(kind, object, live));
  return owned;
}

/**
 * Notes on a decoded object that its client sent an empty list of entries, which decoding leaves out like any other empty list: it asks
 * that all owners be forgotten.
 * @param given The object before it was decoded.
 */
export function noteReset(given: unknown, { metadata }: AnyObject): void {
  const entries = (given as { readonly metadata?: { readonly managedFields?: unknown } } | null)?.metadata
    ?.managedFields;
  if (Array.isArray(entries) && entries.length === 0) metadata.managedFields = [{}];
}

interface Base {
  readonly entries: Entries;
  readonly ownership: Ownership;
}

/** The ownership that a write builds on: that of the client's entries where they say something, or else the stored one. */
function baseOf({ metadata }: AnyObject, stored: Entries): Base {
  const sent = metadata.managedFields;
  if (sent === undefined || sent === stored || sent.length === 0 || sameJson(sent, stored)) return storedBase(stored);
  // One entry without anything in it asks that all owners be forgotten.
  if (sent.length === 1 && Object.keys(sent[0]!).length === 0) return storedBase(undefined);
  try {
    return { entries: sent, ownership: ownershipOf(sent) };
  } catch {
    // A client that does not understand managedFields must not lose what others own.
    return storedBase(stored);
  }
}

function storedBase(stored: Entries): Base {
  try {
    return { entries: stored, ownership: ownershipOf(stored) };
  } catch {
    return { entries: undefined, ownership: nobody };
  }
}

/** The ownership after an update by an author; the same value where it stays as it is. */
export function ownershipAfter(
  kind: Kind,
  change: {
    readonly author: Author;
    readonly object: AnyObject;
    readonly live: AnyObject | undefined;
    readonly before: Ownership;
  },
): Ownership {
  const { author, object, live, before } = change;
  const { manager, subresource, nowMs } = author;
  const { version = apiVersionOf(kind) } = author;
  const versions = versionsOf(kind, subresource);
  const key = managerKey({ name: manager || 'unknown', operation: 'Update', subresource }, version);
  const write = {
    live: live === undefined ? emptyOf(kind, version) : versions.convert(live, version),
    object: versions.convert(object, version),
    version,
    managers: before.managers,
    manager: key,
  };
  const { managers, changed } = updatedIfSound(write, versions);
  if (!changed) return managers === before.managers ? before : { managers, times: before.times };
  return capped({ managers, times: new Map(before.times).set(key, rfc3339(nowMs)) });
}

/** The ownership after an update; as before where items of a list cannot be told apart, which validation refuses. */
function updatedIfSound(write: Parameters<typeof updated>[0], versions: Versions): ReturnType<typeof updated> {
  try {
    return updated(write, versions);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { managers: write.managers, changed: false };
  }
}

import type { FieldSet } from '@gantry/fieldsets/field-set.ts';
import type { Managers, Owned } from '@gantry/fieldsets/update.ts';
import type { ManagedFieldsEntry } from '@gantry/model/gen/gantry.meta.v1.ts';
import { fieldSetOf, fieldsV1Of } from './fields-v1.ts';

// Ownership in the form of metadata.managedFields, and in that of fieldsets.

/** One who writes fields, in one way. */
export interface Manager {
  /** Such as kubectl. */
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  /** Empty for the object itself. */
  readonly subresource: string;
}

/** Fields of an object by manager. */
export interface Ownership {
  /** By the keys of managerKey. */
  readonly managers: Managers;
  /** When each manager changed something the last time, in RFC 3339. */
  readonly times: ReadonlyMap<string, string>;
}

export const nobody: Ownership = { managers: new Map(), times: new Map() };

/** A manager of fields in an object's entries. Updates in several versions are several managers, applications are one. */
export function managerKey({ name, operation, subresource }: Manager, version: string): string {
  return JSON.stringify({
    manager: name,
    operation,
    ...(operation === 'Update' ? { apiVersion: version } : {}),
    ...(subresource === '' ? {} : { subresource }),
  });
}

/** The manager that a key names. */
export function managerOf(key: string): Manager {
  const {
    manager,
    operation,
    subresource = '',
  } = JSON.parse(key) as {
    manager: string;
    operation: Manager['operation'];
    subresource?: string;
  };
  return { name: manager, operation, subresource };
}

const known = new WeakMap<readonly ManagedFieldsEntry[], Ownership>();

/** The ownership that entries tell of. Throws SyntaxError for what no server ever wrote. */
export function ownershipOf(entries: readonly ManagedFieldsEntry[] | undefined): Ownership {
  if (entries === undefined || entries.length === 0) return nobody;
  let ownership = known.get(entries);
  if (ownership === undefined) {
    ownership = decode(entries);
    known.set(entries, ownership);
  }
  return ownership;
}

function decode(entries: readonly ManagedFieldsEntry[]): Ownership {
  const managers = new Map<string, Owned>();
  const times = new Map<string, string>();
  for (const { manager = '', operation, apiVersion = '', time, fieldsType, fieldsV1, subresource = '' } of entries) {
    if (operation !== 'Apply' && operation !== 'Update') throw new SyntaxError('operation must be `Apply` or `Update`');
    if (apiVersion === '') throw new SyntaxError('apiVersion must not be empty');
    if (fieldsType !== 'FieldsV1') throw new SyntaxError(`invalid fieldsType: ${fieldsType}`);
    const key = managerKey({ name: manager, operation, subresource }, apiVersion);
    managers.set(key, { set: fieldSetOf(fieldsV1 ?? {}), version: apiVersion, applied: operation === 'Apply' });
    if (time !== undefined) times.set(key, time);
  }
  return { managers, times };
}

/** The last entry that was made of a set: most objects are written by few managers, many in one second. Shared, as sets are. */
const lastEntry = new WeakMap<FieldSet, { readonly key: string; readonly entries: readonly [ManagedFieldsEntry] }>();

/** The entries of an ownership: applications first, then by time. Shared between objects: nobody may change them. */
export function entriesOf(ownership: Ownership): readonly ManagedFieldsEntry[] {
  const { managers, times } = ownership;
  let entries: readonly ManagedFieldsEntry[] | undefined;
  const all: ManagedFieldsEntry[] = [];
  for (const [key, owned] of managers) {
    const one = entryOf(key, owned, times.get(key));
    all.push(one[0]);
    if (managers.size === 1) entries = one;
  }
  entries ??= all.sort(inOrder);
  if (!known.has(entries)) known.set(entries, ownership);
  return entries;
}

/** The entry of one manager, as a list. */
function entryOf(key: string, { set, version }: Owned, time: string | undefined): readonly [ManagedFieldsEntry] {
  const last = lastEntry.get(set);
  if (last?.key === key && last.entries[0].time === time && last.entries[0].apiVersion === version) return last.entries;
  const { name, operation, subresource } = managerOf(key);
  const entry: ManagedFieldsEntry = {
    ...(name === '' ? {} : { manager: name }),
    operation,
    apiVersion: version,
    ...(time === undefined ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: fieldsV1Of(set),
    ...(subresource === '' ? {} : { subresource }),
  };
  const entries = [entry] as const;
  lastEntry.set(set, { key, entries });
  return entries;
}

function inOrder(left: ManagedFieldsEntry, right: ManagedFieldsEntry): number {
  return (
    compareTexts(left.operation, right.operation) ||
    compareTexts(left.time, right.time) ||
    compareTexts(left.manager, right.manager) ||
    compareTexts(left.apiVersion, right.apiVersion) ||
    compareTexts(left.subresource, right.subresource)
  );
}

function compareTexts(left = '', right = ''): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Managers that update, at most; the oldest beyond are counted as one. */
const maxUpdaters = 10;
const ancientChanges = 'ancient-changes';

/** The ownership with at most so many managers that update: fields of those that wrote the longest ago go to one of each version. */
export function capped({ managers, times }: Ownership): Ownership {
  if (managers.size <= maxUpdaters) return { managers, times };
  const updaters = [...managers].filter(([, { applied }]) => !applied);
  if (updaters.length <= maxUpdaters) return { managers, times };
  const timeOf = (key: string): string => times.get(key) ?? '';
  updaters.sort(([a], [b]) =>
    timeOf(a) === timeOf(b) ? Number(a > b) - Number(a < b) : timeOf(a) < timeOf(b) ? -1 : 1,
  );
  const left = new Map(managers);
  const newTimes = new Map(times);
  /** The oldest manager of each version; it goes into the common one together with the second oldest. */
  const first = new Map<string, string>();
  for (const [key, owned] of updaters) {
    if (left.size - (managers.size - updaters.length) <= maxUpdaters) break;
    const { version } = owned;
    const oldest = first.get(version);
    if (oldest === undefined) {
      first.set(version, key);
      continue;
    }
    const common = managerKey({ name: ancientChanges, operation: 'Update', subresource: '' }, version);
    if (!left.has(common)) {
      left.set(common, left.get(oldest)!);
      left.delete(oldest);
    }
    left.set(common, { ...owned, set: owned.set.union(left.get(common)!.set) });
    left.delete(key);
    const time = times.get(key);
    if (time !== undefined) newTimes.set(common, time);
  }
  return { managers: left, times: newTimes };
}

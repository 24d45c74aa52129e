import { type Difference, differenceOf, type Schema } from './difference.ts';
import { FieldSet } from './field-set.ts';
import { merge } from './merge.ts';
import { removePaths } from './remove.ts';
import { toFieldSet } from './to-set.ts';

/** Fields that a manager owns. */
export interface Owned {
  readonly set: FieldSet;
  /** The version in which the paths are written, such as apps/v1. */
  readonly version: string;
  /** True if it applied them: it gives up what its next configuration leaves out. False if it updated them. */
  readonly applied: boolean;
}

/** Owned fields by manager. The key tells managers apart; the consumer makes it of name, operation and subresource. */
export type Managers = ReadonlyMap<string, Owned>;

/** Finds types, and converts objects between versions. */
export interface Versions {
  /** Undefined for a version that is not served any more: what managers own in it is forgotten. */
  schema(version: string): Schema | undefined;
  /** The same object in another version. */
  convert(object: unknown, version: string): unknown;
}

/** A manager and its fields that another one wants to change. */
export interface Conflict {
  readonly manager: string;
  readonly set: FieldSet;
}

/** An application of a configuration would change fields of other managers. */
export class ConflictError extends Error {
  readonly conflicts: readonly Conflict[];

  constructor(conflicts: readonly Conflict[]) {
    super('fields are owned by other managers');
    this.name = 'ConflictError';
    this.conflicts = conflicts;
  }
}

interface Write {
  readonly live: unknown;
  readonly version: string;
  readonly managers: Managers;
  readonly manager: string;
}

/**
 * Ownership after an update: the manager owns all that it changed, others lose it. The same managers where they stay as they are.
 * @param write.live The object before; what is there without ever being set for a new one. In `version`, as is `object`.
 * @returns `changed` is true if fields that can be owned were added or got another value.
 */
export function updated(
  write: Write & { readonly object: unknown },
  versions: Versions,
): { readonly managers: Managers; readonly changed: boolean } {
  const { version, manager } = write;
  const { managers, difference } = transfer({ ...write, force: true }, versions);
  const { touched } = difference;
  const mine = managers.get(manager)?.set ?? FieldSet.empty;
  const set = gainedBy(mine, difference);
  return {
    managers: set === mine ? managers : withOwned(managers, manager, set, version, false),
    changed: !touched.isEmpty,
  };
}

/**
 * The live object with a configuration applied, and the ownership after it. The manager owns exactly what the
 * configuration sets; what it owned before, and neither sets nor shares with another manager, is removed.
 * @param write.config The configuration, without fields that nobody owns.
 * @param write.force Takes fields over from other managers.
 * @returns `changed` is true if the object is another one than before, in fields that can be owned.
 * @throws ConflictError if the configuration changes fields of other managers and force is not set.
 */
export function applied(
  write: Write & { readonly config: unknown; readonly force: boolean },
  versions: Versions,
): { readonly object: unknown; readonly managers: Managers; readonly changed: boolean } {
  const { live, config, version, manager } = write;
  const { shape, ignored } = schemaOf(versions, version);
  const last = write.managers.get(manager);
  const whole = toFieldSet(config, shape);
  const owned = { set: whole.without(ignored), version, applied: true };
  // A name, which nobody owns, is still wanted: it must not go with what is given up around it.
  const wanted = new Map(write.managers).set(manager, { ...owned, set: whole });
  const object = prune(merge(live, config, shape), { managers: wanted, version, last }, versions);
  const managers = new Map(write.managers).set(manager, owned);
  const result = transfer({ ...write, managers, object }, versions);
  const { touched, removed } = result.difference;
  return { object, managers: result.managers, changed: !(touched.isEmpty && removed.isEmpty) };
}

/** Takes the fields that a write changes from all other managers, and those that it removes. */
function transfer(
  { live, object, version, managers, manager, force }: Write & { readonly object: unknown; readonly force: boolean },
  versions: Versions,
): { readonly managers: Managers; readonly difference: Difference } {
  schemaOf(versions, version);
  const differenceIn = (target: string): Difference | undefined => {
    const schema = versions.schema(target);
    if (schema === undefined) return undefined;
    const [before, after] =
      target === version ? [live, object] : [live, object].map((one) => versions.convert(one, target));
    return differenceOf(before ?? {}, after ?? {}, schema);
  };
  const differences = new Map([[version, differenceIn(version)]]);
  const conflicts: Conflict[] = [];
  const left = new Map<string, Owned>();
  let isSame = true;
  for (const [name, owned] of managers) {
    if (name === manager && !owned.set.isEmpty) {
      left.set(name, owned);
      continue;
    }
    if (!differences.has(owned.version)) differences.set(owned.version, differenceIn(owned.version));
    const difference = differences.get(owned.version);
    const { conflict, set } = difference === undefined ? nothingLeft : takenFrom(owned.set, difference);
    if (!conflict.isEmpty) conflicts.push({ manager: name, set: conflict });
    isSame &&= set === owned.set;
    if (!set.isEmpty) left.set(name, set === owned.set ? owned : { ...owned, set });
  }
  if (!force && conflicts.length > 0) throw new ConflictError(conflicts);
  return { managers: isSame && left.size === managers.size ? managers : left, difference: differences.get(version)! };
}

/** The part of a set that a write changes, and what is left of the set. */
interface Taken {
  readonly conflict: FieldSet;
  readonly set: FieldSet;
}

const nothingLeft: Taken = { conflict: FieldSet.empty, set: FieldSet.empty };
const taken = new WeakMap<Difference, WeakMap<FieldSet, Taken>>();

/** Found again for the same difference and the same set: many objects are owned, and written, in the same way. */
function takenFrom(owned: FieldSet, difference: Difference): Taken {
  let known = taken.get(difference);
  if (known === undefined) {
    known = new WeakMap();
    taken.set(difference, known);
  }
  let result = known.get(owned);
  if (result === undefined) {
    const conflict = owned.intersection(difference.touched);
    result = { conflict, set: owned.difference(conflict).difference(difference.removed) };
    known.set(owned, result);
  }
  return result;
}

const gained = new WeakMap<Difference, WeakMap<FieldSet, FieldSet>>();

/** A manager's set after it made a difference; the same set if it owned all of that, likewise found again. */
function gainedBy(mine: FieldSet, difference: Difference): FieldSet {
  let known = gained.get(difference);
  if (known === undefined) {
    known = new WeakMap();
    gained.set(difference, known);
  }
  let set = known.get(mine);
  if (set === undefined) {
    const { touched, removed } = difference;
    const kept = mine.difference(removed);
    set = touched.difference(kept).isEmpty ? kept : kept.union(touched);
    known.set(mine, set);
  }
  return set;
}

/** Removes what the manager applied the last time and neither it nor anybody else owns now. */
function prune(
  merged: unknown,
  {
    managers,
    version,
    last,
  }: { readonly managers: Managers; readonly version: string; readonly last: Owned | undefined },
  versions: Versions,
): unknown {
  if (last === undefined || last.set.isEmpty) return merged;
  const schema = versions.schema(last.version);
  if (schema === undefined) return merged;
  const { shape } = schema;
  const before = versions.convert(merged, last.version);
  const lastSet = last.set.withNamedFields(shape);
  let pruned: unknown = removePaths(before, lastSet, shape);
  // The last version first: a conversion may need fields that others own in it.
  const owners = [...new Set([last.version, ...[...managers.values()].map((owned) => owned.version)])];
  for (const owner of owners)
    pruned = withOwnedFields(merged, pruned, { owner, from: last.version, managers }, versions);
  const mergedSet = toFieldSet(before, shape).withNamedFields(shape);
  const prunedSet = toFieldSet(pruned, shape).withNamedFields(shape);
  // Only what this manager applied goes: fields that nobody owns stay.
  const gone = mergedSet.difference(prunedSet).intersection(lastSet);
  return versions.convert(removePaths(before, gone, shape), version);
}

/** The pruned object with everything of the merged one that managers own in a version. */
function withOwnedFields(
  merged: unknown,
  pruned: unknown,
  { owner, from, managers }: { readonly owner: string; readonly from: string; readonly managers: Managers },
  versions: Versions,
): unknown {
  const schema = versions.schema(owner);
  if (schema === undefined) return pruned;
  const { shape } = schema;
  const whole = versions.convert(merged, owner);
  const part = versions.convert(pruned, owner);
  const owned = [...managers.values()]
    .filter(({ version }) => version === owner)
    .reduce((all, { set }) => all.union(set), FieldSet.empty);
  const kept = toFieldSet(part, shape).withNamedFields(shape).union(owned.withNamedFields(shape));
  const gone = toFieldSet(whole, shape).withNamedFields(shape).difference(kept);
  return versions.convert(removePaths(whole, gone, shape), from);
}

function withOwned(managers: Managers, manager: string, set: FieldSet, version: string, applied: boolean): Managers {
  const result = new Map(managers);
  if (set.isEmpty) result.delete(manager);
  else result.set(manager, { set, version, applied });
  return result;
}

function schemaOf(versions: Versions, version: string): Schema {
  const schema = versions.schema(version);
  if (schema === undefined) throw new TypeError(`version ${version} is not served`);
  return schema;
}

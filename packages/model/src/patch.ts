/** Changes of parts of objects: JSON patch (RFC 6902), merge patch (RFC 7386), and Kubernetes' strategic merge patch. */
import { GantryError } from '@gantry/runtime/errors.ts';
import { applyOperation, readOperation, valueAt } from './json-patch.ts';
import type { Field, ObjectSchema, TypeSchema } from './type-schema.ts';

type Fields = Record<string, unknown>;

/** Operations in one JSON patch, at most (Kubernetes' bound). */
const maxOperations = 10_000;
/** Characters that the copy operations of one patch may add: each can double the object (Kubernetes' bound is the same). */
const maxCopiedChars = 3 * 1024 * 1024;

/** The object after a JSON patch. Throws BadRequest for a patch that makes no sense, Invalid for one that does not fit. */
export function applyJsonPatch<T>(object: T, patch: unknown): T {
  if (!Array.isArray(patch))
    throw new GantryError('BadRequest', 'error decoding patch: a JSON patch is a list of operations');
  if (patch.length > maxOperations) {
    const text = `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`;
    throw new GantryError('RequestEntityTooLarge', text);
  }
  try {
    return applyOperations(structuredClone(object), patch) as T;
  } catch (cause) {
    if (cause instanceof GantryError) throw cause;
    const text = (cause as Error).message.split('\n')[0];
    throw new GantryError('Invalid', `the server rejected our request due to an error in our request: ${text}`, {
      cause,
    });
  }
}

function applyOperations(object: unknown, patch: readonly unknown[]): unknown {
  let copiedChars = 0;
  return patch.map(readOperation).reduce<unknown>((document, operation) => {
    if (operation.op === 'copy') {
      copiedChars += (JSON.stringify(valueAt(document, operation.from ?? '')) ?? '').length;
      if (copiedChars > maxCopiedChars) {
        const text = `Unable to complete the copy, the accumulated size increase of copy is ${copiedChars}, exceeding the limit ${maxCopiedChars}`;
        throw new GantryError('RequestEntityTooLarge', text);
      }
    }
    return applyOperation(document, operation);
  }, object);
}

/** The object after a merge patch: what the patch names is replaced, null removes. */
export function applyMergePatch(object: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: Fields = isRecord(object) ? { ...object } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else setOwn(result, key, applyMergePatch(result[key], value));
  }
  return result;
}

/**
 * The object after a strategic merge patch: as a merge patch, but lists whose entries have a key are merged entry by entry,
 * and directives ($patch, $retainKeys, $deleteFromPrimitiveList, $setElementOrder) are obeyed.
 * @param schema The object's: its fields tell how lists merge.
 */
export function applyStrategicPatch(schema: ObjectSchema, object: unknown, patch: unknown): Fields {
  if (!isRecord(patch))
    throw new GantryError('BadRequest', 'error decoding patch: a strategic merge patch is an object');
  return mergeObject(schema.fields, isRecord(object) ? object : {}, patch);
}

type FieldLookup = ReadonlyMap<string, Field> | undefined;

/** The fields of what stands in a field, or of the entries of its list; undefined where that is a map, a scalar, or any JSON. */
function innerFields(field: Field | undefined): FieldLookup {
  if (field === undefined) return undefined;
  const inner: TypeSchema = field.schema.type === 'list' ? field.schema.items : field.schema;
  return inner.type === 'object' ? inner.fields : undefined;
}

function mergeObject(fields: FieldLookup, object: Fields, patch: Fields): Fields {
  const { $patch: directive, $retainKeys: retained, ...changes } = patch;
  if (directive === 'replace') return withoutDirectives(changes);
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge') throw badDirective('$patch', directive);
  const kept = Array.isArray(retained)
    ? Object.entries(object).filter(([key]) => retained.includes(key))
    : Object.entries(object);
  const result: Fields = Object.fromEntries(kept);
  for (const [key, value] of Object.entries(changes)) {
    if (key.startsWith('$')) continue;
    if (value === null) delete result[key];
    else setOwn(result, key, mergeValue(fields?.get(key), result[key], value));
  }
  applyListDirectives(fields, result, changes, object);
  return result;
}

function mergeValue(field: Field | undefined, current: unknown, value: unknown): unknown {
  if (Array.isArray(value)) return mergeList(field, Array.isArray(current) ? current : [], value);
  if (!isRecord(value)) return value;
  const isReplaced = field?.patchStrategies.includes('replace') ?? false;
  return mergeObject(innerFields(field), isRecord(current) && !isReplaced ? current : {}, value);
}

function isMergedList(field: Field | undefined): field is Field {
  return field?.schema.type === 'list' && field.patchStrategies.includes('merge');
}

function mergeList(field: Field | undefined, current: readonly unknown[], patch: readonly unknown[]): unknown[] {
  const replaces = patch.some((item) => isRecord(item) && item.$patch === 'replace');
  const items = patch.filter((item) => !(isRecord(item) && item.$patch === 'replace'));
  if (replaces || !isMergedList(field)) return items.map((item) => (isRecord(item) ? withoutDirectives(item) : item));
  const { mergeKey } = field;
  if (mergeKey === undefined) return inOrder([...new Set([...current, ...items])], items, current);
  let result = [...current] as Fields[];
  for (const item of items) {
    if (!isRecord(item)) {
      const shown = JSON.stringify(item);
      throw new GantryError('BadRequest', `expected an object with the key ${mergeKey} in a merged list, got ${shown}`);
    }
    const key = item[mergeKey];
    if (key === undefined)
      throw new GantryError(
        'BadRequest',
        `map: ${JSON.stringify(item)} does not contain declared merge key: ${mergeKey}`,
      );
    const index = result.findIndex((each) => each[mergeKey] === key);
    // All of them, where a list has several with one key.
    if (item.$patch === 'delete') result = result.filter((each) => each[mergeKey] !== key);
    else if (index < 0) result.push(mergeObject(innerFields(field), {}, item));
    else result[index] = mergeObject(innerFields(field), result[index]!, item);
  }
  return inOrder(result, items, current, mergeKey);
}

/**
 * The order of a merged list, as Kubernetes has it: entries that the patch names stand in the patch's order, the others in the stored
 * one. Of a named entry and another one, the other goes first only where it stood before it already: new entries come first of all.
 * @param order The patch's entries, or those of its $setElementOrder.
 * @param stored The list before the patch.
 */
function inOrder(
  list: readonly unknown[],
  order: readonly unknown[],
  stored: readonly unknown[],
  mergeKey?: string,
): unknown[] {
  const keyOf = (item: unknown): unknown => (mergeKey === undefined ? item : (item as Fields)[mergeKey]);
  const positions = (items: readonly unknown[]): Map<unknown, number> =>
    new Map(items.map((item, index) => [keyOf(item), index]));
  const [wanted, before] = [positions(order), positions(stored)];
  const by = (places: ReadonlyMap<unknown, number>) => (a: unknown, b: unknown) =>
    (places.get(keyOf(a)) ?? places.size) - (places.get(keyOf(b)) ?? places.size);
  const named = list.filter((item) => wanted.has(keyOf(item))).toSorted(by(wanted));
  const others = list.filter((item) => !wanted.has(keyOf(item))).toSorted(by(before));
  const result: unknown[] = [];
  for (const item of named) {
    const place = before.get(keyOf(item)) ?? 0;
    while (others.length > 0 && (before.get(keyOf(others[0])) ?? place) < place) result.push(others.shift());
    result.push(item);
  }
  return [...result, ...others];
}

const deleteFrom = '$deleteFromPrimitiveList/';
const setOrder = '$setElementOrder/';

function applyListDirectives(fields: FieldLookup, result: Fields, changes: Fields, stored: Fields): void {
  for (const [key, value] of Object.entries(changes)) {
    if (!key.startsWith('$')) continue;
    if (!Array.isArray(value)) throw badDirective(key, value);
    if (key.startsWith(deleteFrom)) {
      const name = key.slice(deleteFrom.length);
      if (Array.isArray(result[name])) result[name] = result[name].filter((item) => !value.includes(item));
    } else if (key.startsWith(setOrder)) {
      const name = key.slice(setOrder.length);
      const before = Array.isArray(stored[name]) ? stored[name] : [];
      assertOrdered(changes[name], value, fields?.get(name)?.mergeKey);
      if (Array.isArray(result[name])) {
        result[name] = inOrder(result[name], value, before, fields?.get(name)?.mergeKey);
      }
    } else throw badDirective(key, value);
  }
}

/** Whatever a patch brings into a list must have its place in the order. */
function assertOrdered(items: unknown, order: readonly unknown[], mergeKey: string | undefined): void {
  if (!Array.isArray(items)) return;
  const keyOf = (item: unknown): unknown => (mergeKey === undefined || !isRecord(item) ? item : item[mergeKey]);
  const keys = new Set(order.map(keyOf));
  const isPlaced = (item: unknown): boolean => keys.has(keyOf(item)) || (isRecord(item) && item.$patch !== undefined);
  if (items.every(isPlaced)) return;
  const [patch, wanted] = [JSON.stringify(items), JSON.stringify(order)];
  throw new GantryError(
    'BadRequest',
    `The order in patch list: ${patch} doesn't match $setElementOrder list: ${wanted}`,
  );
}

function withoutDirectives(value: Fields): Fields {
  const entries = Object.entries(value).filter(([key, inner]) => !key.startsWith('$') && inner !== null);
  return Object.fromEntries(entries.map(([key, inner]) => [key, isRecord(inner) ? withoutDirectives(inner) : inner]));
}

function badDirective(name: string, value: unknown): GantryError {
  return new GantryError('Invalid', `patch: Invalid value: unknown patch directive: ${name}: ${JSON.stringify(value)}`);
}

/**
 * The object after a manifest is applied to it: fields of the manifest are set, fields that only the last applied manifest had are
 * removed, and fields that others set stay. Lists with keys are merged by entry, as kubectl apply does.
 * @param original The manifest that was applied last; undefined where none was.
 */
export function threeWayMerge(schema: ObjectSchema, original: unknown, modified: object, current: object): Fields {
  return merge3Object(schema.fields, isRecord(original) ? original : {}, modified as Fields, current as Fields, false);
}

function merge3Object(
  fields: FieldLookup,
  original: Fields,
  modified: Fields,
  current: Fields,
  retainKeys: boolean,
): Fields {
  const result: Fields = {};
  for (const [key, value] of Object.entries(current)) {
    const removed = key in original || retainKeys;
    if (!(removed && !Object.hasOwn(modified, key))) setOwn(result, key, value);
  }
  for (const [key, value] of Object.entries(modified)) {
    if (value === null) delete result[key];
    else setOwn(result, key, merge3Value(fields?.get(key), original[key], value, result[key]));
  }
  return result;
}

function merge3Value(field: Field | undefined, original: unknown, modified: unknown, current: unknown): unknown {
  const retainKeys = field?.patchStrategies.includes('retainKeys') ?? false;
  if (field?.patchStrategies.includes('replace')) return withoutNulls(modified);
  if (isRecord(modified) && isRecord(current)) {
    return merge3Object(innerFields(field), isRecord(original) ? original : {}, modified, current, retainKeys);
  }
  if (!Array.isArray(modified) || !Array.isArray(current) || !isMergedList(field)) return withoutNulls(modified);
  const before: unknown[] = Array.isArray(original) ? original : [];
  const { mergeKey } = field;
  if (mergeKey === undefined) {
    const others = current.filter((item) => !modified.includes(item) && !before.includes(item));
    return inOrder([...modified, ...others], modified, current);
  }
  const find = (list: readonly unknown[], key: unknown): Fields | undefined =>
    list.find((item): item is Fields => isRecord(item) && item[mergeKey] === key);
  const merged = (modified as Fields[]).map((item) => {
    const stored = find(current, item[mergeKey]);
    return stored === undefined
      ? withoutNulls(item)
      : merge3Object(innerFields(field), find(before, item[mergeKey]) ?? {}, item, stored, retainKeys);
  });
  const others = (current as Fields[]).filter(
    (item) => find(modified, item[mergeKey]) === undefined && find(before, item[mergeKey]) === undefined,
  );
  return inOrder([...merged, ...others], modified, current, mergeKey);
}

/** The value without properties that are null: what a manifest says is null is to be absent. Entries of lists stay. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isRecord(value)) return value;
  const result: Fields = {};
  for (const [key, inner] of Object.entries(value)) if (inner !== null) setOwn(result, key, withoutNulls(inner));
  return result;
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Sets a property of any name as data, also one such as __proto__. */
function setOwn(target: Fields, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

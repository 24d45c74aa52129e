/** Changes of parts of objects: JSON patch (RFC 6902), merge patch (RFC 7386), and Kubernetes' strategic merge patch. */
import { GantryError } from '@gantry/runtime/errors.ts';
import jsonPatch, { type Operation } from 'fast-json-patch';
import { type FieldSchema, jsonFieldsOf, messageSchema } from './schema.ts';

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
    return applyOperations(structuredClone(object), patch as Operation[]);
  } catch (cause) {
    if (cause instanceof GantryError) throw cause;
    const text = (cause as Error).message.split('\n')[0];
    throw new GantryError('Invalid', `the server rejected our request due to an error in our request: ${text}`, {
      cause,
    });
  }
}

function applyOperations<T>(object: T, patch: readonly Operation[]): T {
  let copiedChars = 0;
  return patch.reduce((document, operation, index) => {
    if (operation?.op === 'copy') {
      copiedChars += (JSON.stringify(jsonPatch.getValueByPointer(document, operation.from)) ?? '').length;
      if (copiedChars > maxCopiedChars) {
        const text = `Unable to complete the copy, the accumulated size increase of copy is ${copiedChars}, exceeding the limit ${maxCopiedChars}`;
        throw new GantryError('RequestEntityTooLarge', text);
      }
    }
    return jsonPatch.applyOperation<T>(document, operation, true, true, true, index).newDocument;
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
 * @param messageName The object's message: its fields' options tell how lists merge.
 */
export function applyStrategicPatch(messageName: string, object: unknown, patch: unknown): Fields {
  if (!isRecord(patch))
    throw new GantryError('BadRequest', 'error decoding patch: a strategic merge patch is an object');
  return mergeObject(fieldsOf(messageName), isRecord(object) ? object : {}, patch);
}

type FieldLookup = ReadonlyMap<string, FieldSchema> | undefined;

function fieldsOf(messageName: string): FieldLookup {
  return messageSchema(messageName).jsonForm === 'object' ? jsonFieldsOf(messageName) : undefined;
}

/** The fields of what stands inside a field; undefined where that is a map, a scalar, or raw JSON. */
function innerFields(field: FieldSchema | undefined): FieldLookup {
  return field?.type.kind === 'message' && field.cardinality !== 'map' ? fieldsOf(field.type.name) : undefined;
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
  applyListDirectives(fields, result, changes);
  return result;
}

function mergeValue(field: FieldSchema | undefined, current: unknown, value: unknown): unknown {
  if (Array.isArray(value)) return mergeList(field, Array.isArray(current) ? current : [], value);
  if (!isRecord(value)) return value;
  return mergeObject(innerFields(field), isRecord(current) ? current : {}, value);
}

function isMergedList(field: FieldSchema | undefined): field is FieldSchema {
  return field?.cardinality === 'list' && field.patchStrategies.includes('merge');
}

function mergeList(field: FieldSchema | undefined, current: readonly unknown[], patch: readonly unknown[]): unknown[] {
  const replaces = patch.some((item) => isRecord(item) && item.$patch === 'replace');
  const items = patch.filter((item) => !(isRecord(item) && item.$patch === 'replace'));
  if (replaces || !isMergedList(field)) return items.map((item) => (isRecord(item) ? withoutDirectives(item) : item));
  const { mergeKey } = field;
  if (mergeKey === undefined) return [...current, ...items.filter((item) => !current.includes(item))];
  const result = [...current] as Fields[];
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
    if (item.$patch === 'delete') {
      if (index >= 0) result.splice(index, 1);
    } else if (index < 0) result.push(mergeObject(innerFields(field), {}, item));
    else result[index] = mergeObject(innerFields(field), result[index]!, item);
  }
  return result;
}

const deleteFrom = '$deleteFromPrimitiveList/';
const setOrder = '$setElementOrder/';

function applyListDirectives(fields: FieldLookup, result: Fields, changes: Fields): void {
  for (const [key, value] of Object.entries(changes)) {
    if (!key.startsWith('$')) continue;
    if (!Array.isArray(value)) throw badDirective(key, value);
    if (key.startsWith(deleteFrom)) {
      const name = key.slice(deleteFrom.length);
      if (Array.isArray(result[name])) result[name] = result[name].filter((item) => !value.includes(item));
    } else if (key.startsWith(setOrder)) {
      const name = key.slice(setOrder.length);
      if (Array.isArray(result[name])) result[name] = reorder(result[name], value, fields?.get(name)?.mergeKey);
    } else throw badDirective(key, value);
  }
}

/** Entries in the order asked for; those that it does not name keep their places after the entry that they followed. */
function reorder(list: readonly unknown[], order: readonly unknown[], mergeKey: string | undefined): unknown[] {
  const keyOf = (item: unknown): unknown => (mergeKey === undefined ? item : (item as Fields)[mergeKey]);
  const wanted = order.map(keyOf);
  const sorted = list
    .filter((item) => wanted.includes(keyOf(item)))
    .sort((a, b) => wanted.indexOf(keyOf(a)) - wanted.indexOf(keyOf(b)));
  const result: unknown[] = [];
  for (const item of list) result.push(wanted.includes(keyOf(item)) ? sorted.shift() : item);
  return result;
}

function withoutDirectives(value: Fields): Fields {
  const entries = Object.entries(value).filter(([key, inner]) => !key.startsWith('$') && inner !== null);
  return Object.fromEntries(entries.map(([key, inner]) => [key, isRecord(inner) ? withoutDirectives(inner) : inner]));
}

function badDirective(name: string, value: unknown): GantryError {
  return new GantryError('BadRequest', `Unknown patch directive: ${name}: ${JSON.stringify(value)}`);
}

/**
 * What an object becomes by applying a manifest: what the manifest names is set, what the last applied manifest named and this
 * one does not is removed, and what others set stays. As kubectl apply computes it, lists with keys are merged by entry.
 * @param original The manifest that was applied last; undefined where none was.
 */
export function threeWayMerge(messageName: string, original: unknown, modified: Fields, current: Fields): Fields {
  return merge3Object(fieldsOf(messageName), isRecord(original) ? original : {}, modified, current, false);
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
  for (const [key, value] of Object.entries(modified))
    setOwn(result, key, merge3Value(fields?.get(key), original[key], value, result[key]));
  return result;
}

function merge3Value(field: FieldSchema | undefined, original: unknown, modified: unknown, current: unknown): unknown {
  const retainKeys = field?.patchStrategies.includes('retainKeys') ?? false;
  if (isRecord(modified) && isRecord(current)) {
    return merge3Object(innerFields(field), isRecord(original) ? original : {}, modified, current, retainKeys);
  }
  if (!Array.isArray(modified) || !Array.isArray(current) || !isMergedList(field)) return modified;
  const before: unknown[] = Array.isArray(original) ? original : [];
  const { mergeKey } = field;
  if (mergeKey === undefined) {
    const others = current.filter((item) => !modified.includes(item) && !before.includes(item));
    return [...modified, ...others];
  }
  const find = (list: readonly unknown[], key: unknown): Fields | undefined =>
    list.find((item): item is Fields => isRecord(item) && item[mergeKey] === key);
  const merged = (modified as Fields[]).map((item) => {
    const stored = find(current, item[mergeKey]);
    return stored === undefined
      ? item
      : merge3Object(innerFields(field), find(before, item[mergeKey]) ?? {}, item, stored, retainKeys);
  });
  const others = (current as Fields[]).filter(
    (item) => find(modified, item[mergeKey]) === undefined && find(before, item[mergeKey]) === undefined,
  );
  return [...merged, ...others];
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Sets a property of any name as data, also one such as __proto__. */
function setOwn(target: Fields, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

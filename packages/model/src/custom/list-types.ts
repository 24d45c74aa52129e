/** Entries of lists of type set are unlike one another, and entries of type map have keys unlike one another. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import { duplicate, invalidValue } from '../validation/causes.ts';
import { type Fields, isFields, type SchemaNode } from './node.ts';

/** The entries of a value's lists that stand in them twice, the second of each. */
export function repeatedEntries(node: SchemaNode, value: unknown, path = ''): FieldCause[] {
  if (Array.isArray(value)) return ofList(node, value, path);
  if (!isFields(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const property = node.property(name);
    if (property !== undefined) return repeatedEntries(property, inner, path === '' ? name : `${path}.${name}`);
    return node.others === undefined ? [] : repeatedEntries(node.others, inner, `${path}[${name}]`);
  });
}

function ofList({ schema, items }: SchemaNode, list: readonly unknown[], path: string): FieldCause[] {
  const type = schema['x-kubernetes-list-type'];
  const own =
    type === 'set'
      ? repeated(list, path)
      : type === 'map'
        ? repeatedKeys(schema['x-kubernetes-list-map-keys'] ?? [], list, path)
        : [];
  const inner =
    items === undefined ? [] : list.flatMap((item, index) => repeatedEntries(items, item, `${path}[${index}]`));
  return [...own, ...inner];
}

function repeatedKeys(keys: readonly string[], list: readonly unknown[], path: string): FieldCause[] {
  const other = list.findIndex((item) => item !== null && !isFields(item));
  if (other >= 0) {
    return [invalidValue(`${path}[${other}]`, list[other], 'must be an object for an array of list-type map')];
  }
  const identities = list.map((item) => {
    const entry = (item ?? {}) as Fields;
    return Object.fromEntries(keys.filter((key) => Object.hasOwn(entry, key)).map((key) => [key, entry[key]]));
  });
  return repeated(identities, path);
}

/** A cause for the second appearance of each value. */
function repeated(values: readonly unknown[], path: string): FieldCause[] {
  const counts = new Map<unknown, number>();
  return values.flatMap((value, index) => {
    const key = typeof value === 'object' && value !== null ? JSON.stringify(inOrder(value)) : value;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count === 2 ? [duplicate(`${path}[${index}]`, value)] : [];
  });
}

/** A value whose objects have their fields in order of name. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((name) => [name, inOrder(value[name])]),
  );
}

/** The same of a change: a list that was at fault before is let through. */
export function newlyRepeatedEntries(node: SchemaNode, value: unknown, before: unknown): FieldCause[] {
  const found = repeatedEntries(node, value);
  return found.length > 0 && repeatedEntries(node, before).length > 0 ? [] : found;
}

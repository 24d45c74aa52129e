/** Pruning: fields that a schema has no place for are dropped. Values are never changed in place. */
import { headFields, isFields, mapFields, mapItems, type SchemaNode } from './node.ts';

/** Called with the path of each field that is dropped. */
export type NoteUnknown = (path: string) => void;

/**
 * A value without what its schema has no place for; the same one where that is nothing.
 * @param path Of the value, for `note`; empty for an object's root.
 */
export function pruned(node: SchemaNode | undefined, value: unknown, note?: NoteUnknown, path = ''): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (node?.keepsUnknown) return keptButPruned(node, value, note, path);
  if (Array.isArray(value)) {
    return mapItems(value, (item, index) => pruned(node?.items, item, note, `${path}[${index}]`));
  }
  return mapFields(value as Record<string, unknown>, (inner, name) => {
    if (node?.isEmbedded && headFields.has(name)) return inner;
    const innerPath = path === '' ? name : `${path}.${name}`;
    const property = node?.property(name);
    if (property !== undefined) return pruned(property, inner, note, innerPath);
    if (node?.takesOthers) return pruned(node.others, inner, note, innerPath);
    note?.(innerPath);
    return undefined;
  });
}

/** Keeps unknown fields, and prunes inside of known ones all the same. */
function keptButPruned(node: SchemaNode, value: object, note: NoteUnknown | undefined, path: string): unknown {
  if (Array.isArray(value)) {
    const { items } = node;
    if (items === undefined) return value;
    return mapItems(value, (item, index) =>
      isFields(item) || Array.isArray(item) ? keptButPruned(items, item, note, `${path}[${index}]`) : item,
    );
  }
  return mapFields(value as Record<string, unknown>, (inner, name) => {
    if (node.isEmbedded && headFields.has(name)) return inner;
    const innerPath = path === '' ? name : `${path}.${name}`;
    const property = node.property(name);
    if (property !== undefined) return pruned(property, inner, note, innerPath);
    return node.takesOthers ? pruned(node.others, inner, note, innerPath) : inner;
  });
}

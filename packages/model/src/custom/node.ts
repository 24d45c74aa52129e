/** The schema of a definition in the form in which values are read by it, made once a definition. */
import type { JSONSchemaProps as SchemaProps } from '../gen/gantry.apiextensions.v1.ts';

/** The schema of one value. */
export interface SchemaNode {
  readonly schema: SchemaProps;
  readonly properties: ReadonlyMap<string, SchemaNode>;
  /** Keys beside the properties may be there. */
  readonly takesOthers: boolean;
  /** The schema of their values, where there is one. */
  readonly others: SchemaNode | undefined;
  readonly items: SchemaNode | undefined;
  readonly isNullable: boolean;
  /** Fields that the schema does not name are kept as they are. */
  readonly keepsUnknown: boolean;
  /** The value is a whole object with apiVersion, kind and metadata. */
  readonly isEmbedded: boolean;
  /** The value where there is none; undefined where the schema names none. */
  readonly default: unknown;
}

/** Makes the node of a schema. @param isRoot The schema is that of a kind's objects. */
export function nodeOf(schema: SchemaProps, isRoot = false): SchemaNode {
  const { properties = {}, additionalProperties = false } = schema;
  const items = itemsOf(schema);
  return {
    schema,
    properties: new Map(Object.entries(properties).map(([name, inner]) => [name, nodeOf(inner)])),
    takesOthers: additionalProperties !== false,
    others: typeof additionalProperties === 'object' ? nodeOf(additionalProperties) : undefined,
    items: items === undefined ? undefined : nodeOf(items),
    isNullable: schema.nullable ?? false,
    keepsUnknown: schema['x-kubernetes-preserve-unknown-fields'] ?? false,
    isEmbedded: isRoot || (schema['x-kubernetes-embedded-resource'] ?? false),
    default: schema.default ?? undefined,
  };
}

/** The schema of a list's entries. Definitions have one for all of them. */
export function itemsOf({ items }: SchemaProps): SchemaProps | undefined {
  return Array.isArray(items) ? undefined : items;
}

/** An object in JSON. */
export type Fields = Record<string, unknown>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Fields that every whole object has, which no schema can take away. */
export const headFields: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/** An object with the entries for which a function says something, the same one where nothing is another. */
export function mapFields(fields: Fields, next: (value: unknown, name: string) => unknown): Fields {
  let changed: Fields | undefined;
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    const wanted = next(value, name);
    if (wanted === value) continue;
    changed ??= { ...fields };
    if (wanted === undefined) delete changed[name];
    else setField(changed, name, wanted);
  }
  return changed ?? fields;
}

/** A list with what a function makes of its entries, the same one where nothing is another. */
export function mapItems(items: readonly unknown[], next: (value: unknown, index: number) => unknown): unknown {
  let changed: unknown[] | undefined;
  for (let index = 0; index < items.length; index++) {
    const wanted = next(items[index], index);
    if (wanted === items[index]) continue;
    changed ??= [...items];
    changed[index] = wanted;
  }
  return changed ?? items;
}

/** Sets a field of any name as data, also one such as __proto__. */
export function setField(target: Fields, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  } else target[name] = value;
}

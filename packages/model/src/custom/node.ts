/** The schema of a definition in the form in which values are read by it. Parts are made when a value first needs them. */
import type { JSONSchemaProps as SchemaProps } from '../gen/gantry.apiextensions.v1.ts';

/** The schema of one value. */
export class SchemaNode {
  readonly schema: SchemaProps;
  /** Keys beside the properties may be there. */
  readonly takesOthers: boolean;
  readonly isNullable: boolean;
  /** Fields that the schema does not name are kept as they are. */
  readonly keepsUnknown: boolean;
  /** The value is a whole object with apiVersion, kind and metadata. */
  readonly isEmbedded: boolean;
  /** The value where there is none; undefined where the schema names none. */
  readonly default: unknown;
  /** Undefined for names of no property. */
  readonly #properties = new Map<string, SchemaNode>();
  #others: SchemaNode | undefined;
  #items: SchemaNode | undefined;
  #defaulted: readonly string[] | undefined;

  /** @param isRoot The schema is that of a kind's objects. */
  constructor(
    schema: SchemaProps,
    isRoot = false,
    keepsUnknown = schema['x-kubernetes-preserve-unknown-fields'] ?? false,
  ) {
    this.schema = schema;
    this.takesOthers = (schema.additionalProperties ?? false) !== false;
    this.isNullable = schema.nullable ?? false;
    this.keepsUnknown = keepsUnknown;
    this.isEmbedded = isRoot || (schema['x-kubernetes-embedded-resource'] ?? false);
    this.default = schema.default ?? undefined;
  }

  /** The schema of a property; undefined where there is none of the name. */
  property(name: string): SchemaNode | undefined {
    const known = this.#properties.get(name);
    if (known !== undefined) return known;
    const { properties = {} } = this.schema;
    if (!Object.hasOwn(properties, name)) return undefined;
    const node = new SchemaNode(properties[name]!);
    this.#properties.set(name, node);
    return node;
  }

  /** The schema of the values of other keys, where there is one. */
  get others(): SchemaNode | undefined {
    const { additionalProperties } = this.schema;
    if (typeof additionalProperties === 'object') this.#others ??= new SchemaNode(additionalProperties);
    return this.#others;
  }

  /** The schema of a list's entries. */
  get items(): SchemaNode | undefined {
    const items = itemsOf(this.schema);
    if (items !== undefined) this.#items ??= new SchemaNode(items);
    return this.#items;
  }

  /** Names of the properties that have defaults. */
  get defaulted(): readonly string[] {
    this.#defaulted ??= Object.entries(this.schema.properties ?? {})
      .filter(([, { default: value }]) => value !== undefined && value !== null)
      .map(([name]) => name);
    return this.#defaulted;
  }
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

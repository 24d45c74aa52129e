/** Defaults of a schema, and what null means. Values are never changed in place. */
import { type Fields, mapFields, mapItems, type SchemaNode, setField } from './node.ts';

/**
 * A value with the schema's defaults where it has nothing, or null that means nothing; other nulls of the kind are dropped from objects.
 * The same value where that changes nothing. Defaults of its own are in what a default brings.
 */
export function withDefaults(node: SchemaNode | undefined, value: unknown): unknown {
  if (node === undefined || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const { items } = node;
    return items === undefined ? value : mapItems(value, (item) => withDefaults(items, orDefault(items, item, item)));
  }
  const given = value as Fields;
  const present = mapFields(given, (inner, name) => {
    const schema = node.property(name) ?? node.others;
    return schema === undefined ? inner : withDefaults(schema, orDefault(schema, inner, undefined));
  });
  let whole = present;
  for (const name of node.defaulted) {
    if (Object.hasOwn(present, name)) continue;
    const property = node.property(name)!;
    if (whole === given) whole = { ...present };
    setField(whole, name, withDefaults(property, structuredClone(property.default)));
  }
  return whole;
}

/** The default in the place of a null that is no value; @param rest In its place where there is no default. */
function orDefault(node: SchemaNode, value: unknown, rest: unknown): unknown {
  if (value !== null || node.isNullable) return value;
  return node.default === undefined ? rest : structuredClone(node.default);
}

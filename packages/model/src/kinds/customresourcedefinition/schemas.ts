/** Schemas of definitions as all their rules see them. */
import type { CustomResourceDefinitionSpec, JSONSchemaProps } from '../../gen/gantry.apiextensions.v1.ts';

/** The schema of a list's entries; undefined where there is none, or one for each index. */
export function itemsOf({ items }: JSONSchemaProps): JSONSchemaProps | undefined {
  return Array.isArray(items) ? undefined : items;
}

/** Entries in the order of their names, so that messages always come in one order. */
export function sortedEntries<T>(entries: Readonly<Record<string, T>> | undefined): [string, T][] {
  return Object.entries(entries ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** True where a schema or one within it is so. */
function someSchema(schema: JSONSchemaProps, test: (schema: JSONSchemaProps) => boolean): boolean {
  return test(schema) || innerSchemas(schema).some((inner) => someSchema(inner, test));
}

/** True where a schema of any version, or one within it, is so. */
export function someSchemaOf(
  { versions }: CustomResourceDefinitionSpec,
  test: (schema: JSONSchemaProps) => boolean,
): boolean {
  return versions.some(({ schema }) => {
    return schema?.openAPIV3Schema !== undefined && someSchema(schema.openAPIV3Schema, test);
  });
}

/** The schemas right within a schema. */
function innerSchemas(schema: JSONSchemaProps): JSONSchemaProps[] {
  const { items, not, additionalProperties, additionalItems, allOf = [], anyOf = [], oneOf = [] } = schema;
  const { properties = {}, patternProperties = {}, definitions = {}, dependencies = {} } = schema;
  const single = [not, additionalProperties, additionalItems, ...Object.values(dependencies)];
  return [
    ...(Array.isArray(items) ? items : items === undefined ? [] : [items]),
    ...[...allOf, ...anyOf, ...oneOf],
    ...single.filter((each): each is JSONSchemaProps => typeof each === 'object' && !Array.isArray(each)),
    ...[properties, patternProperties, definitions].flatMap((each) => Object.values(each)),
  ];
}

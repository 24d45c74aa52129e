/** Completeness of structural schemas: every field that a junctor restricts is specified outside of junctors, too. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { JSONSchemaProps } from '../../gen/gantry.apiextensions.v1.ts';
import { required } from '../../validation/causes.ts';
import { itemsOf, sortedEntries } from './schemas.ts';

/** The fields that junctors of a schema restrict and that it does not specify. */
export function completenessFaults(schema: JSONSchemaProps, path: string): FieldCause[] {
  return junctorFaults(schema, schema, path, path);
}

/** @param within The schema whose junctors are looked at. @param schema The structural one of the same value. */
function junctorFaults(
  within: JSONSchemaProps,
  schema: JSONSchemaProps,
  path: string,
  withinPath: string,
): FieldCause[] {
  const { not, allOf = [], anyOf = [], oneOf = [] } = within;
  const each = (name: string, schemas: readonly JSONSchemaProps[]): FieldCause[] =>
    schemas.flatMap((one, index) => nestedFaults(one, schema, path, `${withinPath}.${name}[${index}]`));
  return [
    ...(not === undefined ? [] : nestedFaults(not, schema, path, `${withinPath}.not`)),
    ...each('allOf', allOf),
    ...each('anyOf', anyOf),
    ...each('oneOf', oneOf),
  ];
}

function nestedFaults(
  nested: JSONSchemaProps,
  schema: JSONSchemaProps | undefined,
  path: string,
  nestedPath: string,
): FieldCause[] {
  if (schema === undefined) return [required(path, `because it is defined in ${nestedPath}`)];
  const faults = junctorFaults(nested, schema, path, nestedPath);
  const items = itemsOf(nested);
  if (items !== undefined) {
    faults.push(...nestedFaults(items, itemsOf(schema), `${path}.items`, `${nestedPath}.items`));
  }
  for (const [name, property] of sortedEntries(nested.properties)) {
    const known = schema.properties !== undefined && Object.hasOwn(schema.properties, name);
    const at = `properties[${name}]`;
    faults.push(
      ...nestedFaults(property, known ? schema.properties![name] : undefined, `${path}.${at}`, `${nestedPath}.${at}`),
    );
  }
  return faults;
}

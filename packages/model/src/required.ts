/** Fields that must be set, found by the schema alone. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Kind, KubeObject } from './kind.ts';
import { schemaOf } from './message-types.ts';
import type { Field, TypeSchema } from './type-schema.ts';

/**
 * The required fields that an object lacks. An empty text or list counts as missing, since the wire cannot tell it from an absent
 * one; a number that is zero does not: the kind's own validation knows whether it may be.
 */
export function missingFields(
  kind: Pick<Kind, 'message' | 'schema' | 'validatesRequired'>,
  object: KubeObject,
): FieldCause[] {
  const causes: FieldCause[] = [];
  const schema = schemaOf(kind);
  const fields = kind.validatesRequired ? [...schema.fields].filter(([name]) => name === 'metadata') : schema.fields;
  collectFields(fields, object as unknown as Record<string, unknown>, '', causes);
  const { name, generateName } = object.metadata ?? {};
  const named = name !== undefined && name !== '';
  // A name may be made by the server.
  return causes
    .filter(({ field }) => field !== 'metadata.name' || (!named && !generateName))
    .map((cause) =>
      cause.field === 'metadata.name'
        ? { ...cause, message: 'Required value: name or generateName is required' }
        : cause,
    );
}

function collectFields(
  fields: Iterable<readonly [string, Field]>,
  value: Record<string, unknown>,
  path: string,
  causes: FieldCause[],
): void {
  for (const [name, field] of fields) {
    const inner = value[name];
    const missing = isMissing(inner);
    // A path costs more than a look: most fields need none.
    if (missing ? !field.isRequired : field.schema.type === 'value' || field.isUnchecked) continue;
    const innerPath = path === '' ? name : `${path}.${name}`;
    if (missing) causes.push({ reason: 'FieldValueRequired', field: innerPath, message: 'Required value' });
    else collect(field.schema, inner, innerPath, causes);
  }
}

function collect(schema: TypeSchema, value: unknown, path: string, causes: FieldCause[]): void {
  switch (schema.type) {
    case 'object':
      if (!schema.isPartial) collectFields(schema.fields, value as Record<string, unknown>, path, causes);
      return;
    case 'list':
      if (schema.items.type === 'value') return;
      for (const [index, item] of (value as unknown[]).entries()) {
        collect(schema.items, item, `${path}[${index}]`, causes);
      }
      return;
    case 'map':
      if (schema.values.type === 'value') return;
      for (const [key, item] of Object.entries(value as object)) collect(schema.values, item, `${path}.${key}`, causes);
      return;
    case 'value':
      return;
  }
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}

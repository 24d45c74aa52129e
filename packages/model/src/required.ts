/** Fields that must be set, found by the schema alone. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Kind, KubeObject } from './kind.ts';
import { jsonFieldsOf, messageSchema } from './schema.ts';

/**
 * The required fields that an object lacks. An empty text or list counts as missing, since the wire cannot tell it from an absent
 * one; a number that is zero does not: the kind's own validation knows whether it may be.
 */
export function missingFields(kind: Pick<Kind, 'message'>, object: KubeObject): FieldCause[] {
  const causes: FieldCause[] = [];
  collect(kind.message, object as unknown as Record<string, unknown>, '', causes);
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

function collect(messageName: string, value: Record<string, unknown>, path: string, causes: FieldCause[]): void {
  for (const [name, field] of jsonFieldsOf(messageName)) {
    const inner = value[name];
    const innerPath = path === '' ? name : `${path}.${name}`;
    if (isMissing(inner)) {
      if (field.required) causes.push({ reason: 'FieldValueRequired', field: innerPath, message: 'Required value' });
      continue;
    }
    if (field.type.kind !== 'message' || field.partial || messageSchema(field.type.name).jsonForm !== 'object')
      continue;
    const innerName = field.type.name;
    const each = (item: unknown, itemPath: string): void =>
      collect(innerName, item as Record<string, unknown>, itemPath, causes);
    if (field.cardinality === 'list') {
      for (const [index, item] of (inner as unknown[]).entries()) each(item, `${innerPath}[${index}]`);
    } else if (field.cardinality === 'map') {
      for (const [key, item] of Object.entries(inner as object)) each(item, `${innerPath}.${key}`);
    } else each(inner, innerPath);
  }
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}

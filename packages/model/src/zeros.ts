/**
 * Zero values in the JSON form. One form is stored, compared and sent: a field without presence is absent where it is zero, as on
 * the wire, but for the fields that Kubernetes always writes.
 */
import { type FieldSchema, jsonFieldsOf, messageSchema } from './schema.ts';

type Fields = Record<string, unknown>;

const always = new Map<string, readonly FieldSchema[]>();

/** The fields that a message's JSON object always has. */
function alwaysFieldsOf(messageName: string): readonly FieldSchema[] {
  let fields = always.get(messageName);
  if (fields === undefined) {
    fields = [...jsonFieldsOf(messageName).values()].filter((field) => field.always);
    always.set(messageName, fields);
  }
  return fields;
}

/** Sets the fields that the object always has and that are not there to their zero values, in place; does not look inside of others. */
export function fillZeros(messageName: string, object: object): void {
  const target = object as Fields;
  for (const field of alwaysFieldsOf(messageName)) {
    if (target[field.name] === undefined) target[field.name] = zeroValueOf(field);
  }
}

/**
 * True for a value that the JSON form leaves out of an object: it means the same as absence.
 * @param isPartial Nothing in the object is required, so nothing is always there.
 */
export function isOmittedZero(field: FieldSchema, value: unknown, isPartial: boolean): boolean {
  if (field.always && !isPartial) return false;
  if (field.cardinality === 'list') return (value as unknown[]).length === 0;
  if (field.cardinality === 'map') return Object.keys(value as object).length === 0;
  return !field.hasPresence && field.type.kind !== 'message' && value === zeroOf(field);
}

function zeroValueOf(field: FieldSchema): unknown {
  if (field.cardinality === 'list') return [];
  if (field.cardinality === 'map') return {};
  const zero = zeroOf(field);
  if (field.type.kind === 'message' && !field.partial && typeof zero === 'object') {
    fillZeros(field.type.name, zero as object);
  }
  return zero;
}

/** The zero of a field's type, as Go has it: also the entry of a list or a map that is null. */
export function zeroOf({ type }: Pick<FieldSchema, 'type'>): unknown {
  switch (type.kind) {
    case 'message': {
      const { jsonForm } = messageSchema(type.name);
      return { object: {}, quantity: '0', intOrString: 0, time: '', microTime: '', raw: null, strings: [] }[jsonForm];
    }
    case 'enum':
      return Object.keys(type.values)[0];
    case 'scalar':
      return { bool: false, string: '', bytes: '' }[type.scalar] ?? 0;
  }
}

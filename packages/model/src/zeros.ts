/**
 * Zero values in the JSON form. One form is stored, compared and sent: a field without presence is absent where it is zero, as on
 * the wire, but for the fields that Kubernetes always writes.
 */
import type { Field, ObjectSchema, TypeSchema, ValueForm } from './type-schema.ts';

type Fields = Record<string, unknown>;

const always = new WeakMap<ObjectSchema, readonly Field[]>();

/** The fields that an object of a type always has. */
function alwaysFieldsOf(schema: ObjectSchema): readonly Field[] {
  let fields = always.get(schema);
  if (fields === undefined) {
    fields = [...schema.fields.values()].filter((field) => field.isAlways);
    always.set(schema, fields);
  }
  return fields;
}

/** Sets the fields that the object always has and that are not there to their zero values, in place; does not look inside of others. */
export function fillZeros(schema: ObjectSchema, object: object): void {
  const target = object as Fields;
  for (const field of alwaysFieldsOf(schema)) {
    if (target[field.name] === undefined) target[field.name] = filledZeroOf(field.schema);
  }
}

/** True for a value that the JSON form leaves out of an object: it means the same as absence. */
export function isOmittedZero({ omitsZero, schema }: Field, value: unknown): boolean {
  if (!omitsZero) return false;
  if (schema.type === 'list') return (value as unknown[]).length === 0;
  if (schema.type === 'map') return Object.keys(value as object).length === 0;
  return schema.type === 'value' && value === zeroOf(schema);
}

function filledZeroOf(schema: TypeSchema): unknown {
  const zero = zeroOf(schema);
  if (schema.type === 'object') fillZeros(schema, zero as object);
  return zero;
}

const zeros: Readonly<Record<ValueForm, unknown>> = {
  string: '',
  bytes: '',
  bool: false,
  int32: 0,
  int64: 0,
  uint32: 0,
  uint64: 0,
  double: 0,
  quantity: '0',
  intOrString: 0,
  // A time that is not set; its message has no fields then.
  time: null,
  microTime: null,
  duration: '0s',
  any: null,
};

/** The zero of a type, as Go has it: also the entry of a list or a map that is null. */
export function zeroOf(schema: TypeSchema): unknown {
  switch (schema.type) {
    case 'object':
    case 'map':
      return {};
    case 'list':
      return [];
    case 'value':
      return schema.values === undefined ? zeros[schema.form] : schema.values[0];
  }
}

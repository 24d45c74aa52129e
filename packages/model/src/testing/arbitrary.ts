/** Objects of any message, for tests of what must hold for all. */
import fc from 'fast-check';
import { objectSchema } from '../message-types.ts';
import type { Field, ObjectSchema, TypeSchema, ValueForm } from '../type-schema.ts';
import { fillZeros, zeroOf } from '../zeros.ts';

const times = fc
  .integer({ min: 0, max: 4_000_000_000 })
  .map((seconds) => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`);

/** Any object of a message in its JSON form: without values that mean the same as absent ones, with those that are always there. */
export function arbitraryOf(messageName: string, depth: number): fc.Arbitrary<Record<string, unknown>> {
  return arbitraryObject(objectSchema(messageName), depth);
}

function arbitraryObject(schema: ObjectSchema, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const properties: Record<string, fc.Arbitrary<unknown>> = {};
  for (const [name, field] of schema.fields) {
    if (depth > 0 || leafOf(field.schema).type === 'value') properties[name] = anyValueOf(field, field.schema, depth);
  }
  return fc.record(properties, { requiredKeys: [], noNullPrototype: true }).map((object) => {
    fillZeros(schema, object);
    return object;
  });
}

/** The type of an entry of a list or a map, and else the type itself. */
function leafOf(schema: TypeSchema): TypeSchema {
  if (schema.type === 'list') return schema.items;
  return schema.type === 'map' ? schema.values : schema;
}

function anyValueOf(field: Field, schema: TypeSchema, depth: number): fc.Arbitrary<unknown> {
  switch (schema.type) {
    case 'list':
      return fc.array(anyValueOf({ ...field, omitsZero: false }, schema.items, depth), { minLength: 1, maxLength: 2 });
    case 'map':
      return fc.dictionary(
        fc.string({ maxLength: 5 }),
        anyValueOf({ ...field, omitsZero: false }, schema.values, depth),
        { minKeys: 1, maxKeys: 2, noNullPrototype: true },
      );
    case 'object':
      return arbitraryObject(schema, depth - 1);
    case 'value':
      if (schema.alternatives !== undefined) return anyAlternative(schema.alternatives, depth);
      return schema.values === undefined
        ? anyOf(schema.form, field.omitsZero ? 1 : 0)
        : fc.constantFrom(...schema.values.slice(1));
  }
}

/** A value of a type that may have several; none where the message would be too deep. */
function anyAlternative(alternatives: readonly TypeSchema[], depth: number): fc.Arbitrary<unknown> {
  const plain = alternatives.filter((each) => depth > 0 || leafOf(each).type === 'value');
  const field = { omitsZero: false } as Field;
  return plain.length === 0 ? fc.constant(undefined) : fc.oneof(...plain.map((each) => anyValueOf(field, each, depth)));
}

/** @param min The least number, and the least characters of a text: 1 where zero means absence. */
function anyOf(form: ValueForm, min: 0 | 1): fc.Arbitrary<unknown> {
  switch (form) {
    case 'string':
      return fc.string({ minLength: min });
    case 'bytes':
      return fc.uint8Array({ minLength: 1, maxLength: 9 }).map((bytes) => Buffer.from(bytes).toString('base64'));
    case 'bool':
      return min === 0 ? fc.boolean() : fc.constant(true);
    case 'double':
      return fc.constant(1.5);
    case 'quantity':
      return fc.constantFrom('100m', '1Gi', '3');
    case 'time':
      return times;
    case 'microTime':
      return times.map((time) => time.replace('Z', '.000123Z'));
    case 'intOrString':
      return fc.oneof(fc.integer({ min: 0, max: 65_535 }), fc.string({ minLength: 1 }));
    case 'any':
      return fc.constantFrom<unknown>({ a: [1, 'x', null] }, 'text', 5);
    default:
      return fc.integer({ min, max: form.endsWith('64') ? Number.MAX_SAFE_INTEGER : 2 ** 31 - 1 });
  }
}

/** The same object as people and tools write it: with zeros, nulls and empty lists spelled out that mean the same as absence. */
export function spelledOut(messageName: string, object: Record<string, unknown>): Record<string, unknown> {
  return spelled(objectSchema(messageName), object);
}

function spelled(schema: ObjectSchema, object: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = { ...object };
  for (const [name, field] of schema.fields) {
    const value = result[name];
    const type = field.schema;
    if (value === undefined) result[name] = field.omitsZero ? zeroOf(type) : null;
    else if (type.type === 'object') result[name] = spelled(type, value as Record<string, unknown>);
    else if (type.type === 'list' && type.items.type === 'object') {
      const { items } = type;
      result[name] = (value as Record<string, unknown>[]).map((item) => spelled(items, item));
    }
  }
  return result;
}

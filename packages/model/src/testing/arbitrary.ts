/** Objects of any message, for tests of what must hold for all. */
import fc from 'fast-check';
import { type FieldSchema, jsonFieldsOf, messageSchema } from '../schema.ts';
import { fillZeros, zeroOf } from '../zeros.ts';

const times = fc
  .integer({ min: 0, max: 4_000_000_000 })
  .map((seconds) => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`);

/** Any object of a message in its JSON form: without values that mean the same as absent ones, with those that are always there. */
export function arbitraryOf(
  messageName: string,
  depth: number,
  isPartial = false,
): fc.Arbitrary<Record<string, unknown>> {
  const properties: Record<string, fc.Arbitrary<unknown>> = {};
  for (const [name, field] of jsonFieldsOf(messageName)) {
    const { type } = field;
    if (type.kind === 'message' && depth === 0 && messageSchema(type.name).jsonForm === 'object') continue;
    const value = anyValueOf(field, depth, isPartial);
    if (field.cardinality === 'list') properties[name] = fc.array(value, { minLength: 1, maxLength: 2 });
    else if (field.cardinality === 'map')
      properties[name] = fc.dictionary(fc.string({ maxLength: 5 }), value, {
        minKeys: 1,
        maxKeys: 2,
        noNullPrototype: true,
      });
    else properties[name] = value;
  }
  return fc.record(properties, { requiredKeys: [], noNullPrototype: true }).map((object) => {
    if (!isPartial) fillZeros(messageName, object);
    return object;
  });
}

function anyValueOf(field: FieldSchema, depth: number, isPartial: boolean): fc.Arbitrary<unknown> {
  const { type, hasPresence, always, cardinality, partial } = field;
  const zero = hasPresence || (always && !isPartial) || cardinality !== 'single';
  if (type.kind === 'enum') return fc.constantFrom(...Object.keys(type.values).slice(1));
  if (type.kind === 'message') {
    const { jsonForm } = messageSchema(type.name);
    const forms = {
      quantity: fc.constantFrom('100m', '1Gi', '3'),
      time: times,
      microTime: times.map((time) => time.replace('Z', '.000123Z')),
      intOrString: fc.oneof(fc.integer({ min: 0, max: 65_535 }), fc.string({ minLength: 1 })),
      raw: fc.constantFrom<unknown>({ a: [1, 'x', null] }, 'text', 5),
      strings: fc.array(fc.string(), { maxLength: 2 }),
    };
    return jsonForm === 'object' ? arbitraryOf(type.name, depth - 1, partial) : forms[jsonForm];
  }
  const min = zero ? 0 : 1;
  if (type.scalar === 'string') return fc.string({ minLength: min });
  if (type.scalar === 'bytes')
    return fc.uint8Array({ minLength: 1, maxLength: 9 }).map((bytes) => Buffer.from(bytes).toString('base64'));
  if (type.scalar === 'bool') return zero ? fc.boolean() : fc.constant(true);
  if (type.scalar === 'double') return fc.constant(1.5);
  return fc.integer({ min, max: type.scalar.endsWith('64') ? Number.MAX_SAFE_INTEGER : 2 ** 31 - 1 });
}

/** The same object as people and tools write it: with zeros, nulls and empty lists spelled out that mean the same as absence. */
export function spelledOut(messageName: string, object: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = { ...object };
  for (const [name, field] of jsonFieldsOf(messageName)) {
    const value = result[name];
    if (value === undefined) {
      const isScalar = field.type.kind === 'scalar';
      if (field.cardinality === 'list') result[name] = [];
      else if (field.cardinality === 'map') result[name] = {};
      else if (isScalar && !field.hasPresence) result[name] = zeroOf(field);
      else result[name] = null;
    } else if (field.type.kind === 'message' && messageSchema(field.type.name).jsonForm === 'object') {
      const inner = (each: unknown): unknown =>
        spelledOut((field.type as { name: string }).name, each as Record<string, unknown>);
      if (field.cardinality === 'list') result[name] = (value as unknown[]).map(inner);
      else if (field.cardinality === 'single') result[name] = inner(value);
    }
  }
  return result;
}

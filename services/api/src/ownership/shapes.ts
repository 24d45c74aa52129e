import { atomic, deduced, type Shape } from '@gantry/fieldsets/shape.ts';
import type { ListSchema, ObjectSchema, TypeSchema } from '@gantry/model/type-schema.ts';

const shapes = new WeakMap<TypeSchema, Shape>();

/** The shape of a type: its parts that have owners of their own. Made once for each schema, as far as it is looked at. */
export function shapeOf(schema: TypeSchema): Shape {
  let shape = shapes.get(schema);
  if (shape === undefined) {
    shape = makeShape(schema);
    shapes.set(schema, shape);
  }
  return shape;
}

function makeShape(schema: TypeSchema): Shape {
  switch (schema.type) {
    case 'value':
      // Any value of a message, such as a RawExtension, has one owner; any value of another schema has those of its parts.
      return schema.form === 'any' && schema.name === undefined ? deduced : atomic;
    case 'map':
      return schema.isAtomic ? atomic : { type: 'map', values: shapeOf(schema.values) };
    case 'list':
      return listShape(schema);
    case 'object':
      return schema.isAtomic ? atomic : structShape(schema);
  }
}

function structShape({ fields }: ObjectSchema): Shape {
  const known = new Map<string, Shape>();
  return {
    type: 'struct',
    field: (name) => {
      let shape = known.get(name);
      if (shape !== undefined) return shape;
      const field = fields.get(name);
      if (field === undefined) return undefined;
      shape = shapeOf(field.schema);
      known.set(name, shape);
      return shape;
    },
  };
}

function listShape({ listType, keys, items }: ListSchema): Shape {
  if (listType === 'set') return { type: 'set' };
  if (listType === 'atomic' || items.type !== 'object') return atomic;
  const defaults = keys.flatMap((key): [string, unknown][] => {
    const field = items.fields.get(key);
    // A key that is required is its zero where it is left out, which validation refuses later.
    const value = field?.default ?? (field?.isRequired === true ? zeroKey(field.schema) : undefined);
    return value === undefined ? [] : [[key, value]];
  });
  return { type: 'list', keys: keys.toSorted(), keyDefaults: Object.fromEntries(defaults), items: shapeOf(items) };
}

function zeroKey(schema: TypeSchema): unknown {
  if (schema.type !== 'value') return undefined;
  return schema.form === 'string' ? '' : schema.form === 'int32' || schema.form === 'int64' ? 0 : undefined;
}

import { atomic, deduced, type Shape } from '@gantry/fieldsets/shape.ts';
import { type FieldSchema, type FieldType, jsonFieldsOf, messageSchema } from '@gantry/model/schema.ts';

const shapes = new Map<string, Shape>();

/** The shape of a message's JSON form, by the list types and atomic marks of its proto. */
export function shapeOf(message: string): Shape {
  let shape = shapes.get(message);
  if (shape === undefined) {
    shape = structOf(message);
    shapes.set(message, shape);
  }
  return shape;
}

function structOf(message: string): Shape {
  const schemas = jsonFieldsOf(message);
  const fields = new Map<string, Shape>();
  return {
    type: 'struct',
    field: (name) => {
      let shape = fields.get(name);
      if (shape !== undefined) return shape;
      const schema = schemas.get(name);
      if (schema === undefined) return undefined;
      shape = fieldShape(schema);
      fields.set(name, shape);
      return shape;
    },
  };
}

function fieldShape({ type, cardinality, listType, listMapKeys, atomic: isAtomic }: FieldSchema): Shape {
  if (cardinality === 'list') {
    if (listType === 'set') return { type: 'set' };
    if (listType !== 'map') return atomic;
    return { type: 'list', keys: listMapKeys.toSorted(), keyDefaults, items: isAtomic ? atomic : valueShape(type) };
  }
  if (isAtomic) return atomic;
  return cardinality === 'map' ? { type: 'map', values: valueShape(type) } : valueShape(type);
}

/** Values of keys that an entry may leave out: a port's protocol is the only one in Kubernetes' types. */
const keyDefaults = { protocol: 'TCP' };

function valueShape(type: FieldType): Shape {
  if (type.kind !== 'message') return atomic;
  const { jsonForm } = messageSchema(type.name);
  if (jsonForm === 'object') return shapeOf(type.name);
  return jsonForm === 'raw' ? deduced : atomic;
}

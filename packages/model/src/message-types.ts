/** Type schemas of the messages of proto/, each made when first asked for. */

import { documentationOf } from './declarations.ts';
import type { Kind } from './kind.ts';
import { type FieldSchema, jsonFieldsOf, messageSchema } from './schema.ts';
import type { Field, ListSchema, ObjectSchema, TypeSchema, ValueForm, ValueSchema } from './type-schema.ts';

/** How a field changes the type of the message that it has. */
interface Variant {
  readonly isPartial: boolean;
  /** The message's own rule where undefined. */
  readonly isAtomic: boolean | undefined;
}

const strings: ListSchema = {
  type: 'list',
  items: { type: 'value', form: 'string' },
  listType: 'atomic',
  keys: [],
};
const plain: Variant = { isPartial: false, isAtomic: undefined };

class MessageType implements ObjectSchema {
  readonly type = 'object';
  readonly name: string;
  readonly isPartial: boolean;
  readonly isAtomic: boolean;
  readonly keepsUnknown = false;
  // Made when first asked for: messages contain one another.
  #fields: ReadonlyMap<string, Field> | undefined;

  constructor(name: string, { isPartial, isAtomic }: Variant) {
    this.name = name;
    this.isPartial = isPartial;
    this.isAtomic = isAtomic ?? messageSchema(name).isAtomic;
  }

  get fields(): ReadonlyMap<string, Field> {
    this.#fields ??= new Map(
      [...jsonFieldsOf(this.name)].map(([name, field]) => [name, new MessageField(this.name, field, this.isPartial)]),
    );
    return this.#fields;
  }

  get documentation(): string {
    return documentationOf(this.name);
  }
}

class MessageField implements Field {
  readonly name: string;
  readonly schema: TypeSchema;
  readonly isRequired: boolean;
  readonly isUnchecked: boolean;
  readonly isNullable = false;
  readonly isAlways: boolean;
  readonly omitsZero: boolean;
  readonly default: unknown;
  readonly mergeKey: string | undefined;
  readonly patchStrategies: readonly string[];
  readonly #owner: string;

  constructor(owner: string, field: FieldSchema, isPartial: boolean) {
    const isScalar = field.type.kind !== 'message';
    this.#owner = field.owner ?? owner;
    this.name = field.name;
    this.schema = typeOf(field);
    this.isRequired = field.required && !isPartial;
    this.isUnchecked = field.unchecked;
    this.isAlways = field.always && !isPartial;
    this.omitsZero = !this.isAlways && (field.cardinality !== 'single' || (isScalar && !field.hasPresence));
    this.default = field.default;
    this.mergeKey = field.mergeKey;
    this.patchStrategies = field.patchStrategies;
  }

  get documentation(): string {
    return documentationOf(this.#owner, this.name);
  }
}

/** Types by message, as most fields have them. */
const objects = new Map<string, ObjectSchema>();
/** Types of messages as single fields change them, by message and change. */
const variants = new Map<string, ObjectSchema>();
const values = new Map<string, ValueSchema>();

/** The schema of a message that JSON writes as an object, by its full name, such as gantry.core.v1.Pod. */
export function objectSchema(message: string): ObjectSchema {
  let schema = objects.get(message);
  if (schema === undefined) {
    schema = new MessageType(message, plain);
    objects.set(message, schema);
  }
  return schema;
}

/** The schema of a kind's stored form. It does not name apiVersion and kind, which every object has. */
export function schemaOf(kind: Pick<Kind, 'message' | 'schema'>): ObjectSchema {
  return kind.schema ?? objectSchema(kind.message);
}

function variantOf(message: string, variant: Variant): ObjectSchema {
  if (!variant.isPartial && variant.isAtomic === undefined) return objectSchema(message);
  const key = `${message} ${variant.isPartial} ${variant.isAtomic}`;
  let schema = variants.get(key);
  if (schema === undefined) {
    schema = new MessageType(message, variant);
    variants.set(key, schema);
  }
  return schema;
}

function typeOf(field: FieldSchema): TypeSchema {
  const item = itemOf(field);
  if (field.cardinality === 'map') return { type: 'map', values: item, isAtomic: field.isAtomic ?? false };
  if (field.cardinality === 'list') return listOf(field, item);
  return item;
}

function listOf({ listType, listMapKeys }: FieldSchema, items: TypeSchema): ListSchema {
  return { type: 'list', items, listType: listType ?? 'atomic', keys: listMapKeys };
}

function itemOf({ type, partial, isAtomic }: FieldSchema): TypeSchema {
  switch (type.kind) {
    case 'scalar':
      return sharedValue(type.scalar, () => ({ type: 'value', form: scalarForm(type.scalar) }));
    case 'enum':
      return sharedValue(type.name, () => ({ type: 'value', form: 'string', values: Object.keys(type.values) }));
    case 'message': {
      const { jsonForm, name } = messageSchema(type.name);
      if (jsonForm === 'object') return variantOf(name, { isPartial: partial, isAtomic });
      if (jsonForm === 'strings') return strings;
      const form = jsonForm === 'raw' || jsonForm === 'union' ? 'any' : jsonForm;
      return sharedValue(name, () => ({
        type: 'value',
        form,
        name,
        ...(jsonForm === 'union' ? { alternatives: messageSchema(name).fields.map(typeOf) } : {}),
        get documentation() {
          return documentationOf(name);
        },
      }));
    }
  }
}

function scalarForm(scalar: string): ValueForm {
  return scalar === 'float' ? 'double' : (scalar as ValueForm);
}

function sharedValue(name: string, make: () => ValueSchema): ValueSchema {
  let schema = values.get(name);
  if (schema === undefined) {
    schema = make();
    values.set(name, schema);
  }
  return schema;
}

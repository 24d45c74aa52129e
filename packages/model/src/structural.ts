/**
 * Type schemas of structural schemas: OpenAPI v3 as CustomResourceDefinitions restrict it, where every field has one type and
 * `x-kubernetes-` extensions say what else there is to know. Value validations are no part of it.
 */
import { objectSchema } from './message-types.ts';
import type { Field, ListSchema, ObjectSchema, TypeSchema, ValueForm } from './type-schema.ts';

/** The parts of an OpenAPI v3 schema that a type schema is made of. */
export interface StructuralSchema {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly additionalProperties?: StructuralSchema | boolean;
  readonly items?: StructuralSchema;
  readonly required?: readonly string[];
  readonly nullable?: boolean;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
}

/**
 * The type schema of a kind's objects, but for apiVersion and kind, which every object has. Its metadata is that of all objects.
 * @param name Names the type in messages, such as example.com.v1.Widget.
 * @throws Error naming the path of a part that is not structural.
 */
export function structuralSchema(name: string, schema: StructuralSchema): ObjectSchema {
  if (schema.type !== 'object') throw new Error(`${name}: type: must be object at the root`);
  const { apiVersion: _, kind: __, metadata: ___, ...properties } = schema.properties ?? {};
  const required = (schema.required ?? []).filter((field) => Object.hasOwn(properties, field));
  const root = objectOf({ ...schema, properties, required }, name, name);
  const metadata: Field = {
    ...plainField('metadata', objectSchema('gantry.meta.v1.ObjectMeta')),
    isRequired: true,
    documentation: 'Identity.',
  };
  return { ...root, fields: new Map([['metadata', metadata], ...root.fields]) };
}

/** Sets the values that a schema has for fields that are absent, in place and all the way down. */
export function setSchemaDefaults(schema: TypeSchema, value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (schema.type === 'list') {
    for (const item of value as readonly unknown[]) setSchemaDefaults(schema.items, item);
  } else if (schema.type === 'map') {
    for (const item of Object.values(value)) setSchemaDefaults(schema.values, item);
  } else if (schema.type === 'object') {
    const object = value as Record<string, unknown>;
    for (const [name, field] of schema.fields) {
      const isMissing = object[name] === undefined || (object[name] === null && !field.isNullable);
      if (isMissing && field.default !== undefined) object[name] = structuredClone(field.default);
      setSchemaDefaults(field.schema, object[name]);
    }
  }
}

function typeOf(schema: StructuralSchema, path: string, name: string): TypeSchema {
  const { type, format = '', enum: given } = schema;
  if (schema['x-kubernetes-int-or-string']) return { type: 'value', form: 'intOrString' };
  switch (type) {
    case 'object':
      return isMap(schema) ? mapOf(schema, path, name) : objectOf(schema, path, name);
    case 'array':
      return listOf(schema, path, name);
    case 'string': {
      const values = given?.filter((value): value is string => typeof value === 'string');
      return { type: 'value', form: stringForm(format), ...(values === undefined ? {} : { values }) };
    }
    case 'boolean':
      return { type: 'value', form: 'bool' };
    case 'integer':
      return { type: 'value', form: format === 'int32' ? 'int32' : 'int64' };
    case 'number':
      return { type: 'value', form: 'double' };
    case undefined:
      if (schema['x-kubernetes-preserve-unknown-fields']) return { type: 'value', form: 'any' };
      throw new Error(`${path}.type: Required value: must not be empty for specified object fields`);
    default:
      throw new Error(`${path}.type: Unsupported value: ${JSON.stringify(type)}`);
  }
}

/** Base64 alone has a form of its own: times and quantities are texts, which validation looks at. */
function stringForm(format: string): ValueForm {
  return format === 'byte' ? 'bytes' : 'string';
}

function isMap({ properties, additionalProperties = false }: StructuralSchema): boolean {
  return properties === undefined && additionalProperties !== false;
}

function mapOf(schema: StructuralSchema, path: string, name: string): TypeSchema {
  const { additionalProperties } = schema;
  const values: TypeSchema =
    typeof additionalProperties === 'object'
      ? typeOf(additionalProperties, `${path}.additionalProperties`, `${name}.value`)
      : { type: 'value', form: 'any' };
  return { type: 'map', values, isAtomic: schema['x-kubernetes-map-type'] === 'atomic' };
}

function listOf(schema: StructuralSchema, path: string, name: string): ListSchema {
  if (schema.items === undefined) throw new Error(`${path}.items: Required value: must be specified`);
  return {
    type: 'list',
    items: typeOf(schema.items, `${path}.items`, `${name}.item`),
    listType: schema['x-kubernetes-list-type'] ?? 'atomic',
    keys: schema['x-kubernetes-list-map-keys'] ?? [],
  };
}

function objectOf(schema: StructuralSchema, path: string, name: string): ObjectSchema {
  const { properties = {}, required = [], description = '' } = schema;
  const fields = Object.entries(properties).map(([field, inner]): [string, Field] => [
    field,
    {
      ...plainField(field, typeOf(inner, `${path}.properties[${field}]`, `${name}.${field}`)),
      isRequired: required.includes(field),
      isNullable: inner.nullable ?? false,
      default: inner.default,
      documentation: inner.description ?? '',
    },
  ]);
  return {
    type: 'object',
    name,
    fields: new Map([...(schema['x-kubernetes-embedded-resource'] ? embeddedFields : []), ...fields]),
    isAtomic: schema['x-kubernetes-map-type'] === 'atomic',
    isPartial: false,
    keepsUnknown: schema['x-kubernetes-preserve-unknown-fields'] ?? false,
    documentation: description,
  };
}

/** A field without rules of its own: whatever is said of it is kept, zeros too. */
function plainField(name: string, schema: TypeSchema): Field {
  return {
    name,
    schema,
    isRequired: false,
    isUnchecked: false,
    isNullable: false,
    isAlways: false,
    omitsZero: false,
    default: undefined,
    mergeKey: undefined,
    patchStrategies: [],
    documentation: '',
  };
}

/** The fields of every object within another one. */
const embeddedFields: readonly [string, Field][] = [
  ['apiVersion', plainField('apiVersion', { type: 'value', form: 'string' })],
  ['kind', plainField('kind', { type: 'value', form: 'string' })],
  ['metadata', plainField('metadata', objectSchema('gantry.meta.v1.ObjectMeta'))],
];

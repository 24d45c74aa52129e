/**
 * Declarations of data that an OpenAPI schema describes: the structural schemas of CustomResourceDefinitions, with the bounds that costs are
 * estimated by. Numbers are Kubernetes' (apiserver/pkg/cel/limits.go): a request has 3 MiB at most, and that bounds what nothing else does.
 */
import { escapedName } from '../values/names.ts';
import { declaration } from './declaration.ts';
import { type Declaration, listOf, mapOf, type NamedField, type Type, types } from './types.ts';

/** The parts of a structural schema that expressions depend on. */
export interface RuleSchema {
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, RuleSchema>>;
  readonly additionalProperties?: RuleSchema | boolean;
  readonly items?: RuleSchema;
  readonly required?: readonly string[];
  readonly nullable?: boolean;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: string;
}

/** The largest request. */
export const maxRequestBytes = 3 * 1024 * 1024;
/** Bytes of JSON that the shortest value takes. */
const minSizes = { string: 2, bool: 4, number: 1, duration: 3, date: 12, dateTime: 21 } as const;
/** Characters of the longest times and durations. */
const maxTimeLengths = { duration: 32, date: 12, 'date-time': 32 } as const;
/** Length is counted in code points, which take up to four bytes. */
const bytesPerCodePoint = 4;
/** {} and []. */
const emptySize = 2;

/**
 * The declaration of a schema; undefined where expressions cannot name data of it.
 * @param name Names the types of objects in it.
 * @param isResource It is a whole object, which has apiVersion, kind and metadata whatever its schema says.
 */
export function declarationOf(schema: RuleSchema, isResource = false, name = 'selfType'): Declaration | undefined {
  return declare(schema, isResource, name).exposed;
}

interface Declared {
  readonly exposed: Declaration | undefined;
  /** How data is read that expressions cannot name: to compare it. */
  readonly read: Declaration;
}

const both = (made: Declaration): Declared => ({ exposed: made, read: made });
const unknown = declaration({ reading: 'unknown', type: types.dyn, isNullable: true });
const hidden: Declared = { exposed: undefined, read: unknown };

function declare(schema: RuleSchema, isResource: boolean, name: string): Declared {
  const isNullable = schema.nullable ?? false;
  if (schema['x-kubernetes-int-or-string']) {
    return both(
      declaration({ reading: 'intOrString', type: types.dyn, isNullable, maxElements: textLimit(schema), minSize: 1 }),
    );
  }
  switch (schema.type) {
    case 'array':
      return declareList(schema, name);
    case 'object':
      return declareObject(isResource ? withObjectFields(schema) : schema, name);
    case 'string':
      return both(declareText(schema, isNullable));
    case 'boolean':
      return both(declaration({ reading: 'bool', type: types.bool, isNullable, minSize: minSizes.bool }));
    case 'number':
      return both(declaration({ reading: 'double', type: types.double, isNullable, minSize: minSizes.number }));
    case 'integer':
      return both(declaration({ reading: 'int', type: types.int, isNullable, minSize: minSizes.number }));
    default:
      return hidden;
  }
}

function declareList(schema: RuleSchema, name: string): Declared {
  if (schema.items === undefined) return hidden;
  const items = declare(schema.items, isEmbedded(schema.items), `${name}.@idx`);
  const made = declaration({
    reading: 'list',
    type: listOf(items.read.type),
    isNullable: schema.nullable ?? false,
    element: items.read,
    listType: listTypeOf(schema),
    listKeys: schema['x-kubernetes-list-map-keys']?.map((key) => escapedName(key) ?? key) ?? [],
    // A comma stands between two elements.
    maxElements: bound(schema.maxItems, Math.floor((maxRequestBytes - emptySize) / (items.read.minSize + 1))),
    minSize: emptySize,
  });
  return { exposed: items.exposed === undefined ? undefined : made, read: made };
}

function listTypeOf(schema: RuleSchema): Declaration['listType'] {
  const listType = schema['x-kubernetes-list-type'];
  return listType === 'set' || listType === 'map' ? listType : 'atomic';
}

function declareObject(schema: RuleSchema, name: string): Declared {
  const { additionalProperties } = schema;
  if (schema.properties === undefined && typeof additionalProperties === 'object') {
    return declareMap(schema, additionalProperties, name);
  }
  const required = new Set(schema.required);
  const fields = new Map<string, Declaration>();
  const named = new Map<string, NamedField>();
  let minSize = emptySize;
  for (const [field, inner] of Object.entries(schema.properties ?? {})) {
    const escaped = escapedName(field);
    const { exposed, read } = declare(inner, isEmbedded(inner), `${name}.${escaped ?? field}`);
    fields.set(field, read);
    if (exposed === undefined) continue;
    if (escaped !== undefined) named.set(escaped, { jsonName: field, declaration: exposed });
    // Quotes, a colon and a comma.
    if (required.has(field) && (inner.default === undefined || inner.default === null))
      minSize += field.length + exposed.minSize + 4;
  }
  const isNullable = schema.nullable ?? false;
  const parts = { isNullable, fields, named, minSize, type: types.dyn };
  const untyped = declaration({ reading: 'object', ...parts });
  const type: Type = { kind: 'object', name, parameters: [], declaration: untyped };
  return both({ ...untyped, type });
}

function declareMap(schema: RuleSchema, values: RuleSchema, name: string): Declared {
  const inner = declare(values, isEmbedded(values), `${name}.@elem`);
  const made = declaration({
    reading: 'map',
    type: mapOf(types.string, inner.read.type),
    isNullable: schema.nullable ?? false,
    element: inner.read,
    // Two quotes, a colon, a comma and a key of two characters.
    maxElements: bound(schema.maxProperties, Math.floor((maxRequestBytes - emptySize) / (inner.read.minSize + 6))),
    minSize: emptySize,
  });
  return { exposed: inner.exposed === undefined ? undefined : made, read: made };
}

function declareText(schema: RuleSchema, isNullable: boolean): Declaration {
  const common = { isNullable, maxElements: textLimit(schema) };
  switch (schema.format) {
    case 'byte':
      return declaration({
        ...common,
        reading: 'bytes',
        type: types.bytes,
        maxElements: bound(schema.maxLength, maxRequestBytes - emptySize),
        minSize: minSizes.string,
      });
    case 'duration':
      return declaration({
        ...common,
        reading: 'duration',
        type: types.duration,
        minSize: minSizes.duration,
        maxElements: maxTimeLengths.duration,
      });
    case 'date':
      return declaration({
        ...common,
        reading: 'date',
        type: types.timestamp,
        minSize: minSizes.date,
        maxElements: maxTimeLengths.date,
      });
    case 'date-time':
      return declaration({
        ...common,
        reading: 'dateTime',
        type: types.timestamp,
        minSize: minSizes.dateTime,
        maxElements: maxTimeLengths['date-time'],
      });
    default:
      return declaration({ ...common, reading: 'string', type: types.string, minSize: minSizes.string });
  }
}

function textLimit(schema: RuleSchema): number {
  if (schema.maxLength !== undefined) return Math.max(schema.maxLength, 0) * bytesPerCodePoint;
  const texts = schema.enum?.filter((value): value is string => typeof value === 'string') ?? [];
  if (schema.enum !== undefined && schema.enum.length > 0 && schema['x-kubernetes-int-or-string'] !== true) {
    return Math.max(0, ...texts.map((text) => Buffer.byteLength(text)));
  }
  return maxRequestBytes - emptySize;
}

function bound(given: number | undefined, otherwise: number): number {
  return given === undefined ? otherwise : Math.max(given, 0);
}

function isEmbedded(schema: RuleSchema): boolean {
  return schema['x-kubernetes-embedded-resource'] ?? false;
}

const text: RuleSchema = { type: 'string' };
/** The longest names; those that are generated have one more character at least. */
const maxNameLength = 253;

/** Every object has these. Of its metadata expressions see the names alone, whatever its schema says. */
function withObjectFields(schema: RuleSchema): RuleSchema {
  const given = schema.properties ?? {};
  const names = given.metadata?.properties;
  const isComplete =
    given.kind?.type === 'string' &&
    given.apiVersion?.type === 'string' &&
    given.metadata?.type === 'object' &&
    names?.name?.type === 'string' &&
    names.generateName?.type === 'string';
  if (isComplete) return schema;
  const name = { ...text, maxLength: Math.min(names?.name?.maxLength ?? maxNameLength, maxNameLength) };
  const generateName = {
    ...text,
    maxLength: Math.min(names?.generateName?.maxLength ?? maxNameLength - 1, maxNameLength - 1),
  };
  return {
    ...schema,
    properties: {
      ...given,
      kind: text,
      apiVersion: text,
      metadata: { type: 'object', properties: { name, generateName } },
    },
  };
}

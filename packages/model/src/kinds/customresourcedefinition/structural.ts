/**
 * The rules of structural schemas: every field has one type outside of allOf, anyOf, oneOf and not, and those restrict values alone. Pruning,
 * defaults and owners of fields lean on them. In Kubernetes' words.
 */
import { isDeepStrictEqual } from 'node:util';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import { RE2JS } from 're2js';
import type { CustomResourceDefinitionSpec, JSONSchemaProps } from '../../gen/gantry.apiextensions.v1.ts';
import { forbidden, invalidValue, required } from '../../validation/causes.ts';
import { completenessFaults } from './completeness.ts';
import { itemsOf, sortedEntries } from './schemas.ts';

/** Place of a schema in that of a version. */
type Level = 'root' | 'items' | 'field';

/** The alternatives that stand for an integer or a text; the only types that may be named in a junctor. */
const intOrString = [{ type: 'integer' }, { type: 'string' }];

/** Fields that no structural schema has, by the names that messages give them. */
const unsupported = [
  ['id', 'id'],
  ['$schema', 'schema'],
  ['$ref', '$ref'],
  ['patternProperties', 'patternProperties'],
  ['dependencies', 'dependencies'],
  ['additionalItems', 'additionalItems'],
  ['definitions', 'definitions'],
] as const;

/** Reason for which a schema cannot even be looked at as a structural one; undefined where it can. */
export function notStructural(schema: JSONSchemaProps): string | undefined {
  for (const [field, name] of unsupported) {
    if (schema[field] !== undefined && schema[field] !== '') return `OpenAPIV3Schema '${name}' is not supported`;
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
  }
  if (Array.isArray(schema.items)) return "OpenAPIV3Schema 'items' must be a schema, but is an array";
  const { not, items, additionalProperties, properties = {}, allOf = [], anyOf = [], oneOf = [] } = schema;
  const inner = [not, ...allOf, ...anyOf, ...oneOf, items, ...Object.values(properties), additionalProperties];
  for (const each of inner) {
    const problem = typeof each === 'object' ? notStructural(each) : undefined;
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** All that a version's schema has against the rules, by text. */
export function structuralFaults(path: string, schema: JSONSchemaProps): FieldCause[] {
  const faults = [...invariantFaults(schema, 'root', path), ...completenessFaults(schema, path)];
  const text = ({ field, message }: FieldCause): string => `${field}: ${message}`;
  return faults.sort((a, b) => (text(a) < text(b) ? -1 : 1));
}

/** All that the schemas of a definition have against the rules, in one text; empty where they are structural. */
export function structuralProblems({ versions, preserveUnknownFields = false }: CustomResourceDefinitionSpec): string {
  const faults = preserveUnknownFields ? [invalidValue('spec.preserveUnknownFields', true, 'must be false')] : [];
  for (const [index, { name, schema }] of versions.entries()) {
    const root = schema?.openAPIV3Schema;
    if (root === undefined) continue;
    const problem = notStructural(root);
    if (problem !== undefined) return `failed to check validation schema for version ${name}: ${problem}`;
    faults.push(...structuralFaults(`spec.versions[${index}].schema.openAPIV3Schema`, root));
  }
  const texts = faults.map(({ field, message }) => `${field}: ${message}`);
  return texts.length > 1 ? `[${texts.join(', ')}]` : (texts[0] ?? '');
}

function invariantFaults(schema: JSONSchemaProps, level: Level, path: string): FieldCause[] {
  const { type = '', additionalProperties } = schema;
  const items = itemsOf(schema);
  const faults: FieldCause[] = [];
  if (type === 'array' && items === undefined) faults.push(required(`${path}.items`, 'must be specified'));
  if (items !== undefined) faults.push(...invariantFaults(items, 'items', `${path}.items`));
  for (const [name, property] of sortedEntries(schema.properties)) {
    faults.push(...invariantFaults(property, 'field', `${path}.properties[${name}]`));
  }
  if (additionalProperties !== undefined && level === 'root') {
    faults.push(forbidden(`${path}.additionalProperties`, 'must not be used at the root'));
  }
  if (typeof additionalProperties === 'object') {
    faults.push(...invariantFaults(additionalProperties, 'field', `${path}.additionalProperties`));
  }
  faults.push(...extensionFaults(schema, path), ...valueFaults(schema, path, isIntOrString(schema.anyOf)));
  faults.push(...typeFaults(schema, level, path), ...metaFaults(schema, level, path));
  return faults;
}

function extensionFaults(schema: JSONSchemaProps, path: string): FieldCause[] {
  if (!schema['x-kubernetes-int-or-string']) return [];
  const detail = 'must be false if x-kubernetes-int-or-string is true';
  return (['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const)
    .filter((name) => schema[name])
    .map((name) => invalidValue(`${path}.${name}`, true, detail));
}

const missingType: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  items: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

function typeFaults(schema: JSONSchemaProps, level: Level, path: string): FieldCause[] {
  const { type = '' } = schema;
  const faults: FieldCause[] = [];
  const isEmbedded = schema['x-kubernetes-embedded-resource'] ?? false;
  const isFree = schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields'];
  if (isEmbedded && type !== 'object') {
    const detail = 'must be object if x-kubernetes-embedded-resource is true';
    faults.push(type === '' ? required(`${path}.type`, detail) : invalidValue(`${path}.type`, type, detail));
  } else if (type === '' && !isFree) faults.push(required(`${path}.type`, missingType[level]));
  if (isEmbedded && schema.additionalProperties !== undefined) {
    const detail = 'must not be used if x-kubernetes-embedded-resource is set';
    faults.push(forbidden(`${path}.additionalProperties`, detail));
  }
  if (level === 'root' && type !== '' && type !== 'object') {
    faults.push(invalidValue(`${path}.type`, type, 'must be object at the root'));
  }
  return faults;
}

/** Rules for the fields that every object has, and for objects within objects. */
function metaFaults(schema: JSONSchemaProps, level: Level, path: string): FieldCause[] {
  const { properties = {} } = schema;
  const isEmbedded = schema['x-kubernetes-embedded-resource'] ?? false;
  const isWhole = level === 'root' || isEmbedded;
  const faults: FieldCause[] = [];
  for (const name of isWhole ? (['kind', 'apiVersion'] as const) : []) {
    const property = properties[name];
    if (property === undefined || property.type === 'string') continue;
    faults.push(invalidValue(`${path}.properties[${name}].type`, property.type ?? '', 'must be string'));
  }
  const metadata = Object.hasOwn(properties, 'metadata') ? properties.metadata : undefined;
  if (metadata !== undefined) {
    const field = `${path}.properties[metadata]`;
    if (isWhole && metadata.type !== 'object') {
      faults.push(invalidValue(`${field}.type`, metadata.type ?? '', 'must be object'));
    }
    if (level === 'root' && !restrictsNamesAlone(metadata)) {
      const detail = 'must not specify anything other than name and generateName, but metadata is implicitly specified';
      faults.push(forbidden(field, detail));
    }
  }
  if (isEmbedded && !schema['x-kubernetes-preserve-unknown-fields'] && Object.keys(properties).length === 0) {
    const detail =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
    faults.push(required(`${path}.properties`, detail));
  }
  return faults;
}

function restrictsNamesAlone({ type: _, default: __, properties = {}, ...others }: JSONSchemaProps): boolean {
  const areNames = Object.keys(properties).every((name) => name === 'name' || name === 'generateName');
  return areNames && Object.keys(others).length === 0;
}

function isIntOrString(anyOf: readonly JSONSchemaProps[] | undefined): boolean {
  return isDeepStrictEqual(anyOf, intOrString);
}

/** Rules for what restricts values. @param skipsAnyOf Its alternatives stand for an integer or a text. */
function valueFaults(schema: JSONSchemaProps, path: string, skipsAnyOf: boolean): FieldCause[] {
  const { allOf = [], anyOf = [], oneOf = [], not, pattern = '' } = schema;
  const faults: FieldCause[] = [];
  if (!skipsAnyOf) {
    faults.push(...anyOf.flatMap((each, index) => nestedFaults(each, `${path}.anyOf[${index}]`, false)));
  }
  for (const [index, each] of allOf.entries()) {
    faults.push(...nestedFaults(each, `${path}.allOf[${index}]`, index === 0 && isIntOrString(each.anyOf)));
  }
  faults.push(...oneOf.flatMap((each, index) => nestedFaults(each, `${path}.oneOf[${index}]`, false)));
  if (not !== undefined) faults.push(...nestedFaults(not, `${path}.not`, false));
  const problem = patternProblem(pattern);
  if (problem !== undefined) {
    faults.push(invalidValue(`${path}.pattern`, pattern, `must be a valid regular expression, but isn't: ${problem}`));
  }
  return faults;
}

function patternProblem(pattern: string): string | undefined {
  if (pattern === '') return undefined;
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Fields that say more of a value than what restricts it, and may not stand in a junctor. */
const generic = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
] as const;

function nestedFaults(schema: JSONSchemaProps, path: string, skipsAnyOf: boolean): FieldCause[] {
  const items = itemsOf(schema);
  const faults = valueFaults(schema, path, skipsAnyOf);
  if (items !== undefined) faults.push(...nestedFaults(items, `${path}.items`, false));
  for (const [name, property] of sortedEntries(schema.properties)) {
    faults.push(...nestedFaults(property, `${path}.properties[${name}]`, false));
  }
  for (const [name, detail] of generic) {
    const value = schema[name];
    if (value !== undefined && value !== false) faults.push(forbidden(`${path}.${name}`, detail));
  }
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, 'metadata')) {
    faults.push(forbidden(`${path}.properties[metadata]`, 'must not be specified in a nested context'));
  }
  return faults;
}

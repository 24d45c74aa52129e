/** Default values of schemas: each must be valid by its own schema, without fields that pruning would take away. */
import { isDeepStrictEqual } from 'node:util';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import { checkOf } from '../../custom/check.ts';
import { validateEmbedded } from '../../custom/embedded.ts';
import { isFields, SchemaNode } from '../../custom/node.ts';
import { pruned } from '../../custom/prune.ts';
import type { JSONSchemaProps } from '../../gen/gantry.apiextensions.v1.ts';
import { invalidValue } from '../../validation/causes.ts';
import type { RuleChecks } from './rules.ts';
import { itemsOf, sortedEntries } from './schemas.ts';

/** Fields that stand for the type and identity of a whole object. */
const headNames = ['metadata', 'apiVersion', 'kind'];

/** Rules for default values. */
interface Asked {
  readonly isPruningNeeded: boolean;
  readonly checks: RuleChecks;
}

/** The way from a whole object to a value within its identity. */
interface Place {
  /** The whole object's schema. */
  readonly root: JSONSchemaProps;
  /** Puts a value into an object where this place is. */
  readonly around: (value: unknown) => unknown;
}

/** Faults of the default values of a schema, that of a whole object, and of all schemas within it. */
export function defaultFaults(root: JSONSchemaProps, path: string, asked: Asked): FieldCause[] {
  return faultsIn(root, path, { asked, isRoot: true, head: undefined });
}

/** True where pruning takes fields away from a default value. */
export function hasUnprunedDefaults(schema: JSONSchemaProps): boolean {
  return (
    (schema.default !== undefined && !isPruned(schema, schema.default, false)) ||
    innerPlaces(schema).some(([, inner]) => hasUnprunedDefaults(inner))
  );
}

interface Context {
  readonly asked: Asked;
  /** The schema is that of the version's objects. */
  readonly isRoot: boolean;
  /** Set within the identity of a whole object. */
  readonly head: Place | undefined;
}

function faultsIn(schema: JSONSchemaProps, path: string, { asked, isRoot, head: given }: Context): FieldCause[] {
  const isWhole = isRoot || (schema['x-kubernetes-embedded-resource'] ?? false);
  const head = isWhole ? undefined : given;
  const own =
    schema.default === undefined
      ? []
      : head === undefined
        ? valueFaults(schema, `${path}.default`, asked, isWhole)
        : headFaults(schema, `${path}.default`, head, asked);
  const inner = innerPlaces(schema).flatMap(([name, one, put]) => {
    const startsHead = isWhole && headNames.some((each) => name === `properties[${each}]`);
    const outer = startsHead ? { root: schema, around: (value: unknown) => value } : head;
    const around = outer === undefined ? undefined : { ...outer, around: (value: unknown) => outer.around(put(value)) };
    return faultsIn(one, `${path}.${name}`, { asked, isRoot: false, head: around });
  });
  return [...own, ...inner];
}

/** The schemas right within one whose default values count, each with its place and the way from its values to those of this one. */
function innerPlaces(
  schema: JSONSchemaProps,
): (readonly [place: string, schema: JSONSchemaProps, put: (value: unknown) => unknown])[] {
  const items = itemsOf(schema);
  const properties = sortedEntries(schema.properties).map(
    ([name, property]) => [`properties[${name}]`, property, (value: unknown) => ({ [name]: value })] as const,
  );
  return items === undefined ? properties : [['items', items, (value: unknown) => [value]] as const, ...properties];
}

function valueFaults(schema: JSONSchemaProps, path: string, asked: Asked, isWhole: boolean): FieldCause[] {
  const { default: value } = schema;
  const unpruned =
    asked.isPruningNeeded && !isPruned(schema, value, isWhole)
      ? [invalidValue(path, value, 'must not have unknown fields')]
      : [];
  const embedded = embeddedFaults(schema, value, path, isWhole);
  if (embedded.length > 0) return [...unpruned, ...embedded];
  const faults = checkOf(schema, path)(value);
  return [...unpruned, ...(faults.length > 0 ? faults : asked.checks.checkDefault({ schema, value, path, isWhole }))];
}

/** A default within the identity of a whole object must make a valid identity. */
function headFaults(schema: JSONSchemaProps, path: string, { root, around }: Place, asked: Asked): FieldCause[] {
  const { default: value } = schema;
  const object = { kind: 'Validation', apiVersion: 'validation/v1', ...(around(value) as object) };
  const found = embeddedFaults(root, object, '', true);
  if (found.length > 0) {
    const texts = found.map(({ field, message }) => `${field.replace(/^\./, '')}: ${message}`);
    const text = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
    return [invalidValue(path, value, `must result in valid metadata: ${text}`)];
  }
  const faults = checkOf(schema, path)(value);
  return faults.length > 0 ? faults : [...asked.checks.checkDefault({ schema, value, path, isWhole: false })];
}

/** Faults of whole objects within a value. */
function embeddedFaults(schema: JSONSchemaProps, value: unknown, path: string, isWhole: boolean): FieldCause[] {
  const node = new SchemaNode(schema, isWhole);
  if (isWhole && isFields(value) && value.metadata !== undefined && !isFields(value.metadata)) {
    return [invalidValue(`${path}.metadata`, value.metadata, 'must be an object')];
  }
  return validateEmbedded(node, value, path, false);
}

function isPruned(schema: JSONSchemaProps, value: unknown, isWhole: boolean): boolean {
  return isDeepStrictEqual(pruned(new SchemaNode(schema, isWhole), value), value);
}

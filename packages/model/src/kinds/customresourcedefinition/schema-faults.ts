/** Rules for the schemas of definitions beyond those of structural ones, and the order in which all of them are asked. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { CustomResourceValidation, JSONSchemaProps } from '../../gen/gantry.apiextensions.v1.ts';
import { forbidden, invalidValue, notSupported } from '../../validation/causes.ts';
import { defaultFaults } from './default-values.ts';
import { listTypeFaults, mapKeyFaults, mapTypeFaults } from './list-types.ts';
import { type Options, schemaTypes } from './options.ts';
import { ruleFieldFaults } from './rule-fields.ts';
import { sortedEntries } from './schemas.ts';
import { notStructural, structuralFaults } from './structural.ts';

/** Fields that the root of a schema may have where the status is a part of its own, as Kubernetes names them. */
const rootFields =
  'Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations';
const rootNames = new Set(
  rootFields
    .split(' ')
    .map((name) => name[0]!.toLowerCase() + name.slice(1))
    .map(
      (name) =>
        ({ xPreserveUnknownFields: 'x-kubernetes-preserve-unknown-fields', xValidations: 'x-kubernetes-validations' })[
          name
        ] ?? name,
    ),
);

/** A schema among those of a definition. */
interface Asked {
  readonly options: Options;
  /** The status of objects is a part of its own. */
  readonly hasStatus: boolean;
  /** All versions that have it have had it before. */
  readonly isStored: boolean;
}

/** Faults of the schema of a version, or of all versions alike. */
export function validationFaults(
  validation: CustomResourceValidation | undefined,
  path: string,
  { options, hasStatus, isStored }: Asked,
): FieldCause[] {
  const schema = validation?.openAPIV3Schema;
  if (schema === undefined) return [];
  const at = `${path}.openAPIV3Schema`;
  const faults = [...(hasStatus ? rootFaults(schema, at) : [])];
  if (schema.nullable) faults.push(forbidden(`${at}.nullable`, 'nullable cannot be true at the root'));
  const problem = options.isStructureNeeded ? notStructural(schema) : undefined;
  let areRulesChecked = false;
  if (options.isStructureNeeded && problem === undefined) {
    const found = structuralFaults(at, schema);
    const asked = { isPruningNeeded: options.areDefaultsPruned, checks: options.checks };
    if (found.length === 0) found.push(...defaultFaults(schema, at, asked));
    areRulesChecked = found.length === 0;
    faults.push(...found);
  }
  const walk = new Walk(options);
  faults.push(...walk.faultsOf(schema, at, { isRoot: true, isInMeta: false, whyNoDefault: undefined }));
  if (faults.length === 0 && problem !== undefined) faults.push(invalidValue(at, '', problem));
  if (!areRulesChecked) return faults;
  const { checks } = options;
  const isFaulty = (each: JSONSchemaProps): boolean => walk.faulty.has(each);
  return [...faults, ...checks.checkRules({ schema, path: at, isFaulty, isStored })];
}

/** The status is validated by its part of the schema: whatever stands beside the properties would be lost. */
function rootFaults(schema: JSONSchemaProps, path: string): FieldCause[] {
  const { id, $schema, $ref, type = '' } = schema;
  const isTypeLooked = id === undefined && $schema === undefined && $ref === undefined;
  if (isTypeLooked && type !== '' && type !== 'object') {
    const detail =
      'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
    return [invalidValue(`${path}.type`, type, detail)];
  }
  if (Object.keys(schema).every((name) => rootNames.has(name))) return [];
  const detail = `only [${rootFields}] fields are allowed at the root of the schema if the status subresource is enabled`;
  return [invalidValue(path, schema, detail)];
}

/** Place of a schema in that of a version. */
interface Place {
  readonly isRoot: boolean;
  /** It is part of the type or identity of a whole object. */
  readonly isInMeta: boolean;
  /** Reason for which it may have no default; undefined where it may. */
  readonly whyNoDefault: string | undefined;
}

const metaNames = ['metadata', 'kind', 'apiVersion'];

class Walk {
  /** Schemas that have faults, or have some within them. */
  readonly faulty = new Set<JSONSchemaProps>();
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  faultsOf(schema: JSONSchemaProps, path: string, place: Place): FieldCause[] {
    const faults = [
      ...this.#ownFaults(schema, path, place),
      ...this.#innerFaults(schema, path, place),
      ...this.#extensionFaults(schema, path),
    ];
    if (faults.length > 0) this.faulty.add(schema);
    return faults;
  }

  #ownFaults(schema: JSONSchemaProps, path: string, { isInMeta, whyNoDefault }: Place): FieldCause[] {
    const faults: FieldCause[] = [];
    const refuse = (field: string, detail: string): void => void faults.push(forbidden(`${path}.${field}`, detail));
    const { type = '', additionalProperties, properties = {} } = schema;
    if (this.#options.areTypesChecked && type !== '' && !schemaTypes.includes(type)) {
      faults.push(notSupported(`${path}.type`, type, schemaTypes));
    }
    if (schema.default !== undefined && whyNoDefault !== undefined)
      refuse('default', `must not be set ${whyNoDefault}`);
    for (const name of ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'] as const) {
      if (schema[name] !== undefined) refuse(name, `${name} is not supported`);
    }
    if (type === 'null') refuse('type', 'type cannot be set to null, use nullable as an alternative');
    if (Array.isArray(schema.items)) refuse('items', 'items must be a schema object and not an array');
    if (isInMeta && schema['x-kubernetes-embedded-resource']) {
      refuse('x-kubernetes-embedded-resource', 'must not be used inside of resource meta');
    }
    if (schema.uniqueItems) {
      refuse('uniqueItems', 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic');
    }
    if (additionalProperties !== undefined && additionalProperties !== true && Object.keys(properties).length > 0) {
      refuse('additionalProperties', 'additionalProperties and properties are mutual exclusive');
    }
    return faults;
  }

  #innerFaults(schema: JSONSchemaProps, path: string, place: Place): FieldCause[] {
    const { additionalProperties, not, allOf, oneOf, anyOf, items, definitions, dependencies } = schema;
    const same = { ...place, isRoot: false };
    const one = (inner: unknown, name: string, at: Place = same): FieldCause[] =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? this.faultsOf(inner as JSONSchemaProps, `${path}.${name}`, at)
        : [];
    const each = (inner: readonly JSONSchemaProps[] | undefined, name: string): FieldCause[] =>
      (inner ?? []).flatMap((every, index) => one(every, `${name}[${index}]`));
    const noDefault = 'inside additionalProperties applying to object metadata';
    return [
      ...one(
        additionalProperties,
        'additionalProperties',
        place.isInMeta ? { ...same, whyNoDefault: noDefault } : same,
      ),
      ...sortedEntries(schema.properties).flatMap(([name, property]) =>
        one(property, `properties[${name}]`, placeOfProperty(schema, name, place)),
      ),
      ...one(not, 'not'),
      ...each(allOf, 'allOf'),
      ...each(oneOf, 'oneOf'),
      ...each(anyOf, 'anyOf'),
      ...sortedEntries(definitions).flatMap(([name, inner]) => one(inner, `definitions[${name}]`)),
      ...(Array.isArray(items) ? each(items, 'items') : one(items, 'items')),
      ...sortedEntries(dependencies).flatMap(([name, inner]) => one(inner, `dependencies[${name}]`)),
    ];
  }

  #extensionFaults(schema: JSONSchemaProps, path: string): FieldCause[] {
    const { areSetItemsAtomic, areMapKeysChecked } = this.#options;
    const isKept = schema['x-kubernetes-preserve-unknown-fields'];
    return [
      ...(isKept === false
        ? [invalidValue(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined')]
        : []),
      ...mapTypeFaults(schema, path),
      ...listTypeFaults(schema, path, areSetItemsAtomic),
      ...(areMapKeysChecked ? mapKeyFaults(schema, path) : []),
      ...ruleFieldFaults(schema, path),
    ];
  }
}

function placeOfProperty(schema: JSONSchemaProps, name: string, { isRoot, isInMeta, whyNoDefault }: Place): Place {
  const isWhole = isRoot || (schema['x-kubernetes-embedded-resource'] ?? false);
  const startsMeta = isWhole && metaNames.includes(name);
  return {
    isRoot: false,
    isInMeta: isInMeta || startsMeta,
    whyNoDefault: startsMeta && isRoot ? `in top-level ${name}` : whyNoDefault,
  };
}

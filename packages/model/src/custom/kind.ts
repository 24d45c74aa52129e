/** Kinds of CustomResourceDefinitions: one for each version that is served, so that objects are read, completed and validated as that version has them. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
} from '../gen/gantry.apiextensions.v1.ts';
import { type CustomKind, type FieldReader, type Kind, type KubeObject, usersMetadata } from '../kind.ts';
import { type StructuralSchema, structuralSchema } from '../structural.ts';
import { invalidValue } from '../validation/causes.ts';
import { standardFinalizers } from '../validation/metadata.ts';
import { qualifiedNameProblems } from '../validation/names.ts';
import { byPreference } from '../version-order.ts';
import { checkOf } from './check.ts';
import { columnsOf } from './columns.ts';
import { withDefaults } from './defaults.ts';
import { validateEmbedded, withReadMetadata } from './embedded.ts';
import { compileJsonPath, type FindValues } from './json-path.ts';
import { newlyRepeatedEntries, repeatedEntries } from './list-types.ts';
import { type Fields, SchemaNode, setField } from './node.ts';
import { pruned } from './prune.ts';
import { scaleOf, validateScaleSpec, validateScaleStatus } from './scale.ts';
import { type ConvertObjects, storedFormsOf, type VersionSchemas } from './stored-forms.ts';

/** Rules of a version beyond its schema. @param stored Undefined for a new object. */
export type CustomRules = (object: KubeObject, stored: KubeObject | undefined) => FieldCause[];

/** Parts of kinds that a definition does not hold itself. */
export interface CustomKindOptions {
  /** Compiles the rules in CEL of a version's schema, once a definition; undefined for a schema that has none. */
  readonly rulesOf?: ((schema: JSONSchemaProps) => CustomRules | undefined) | undefined;
  /** Asks the webhook of the definition for conversions; needed where its strategy is Webhook. */
  readonly convert?: ConvertObjects | undefined;
}

/** Objects within objects and lists, at most. */
const maxDepth = 1_000;

/**
 * The kind of a definition: that of the preferred version, which names those of all versions that are served. Undefined for a definition
 * that serves none. Throws an Error naming what is wrong with a definition that makes no sense.
 */
export function kindOfDefinition(
  definition: CustomResourceDefinition,
  options: CustomKindOptions = {},
): Kind | undefined {
  const { group, versions, conversion } = definition.spec;
  const apiVersionOf = ({ name }: { readonly name: string }): string => `${group}/${name}`;
  const storage = versions.find((version) => version.storage);
  if (storage === undefined) throw new Error('spec.versions: no version is stored');
  const isWebhook = conversion?.strategy === 'Webhook';
  if (isWebhook && options.convert === undefined) throw new Error('spec.conversion: nobody calls the webhook');
  const schemas: VersionSchemas = {
    nodes: new Map(versions.map((version) => [apiVersionOf(version), rootOf(definition, version)])),
    storage: apiVersionOf(storage),
    convert: isWebhook ? options.convert : undefined,
  };
  const served = versions.filter((version) => version.served).sort((one, other) => byPreference(one.name, other.name));
  const kinds: Kind[] = [];
  for (const version of served)
    kinds.push(kindOfVersion(definition, version, { schemas, kinds, rulesOf: options.rulesOf }));
  return kinds[0];
}

/** The schema of a version's objects; undefined where everything is kept. */
function rootOf(
  { spec }: CustomResourceDefinition,
  { schema }: CustomResourceDefinitionVersion,
): SchemaNode | undefined {
  const props = schema?.openAPIV3Schema;
  if (spec.preserveUnknownFields) return props === undefined ? undefined : new SchemaNode(props, true, true);
  return new SchemaNode(props ?? { type: 'object' }, true);
}

interface Siblings extends Pick<CustomKindOptions, 'rulesOf'> {
  readonly schemas: VersionSchemas;
  /** All versions that are served. */
  readonly kinds: readonly Kind[];
}

function kindOfVersion(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  { schemas, kinds, rulesOf }: Siblings,
): Kind {
  const { spec } = definition;
  const { group } = spec;
  const names = namesOf(definition);
  const apiVersion = `${group}/${version.name}`;
  const node =
    schemas.nodes.get(apiVersion) ??
    new SchemaNode({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, true);
  const { subresources = {} } = version;
  const hasStatus = subresources.status !== undefined;
  const custom = customPartOf(definition, version, node, { schemas, kinds });
  const makeSchema = () => typeSchemaOf(`${group}.${version.name}.${names.kind}`, version.schema?.openAPIV3Schema);
  // One that makes no sense is refused now, and made again when it is needed: most definitions have few objects, or none.
  makeSchema();
  const typeSchema = later(makeSchema);
  const validation = later(() => validationOf(node, version, rulesOf));
  return {
    kind: names.kind,
    group,
    version: version.name,
    plural: spec.names.plural,
    singular: names.singular || names.kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: spec.scope === 'Namespaced',
    message: '',
    get schema() {
      return typeSchema();
    },
    objectField: '',
    custom,
    hasStatus,
    statusKeeps: usersMetadata,
    ...(subresources.scale === undefined ? {} : { subresources: { scale: scaleOf(subresources.scale) } }),
    generation: 'all but metadata',
    needsRevision: true,
    takesPlainFinalizers: true,
    validatesRequired: true,
    setDefaults: (object) => setDefaults(node, object),
    prepareForCreate: (object) => {
      if (hasStatus) delete (object as { status?: unknown }).status;
    },
    validate: () => [],
    validateCreate: (object) => validation().validateCreate(object),
    validateUpdate: (object, stored) => validation().validateUpdate(object, stored),
    validateStatus: (object, stored) => validation().validateStatus(object, stored),
    warnings: finalizerWarnings,
    selectableFields: selectableFieldsOf(version),
    columns: columnsOf(version.additionalPrinterColumns),
    listsAllColumns: true,
  };
}

/** The parts of a version's kind that kinds of their own do not have. */
function customPartOf(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  node: SchemaNode,
  { schemas, kinds }: Pick<Siblings, 'schemas' | 'kinds'>,
): CustomKind {
  const names = namesOf(definition);
  const apiVersion = `${definition.spec.group}/${version.name}`;
  return {
    decode: (fields, reader) => decoded(node, fields, reader),
    stored: storedFormsOf(apiVersion, schemas),
    versions: kinds,
    listKind: names.listKind || `${names.kind}List`,
    openApi: version.schema?.openAPIV3Schema,
    deprecation: version.deprecated
      ? version.deprecationWarning || `${apiVersion} ${names.kind} is deprecated`
      : undefined,
    isTerminating: hasCondition(definition, 'Terminating'),
  };
}

/** The names by which a definition is served. */
function namesOf({ spec, status }: CustomResourceDefinition): CustomResourceDefinition['spec']['names'] {
  return status?.acceptedNames.kind ? status.acceptedNames : spec.names;
}

/** Makes something when it is first asked for. */
function later<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function hasCondition({ status }: CustomResourceDefinition, type: string): boolean {
  return (status?.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True');
}

/** The type schema of a version; one that keeps everything where the definition says nothing. */
function typeSchemaOf(name: string, schema: JSONSchemaProps | undefined): NonNullable<Kind['schema']> {
  const keepsAll: StructuralSchema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return structuralSchema(name, (schema ?? keepsAll) as StructuralSchema);
}

function decoded(node: SchemaNode, fields: Fields, reader: FieldReader): Fields {
  if (isDeeperThan(fields, maxDepth)) {
    reader.refuse('', `nested deeper than ${maxDepth} levels`);
    return {};
  }
  const unknown: string[] = [];
  const known = pruned(node, fields, (path) => unknown.push(path));
  for (const path of unknown.sort()) reader.unknown(path);
  return withReadMetadata(node, known, reader) as Fields;
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(inner, levels - 1));
}

/** Sets the defaults of a schema, in place, and takes away nulls that mean nothing. */
function setDefaults(node: SchemaNode, object: KubeObject): void {
  const complete = withDefaults(node, object) as unknown as Fields;
  const target = object as unknown as Fields;
  if (complete === target) return;
  for (const name of Object.keys(target)) if (!Object.hasOwn(complete, name)) delete target[name];
  for (const [name, value] of Object.entries(complete)) if (target[name] !== value) setField(target, name, value);
}

type Validation = Required<Pick<Kind, 'validateCreate' | 'validateUpdate' | 'validateStatus'>>;

function validationOf(
  node: SchemaNode,
  version: CustomResourceDefinitionVersion,
  rulesOf: CustomKindOptions['rulesOf'],
): Validation {
  const { schema } = node;
  const check = checkOf(schema);
  const statusSchema = schema.properties?.status;
  const checkStatus = statusSchema === undefined ? () => [] : checkOf(statusSchema, 'status');
  const scale = version.subresources?.scale;
  const scaleSpec = scale === undefined ? () => [] : (object: KubeObject) => validateScaleSpec(scale, object);
  const scaleStatus = scale === undefined ? () => [] : (object: KubeObject) => validateScaleStatus(scale, object);
  const withRules = ruled(rulesOf?.(schema));
  return {
    validateCreate: (object) =>
      withRules(object, undefined, [
        ...check(object),
        ...scaleSpec(object),
        ...scaleStatus(object),
        ...validateEmbedded(node, object),
        ...repeatedEntries(node, object),
      ]),
    validateUpdate: (object, stored) =>
      withRules(object, stored, [
        ...check(object, { value: stored }),
        ...scaleSpec(object),
        ...scaleStatus(object),
        ...validateEmbedded(node, object),
        ...newlyRepeatedEntries(node, object, stored),
      ]),
    validateStatus: (object, stored) => {
      const [status, before] = [object, stored].map((one) => (one as { readonly status?: unknown }).status);
      return withRules(object, stored, [
        ...(status === undefined ? [] : checkStatus(status, { value: before })),
        ...scaleStatus(object),
        ...newlyRepeatedEntries(node, object, stored),
      ]);
    },
  };
}

/** Faults that keep rules from being evaluated: the object may not be what they expect. */
const blocking: readonly FieldCause['reason'][] = [
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
];
const notChecked =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

/** The faults of an object with those that rules find. */
function ruled(rules: CustomRules | undefined) {
  return (object: KubeObject, stored: KubeObject | undefined, causes: FieldCause[]): FieldCause[] => {
    if (rules === undefined) return causes;
    if (causes.some(({ reason }) => blocking.includes(reason)))
      return [...causes, invalidValue('<nil>', null, notChecked)];
    return [...causes, ...rules(object, stored)];
  };
}

/** Remarks on finalizers that other programs may also use. */
function finalizerWarnings({ metadata }: KubeObject): string[] {
  return (metadata.finalizers ?? []).toSorted().flatMap((name) => {
    const start = `metadata.finalizers: ${JSON.stringify(name)}`;
    const problems = qualifiedNameProblems(name).map((problem) => `${start}: ${problem}`);
    if (name.includes('/') || standardFinalizers.includes(name)) return problems;
    const path = name.includes('.') ? ' including a path (/)' : '';
    return [
      ...problems,
      `${start}: prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers`,
    ];
  });
}

function selectableFieldsOf({ selectableFields = [] }: CustomResourceDefinitionVersion): Kind['selectableFields'] {
  return Object.fromEntries(
    selectableFields.map(({ jsonPath }) => {
      const find = compileJsonPath(jsonPath);
      return [jsonPath.replace(/^\./, ''), (object: KubeObject) => textAt(find, object)];
    }),
  );
}

function textAt(find: FindValues, object: KubeObject): string {
  const value = find(object)[0];
  return value === undefined || value === null ? '' : String(value);
}

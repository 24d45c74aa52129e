/** Rules for what a definition says of its kind, in Kubernetes' order. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type {
  CustomResourceDefinitionNames as Names,
  CustomResourceDefinitionSpec as Spec,
} from '../../gen/gantry.apiextensions.v1.ts';
import { immutable, invalidValue, notSupported, required } from '../../validation/causes.ts';
import { dns1035LabelProblems, dnsSubdomainProblems } from '../../validation/names.ts';
import { conversionFaults } from './conversion.ts';
import { layoutOf, type Parts } from './layout.ts';
import type { Options } from './options.ts';
import { validationFaults } from './schema-faults.ts';
import { someSchemaOf } from './schemas.ts';
import { notStructural } from './structural.ts';
import { columnFaults, selectableFaults, subresourceFaults, warningFaults } from './versions.ts';

const scopes = ['Cluster', 'Namespaced'];

/** Faults of a definition's spec. */
export function specFaults(spec: Spec, given: Options): FieldCause[] {
  const { group, scope, versions, names, conversion, preserveUnknownFields = false } = spec;
  const hasDefaults = someSchemaOf(spec, (schema) => schema.default !== undefined);
  const isStructureNeeded =
    given.isStructureNeeded || !preserveUnknownFields || hasDefaults || someSchemaOf(spec, hasExtensions);
  const options = { ...given, isStructureNeeded };
  const layout = layoutOf(spec);
  const faults = [...groupFaults(group), ...scopeFaults(scope), ...missingSchemas(spec, options)];
  if (hasDefaults && preserveUnknownFields) {
    const detail = 'must be false in order to use defaults in the schema';
    faults.push(invalidValue('spec.preserveUnknownFields', true, detail));
  }
  for (const [index, version] of versions.entries()) {
    const path = `spec.versions[${index}]`;
    faults.push(...labelFaults(`${path}.name`, version.name, true), ...warningFaults(version, path));
    const own = layout.own[index]!;
    const hasStatus = (own.subresources ?? layout.shared.subresources)?.status !== undefined;
    const isStored = options.storedSchemas.has(version.name);
    faults.push(...validationFaults(own.schema, `${path}.schema`, { options, hasStatus, isStored }));
    faults.push(...partFaults(own, path));
    const isShared = layout.shared.selectableFields !== undefined && layout.shared.schema !== undefined;
    const takesMany = options.manySelectable.has(version.name);
    if (!isShared) faults.push(...selectableFaultsOf(version, path, takesMany));
  }
  faults.push(...versionListFaults(spec), ...requiredNames(names), ...nameFaults(names, 'spec.names'));
  faults.push(...sharedFaults(spec, layout.shared, options));
  if (conversion !== undefined) {
    if (conversion.strategy !== 'None' && preserveUnknownFields) {
      const detail = 'must be None if spec.preserveUnknownFields is true';
      faults.push(invalidValue('spec.conversion.strategy', conversion.strategy, detail));
    }
    faults.push(...conversionFaults(conversion, 'spec.conversion', options));
  }
  return faults;
}

/** Faults of a change of a definition's spec beside those of the spec itself. */
export function changeFaults(spec: Spec, stored: Spec, { areNamesImmutable }: Options): FieldCause[] {
  const faults: FieldCause[] = [];
  const keep = (field: string, value: string, before: string): void => {
    if (value !== before) faults.push(immutable(field, value));
  };
  if (areNamesImmutable) {
    keep('spec.scope', spec.scope, stored.scope);
    keep('spec.names.kind', spec.names.kind, stored.names.kind);
  }
  keep('spec.group', spec.group, stored.group);
  keep('spec.names.plural', spec.names.plural, stored.names.plural);
  return faults;
}

function groupFaults(group: string): FieldCause[] {
  if (group === '') return [required('spec.group')];
  const problems = dnsSubdomainProblems(group);
  if (problems.length > 0) return [invalidValue('spec.group', group, problems.join(','))];
  return group.includes('.') ? [] : [invalidValue('spec.group', group, 'should be a domain with at least one dot')];
}

function scopeFaults(scope: string): FieldCause[] {
  if (scope === '') return [required('spec.scope')];
  return scopes.includes(scope) ? [] : [notSupported('spec.scope', scope, scopes)];
}

function missingSchemas({ versions, preserveUnknownFields = false }: Spec, { isSchemaNeeded }: Options): FieldCause[] {
  if (!isSchemaNeeded && preserveUnknownFields) return [];
  return versions.flatMap(({ schema, served }, index) => {
    if (schema?.openAPIV3Schema !== undefined || !(isSchemaNeeded || served)) return [];
    const field = `spec.versions[${index}].schema.openAPIV3Schema`;
    return [isSchemaNeeded ? required(field) : required(field, 'because otherwise all fields are pruned')];
  });
}

function hasExtensions(schema: NonNullable<NonNullable<Parts['schema']>['openAPIV3Schema']>): boolean {
  return (
    schema['x-kubernetes-embedded-resource'] === true ||
    schema['x-kubernetes-preserve-unknown-fields'] !== undefined ||
    schema['x-kubernetes-int-or-string'] === true ||
    schema['x-kubernetes-list-map-keys'] !== undefined ||
    schema['x-kubernetes-list-type'] !== undefined ||
    schema['x-kubernetes-validations'] !== undefined
  );
}

/** @param isNeeded An empty one is a fault, too. */
function labelFaults(field: string, value: string, isNeeded: boolean): FieldCause[] {
  if (value === '' && !isNeeded) return [];
  const problems = dns1035LabelProblems(value);
  return problems.length > 0 ? [invalidValue(field, value, problems.join(','))] : [];
}

function versionListFaults({ versions }: Spec): FieldCause[] {
  const faults: FieldCause[] = [];
  const names = versions.map(({ name }) => name);
  if (new Set(names).size < names.length) {
    faults.push(invalidValue('spec.versions', versions, 'must contain unique version names'));
  }
  if (versions.filter(({ storage }) => storage).length !== 1) {
    const detail = 'must have exactly one version marked as storage version';
    faults.push(invalidValue('spec.versions', versions, detail));
  }
  // Kubernetes keeps the first version's name in a field of an older version of the API.
  return [...faults, ...labelFaults('spec.version', names[0] ?? '', false)];
}

function requiredNames(names: Names): FieldCause[] {
  return (['plural', 'singular', 'kind', 'listKind'] as const)
    .filter((name) => !names[name])
    .map((name) => required(`spec.names.${name}`));
}

/** Faults of names, those that are set. */
export function nameFaults(names: Names, path: string): FieldCause[] {
  const { plural, singular = '', kind, listKind = '', shortNames = [], categories = [] } = names;
  const kindFaults = (field: string, value: string): FieldCause[] => {
    const problems = value === '' ? [] : dns1035LabelProblems(value.toLowerCase());
    const detail = `may have mixed case, but should otherwise match: ${problems.join(',')}`;
    return problems.length > 0 ? [invalidValue(field, value, detail)] : [];
  };
  return [
    ...labelFaults(`${path}.plural`, plural, false),
    ...labelFaults(`${path}.singular`, singular, false),
    ...kindFaults(`${path}.kind`, kind),
    ...kindFaults(`${path}.listKind`, listKind),
    ...shortNames.flatMap((name, index) => labelFaults(`${path}.shortNames[${index}]`, name, true)),
    ...(kind !== '' && kind === listKind
      ? [invalidValue(`${path}.listKind`, listKind, 'kind and listKind may not be the same')]
      : []),
    ...categories.flatMap((name, index) => labelFaults(`${path}.categories[${index}]`, name, true)),
  ];
}

function partFaults({ subresources, additionalPrinterColumns: columns = [] }: Parts, path: string): FieldCause[] {
  return [
    ...subresourceFaults(subresources, `${path}.subresources`),
    ...columns.flatMap((column, index) => columnFaults(column, `${path}.additionalPrinterColumns[${index}]`)),
  ];
}

/** Faults of selectable fields by the schema of their version: others may have the same fields, or the same schema, alone. */
function selectableFaultsOf({ selectableFields = [], schema }: Parts, path: string, takesMany: boolean): FieldCause[] {
  if (selectableFields.length === 0) return [];
  const field = `${path}.selectableFields`;
  const root = schema?.openAPIV3Schema;
  // Kubernetes' words say the opposite of what they mean.
  if (root === undefined) return [invalidValue(field, '', 'may only be set when validations.schema is included')];
  const problem = notStructural(root);
  if (problem !== undefined) return [invalidValue(`${path}.schema.openAPIV3Schema`, '', problem)];
  return selectableFaults(selectableFields, root, field, takesMany);
}

/** Faults of what all versions have alike. */
function sharedFaults({ versions }: Spec, shared: Parts, options: Options): FieldCause[] {
  const { schema } = shared;
  const hasStatus = versions.some(({ subresources }) => subresources?.status !== undefined);
  const isStored = options.storedSchemas.has(versions[0]?.name ?? '');
  const faults = [
    ...validationFaults(schema, 'spec.validation', { options, hasStatus, isStored }),
    ...partFaults(shared, 'spec'),
  ];
  if (schema !== undefined) faults.push(...selectableFaultsOf(shared, 'spec', options.manySelectable.has('')));
  return faults;
}

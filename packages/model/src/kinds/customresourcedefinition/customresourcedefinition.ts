import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '../../gen/gantry.apiextensions.v1.ts';
import { type Kind, usersMetadata } from '../../kind.ts';
import { isTrue } from './conditions.ts';

import { noteStoredVersion, setDefinitionDefaults } from './defaults.ts';
import { holdForObjects } from './deletion.ts';
import { noRuleChecks, type RuleChecks } from './rules.ts';
import { statusFaults, validateChange, validateNew } from './validation.ts';
import { warningsOf } from './warnings.ts';

/** apiextensions.k8s.io/v1 CustomResourceDefinition, as programs see it that write none. */
export const customResourceDefinition: Kind<CustomResourceDefinition> = definitionKind(noRuleChecks);

/** The kind of definitions. @param checks Those of the rules in their schemas. */
export function definitionKind(checks: RuleChecks): Kind<CustomResourceDefinition> {
  return {
    kind: 'CustomResourceDefinition',
    group: 'apiextensions.k8s.io',
    version: 'v1',
    plural: 'customresourcedefinitions',
    singular: 'customresourcedefinition',
    shortNames: ['crd', 'crds'],
    categories: ['api-extensions'],
    namespaced: false,
    message: 'gantry.apiextensions.v1.CustomResourceDefinition',
    objectField: 'customResourceDefinition',
    hasStatus: true,
    statusKeeps: usersMetadata,
    generation: 'spec',
    needsRevision: true,
    validatesRequired: true,
    setDefaults: setDefinitionDefaults,
    prepareForCreate: (definition) => {
      definition.status = { conditions: [], acceptedNames: { plural: '', kind: '' }, storedVersions: [] };
      noteStoredVersion(definition);
    },
    prepareForUpdate: (definition, stored) => {
      definition.status = structuredClone(stored.status!);
      noteStoredVersion(definition);
    },
    prepareForDelete: holdForObjects,
    // Faults that a stored one has already may stay: both kinds of writes are validated as a whole below.
    validate: () => [],
    validateCreate: (definition) => validateNew(definition, checks),
    validateUpdate: (definition, stored) => validateChange(definition, stored, checks),
    validateStatus: statusFaults,
    warnings: warningsOf,
    selectableFields: {},
    listsAllColumns: true,
    columns: [
      { name: 'NAME', cell: ({ metadata }) => metadata.name },
      { name: 'SCOPE', cell: ({ spec }) => spec.scope },
      { name: 'VERSIONS', cell: ({ spec }) => servedVersions(spec.versions) },
      { name: 'CREATED AT', cell: ({ metadata }) => metadata.creationTimestamp ?? '' },
      { name: 'GROUP', wide: true, cell: ({ spec }) => spec.group },
      { name: 'KIND', wide: true, cell: ({ spec }) => spec.names.kind },
      { name: 'SHORTNAMES', wide: true, cell: ({ spec }) => (spec.names.shortNames ?? []).join() },
      { name: 'ESTABLISHED', wide: true, cell: ({ status }) => String(isTrue(status!.conditions, 'Established')) },
    ],
  };
}

/** Names of the versions that are served, with a mark at the stored one. */
function servedVersions(versions: readonly CustomResourceDefinitionVersion[]): string {
  const served = versions.filter((version) => version.served);
  return served
    .map(({ name, storage }) => (storage ? `${name}(storage)` : name))
    .sort()
    .join();
}

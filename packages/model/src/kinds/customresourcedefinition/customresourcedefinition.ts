import type { CustomResourceDefinition } from '../../gen/gantry.apiextensions.v1.ts';
import { type Kind, usersMetadata } from '../../kind.ts';
import { noteStoredVersion, setDefinitionDefaults } from './defaults.ts';
import { holdForObjects } from './deletion.ts';

/** apiextensions.k8s.io/v1 CustomResourceDefinition. */
export const customResourceDefinition: Kind<CustomResourceDefinition> = {
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
  validate: () => [],
  selectableFields: {},
  listsAllColumns: true,
  columns: [
    { name: 'NAME', cell: ({ metadata }) => metadata.name },
    { name: 'CREATED AT', cell: ({ metadata }) => metadata.creationTimestamp ?? '' },
  ],
};

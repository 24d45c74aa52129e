import { isDeepStrictEqual } from 'node:util';
import type { ResourceClaimTemplate } from '../../gen/gantry.resource.v1.ts';
import type { Kind } from '../../kind.ts';
import { immutable, notEnforced } from '../../validation/causes.ts';
import { validateLabels } from '../../validation/labels.ts';
import { validateAnnotations } from '../../validation/metadata.ts';
import { setClaimDefaults, validateClaimSpec } from '../devices/claims.ts';

/** resource.k8s.io/v1 ResourceClaimTemplate. */
export const resourceClaimTemplate: Kind<ResourceClaimTemplate> = {
  kind: 'ResourceClaimTemplate',
  group: 'resource.k8s.io',
  version: 'v1',
  plural: 'resourceclaimtemplates',
  singular: 'resourceclaimtemplate',
  shortNames: [],
  namespaced: true,
  message: 'gantry.resource.v1.ResourceClaimTemplate',
  objectField: 'resourceClaimTemplate',
  hasStatus: false,
  setDefaults: ({ spec }) => setClaimDefaults(spec?.spec),
  validate: ({ spec }) => [
    ...validateLabels(spec?.metadata?.labels, 'spec.metadata.labels'),
    ...validateAnnotations(spec?.metadata?.annotations, 'spec.metadata.annotations'),
    ...validateClaimSpec(spec?.spec, 'spec.spec'),
  ],
  validateUpdate: ({ spec }, stored) => (isDeepStrictEqual(spec, stored.spec) ? [] : [immutable('spec', spec)]),
  warnings: () => [notEnforced(resourceClaimTemplate, 'no claims are made from it')],
  selectableFields: {},
  columns: [],
};

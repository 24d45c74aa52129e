import { formatAge } from '../../age.ts';
import type { APIService } from '../../gen/gantry.apiregistration.v1.ts';
import type { Kind } from '../../kind.ts';
import { pathSegmentProblems } from '../../validation/names.ts';
import { validateApiService, validateApiServiceStatus } from './validation.ts';

/** Port of a service that names none. */
const defaultPort = 443;

/** apiregistration.k8s.io/v1 APIService. */
export const apiService: Kind<APIService> = {
  kind: 'APIService',
  group: 'apiregistration.k8s.io',
  version: 'v1',
  plural: 'apiservices',
  singular: 'apiservice',
  shortNames: [],
  categories: ['api-extensions'],
  namespaced: false,
  message: 'gantry.apiregistration.v1.APIService',
  objectField: 'apiService',
  hasStatus: true,
  needsRevision: true,
  nameProblems: pathSegmentProblems,
  setDefaults: ({ spec }) => {
    if (spec?.service !== undefined) spec.service.port ??= defaultPort;
  },
  prepareForCreate: (object) => {
    object.status = {};
    if (object.spec?.service === undefined) {
      const lastTransitionTime = object.metadata.creationTimestamp;
      object.status.conditions = [{ ...localCondition, ...(lastTransitionTime && { lastTransitionTime }) }];
    }
  },
  validate: validateApiService,
  validateStatus: validateApiServiceStatus,
  selectableFields: {},
  listsAllColumns: true,
  columns: [
    { name: 'NAME', cell: ({ metadata }) => metadata.name },
    {
      name: 'SERVICE',
      cell: ({ spec }) => (spec?.service ? `${spec.service.namespace}/${spec.service.name}` : 'Local'),
    },
    { name: 'AVAILABLE', cell: availableCell },
    { name: 'AGE', cell: ({ metadata }, nowMs) => formatAge(metadata.creationTimestamp, nowMs) },
  ],
};

/** The condition of a version that the api itself serves, but for its time. */
export const localCondition = {
  type: 'Available',
  status: 'True',
  reason: 'Local',
  message: 'Local APIServices are always available',
} as const;

function availableCell({ status }: APIService): string {
  const condition = status?.conditions?.find(({ type }) => type === 'Available');
  if (condition === undefined) return 'Unknown';
  return condition.status === 'True' || !condition.reason
    ? condition.status
    : `${condition.status} (${condition.reason})`;
}

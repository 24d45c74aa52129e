import type { PodGroup } from '../../gen/gantry.scheduling.v1alpha1.ts';
import { type Kind, usersMetadata } from '../../kind.ts';
import { validatePodGroup } from './validation.ts';

/** Label that makes a pod a member of the group of that name in its namespace, so that controllers' templates can carry it. */
export const podGroupLabel = 'scheduling.x-k8s.io/pod-group';

/** scheduling.x-k8s.io/v1alpha1 PodGroup, as users of Kubernetes' coscheduling plugin know it. */
export const podGroup: Kind<PodGroup> = {
  kind: 'PodGroup',
  group: 'scheduling.x-k8s.io',
  version: 'v1alpha1',
  plural: 'podgroups',
  singular: 'podgroup',
  shortNames: ['pg', 'pgs'],
  namespaced: true,
  message: 'gantry.scheduling.v1alpha1.PodGroup',
  objectField: 'podGroup',
  hasStatus: true,
  statusKeeps: usersMetadata,
  generation: 'spec',
  setDefaults: () => {},
  prepareForCreate: (group) => {
    group.status = { phase: 'Pending' };
  },
  validate: validatePodGroup,
  selectableFields: {},
  columns: [
    { name: 'PHASE', cell: ({ status }) => status?.phase ?? '' },
    { name: 'MINMEMBER', cell: ({ spec }) => String(spec?.minMember ?? '') },
    { name: 'RUNNING', cell: ({ status }) => String(status?.running ?? '') },
    { name: 'SUCCEEDED', cell: ({ status }) => String(status?.succeeded ?? '') },
    { name: 'FAILED', cell: ({ status }) => String(status?.failed ?? '') },
  ],
};

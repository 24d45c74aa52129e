import type { CapacityBuffer } from '../../gen/gantry.capacity.v1beta1.ts';
import { type Kind, usersMetadata } from '../../kind.ts';
import { validateCapacityBuffer } from './validation.ts';

/** The strategy by which the autoscaler keeps nodes that run. */
export const activeCapacity = 'buffer.x-k8s.io/active-capacity';

/** autoscaling.x-k8s.io/v1beta1 CapacityBuffer, as users of Kubernetes' Cluster Autoscaler know it. */
export const capacityBuffer: Kind<CapacityBuffer> = {
  kind: 'CapacityBuffer',
  group: 'autoscaling.x-k8s.io',
  version: 'v1beta1',
  plural: 'capacitybuffers',
  singular: 'capacitybuffer',
  shortNames: ['cb'],
  namespaced: true,
  message: 'gantry.capacity.v1beta1.CapacityBuffer',
  objectField: 'capacityBuffer',
  hasStatus: true,
  statusKeeps: usersMetadata,
  generation: 'spec',
  setDefaults: ({ spec }) => {
    if (spec !== undefined) spec.provisioningStrategy ??= activeCapacity;
  },
  prepareForCreate: (buffer) => {
    delete buffer.status;
  },
  validate: validateCapacityBuffer,
  selectableFields: {},
  columns: [
    { name: 'STRATEGY', cell: ({ spec }) => spec.provisioningStrategy ?? '' },
    { name: 'PODTEMPLATE', cell: ({ status }) => status?.podTemplateRef?.name ?? '' },
    { name: 'REPLICAS', cell: ({ status }) => String(status?.replicas ?? '') },
    { name: 'CONDITIONSTYPE', cell: ({ status }) => partOf(status, 'type') },
    { name: 'CONDITIONSSTATUS', cell: ({ status }) => partOf(status, 'status') },
    { name: 'CONDITIONSREASON', cell: ({ status }) => partOf(status, 'reason') },
  ],
};

function partOf(status: CapacityBuffer['status'], part: 'type' | 'status' | 'reason'): string {
  return (status?.conditions ?? []).map((condition) => condition[part] ?? '').join(' ');
}

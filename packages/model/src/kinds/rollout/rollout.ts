import type { Rollout } from '../../gen/gantry.rollout.v1.ts';
import { type Kind, usersMetadata } from '../../kind.ts';
import { setRolloutDefaults } from './defaults.ts';
import { validateRollout, validateRolloutUpdate } from './validation.ts';

/** gantry.dev/v1 Rollout: how a workload goes from one revision to the next. */
export const rollout: Kind<Rollout> = {
  kind: 'Rollout',
  group: 'gantry.dev',
  version: 'v1',
  plural: 'rollouts',
  singular: 'rollout',
  shortNames: ['ro'],
  namespaced: true,
  message: 'gantry.rollout.v1.Rollout',
  objectField: 'rollout',
  hasStatus: true,
  statusKeeps: usersMetadata,
  generation: 'spec',
  setDefaults: setRolloutDefaults,
  prepareForCreate: (object) => {
    delete object.status;
  },
  validate: validateRollout,
  validateUpdate: validateRolloutUpdate,
  selectableFields: {},
  columns: [
    { name: 'WORKLOAD', cell: ({ spec }) => `${spec.workloadRef.kind}/${spec.workloadRef.name}` },
    { name: 'PHASE', cell: ({ status }) => status?.phase ?? '' },
    { name: 'STEP', cell: stepCell },
    { name: 'WEIGHT', cell: ({ status }) => String(status?.canaryWeight ?? 0) },
    { name: 'STABLE', cell: ({ status }) => status?.stableRevision || '<none>' },
    { name: 'CANARY', cell: ({ status }) => status?.canaryRevision || '<none>' },
    { name: 'MESSAGE', wide: true, cell: ({ status }) => status?.message ?? '' },
  ],
};

/** Number of the present step and of all steps, such as 2/5. */
function stepCell({ spec, status }: Rollout): string {
  const steps = spec.strategy.canary?.steps?.length;
  if (steps === undefined || !status?.canaryRevision) return '';
  return `${Math.min(status.currentStep ?? 0, steps)}/${steps}`;
}

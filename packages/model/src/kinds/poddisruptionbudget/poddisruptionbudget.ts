import type { PodDisruptionBudget } from '../../gen/gantry.policy.v1.ts';
import type { Kind } from '../../kind.ts';
import { validateBudget, validateBudgetStatus } from './validation.ts';

const shown = (bound: number | string | undefined): string => (bound === undefined ? 'N/A' : String(bound));

/** policy/v1 PodDisruptionBudget. */
export const podDisruptionBudget: Kind<PodDisruptionBudget> = {
  kind: 'PodDisruptionBudget',
  group: 'policy',
  version: 'v1',
  plural: 'poddisruptionbudgets',
  singular: 'poddisruptionbudget',
  shortNames: ['pdb'],
  namespaced: true,
  message: 'gantry.policy.v1.PodDisruptionBudget',
  objectField: 'podDisruptionBudget',
  hasStatus: true,
  needsRevision: true,
  generation: 'spec',
  setDefaults: () => {},
  prepareForCreate: (budget) => {
    delete budget.status;
  },
  validate: validateBudget,
  validateStatus: validateBudgetStatus,
  selectableFields: {},
  columns: [
    { name: 'MIN AVAILABLE', cell: ({ spec }) => shown(spec?.minAvailable) },
    { name: 'MAX UNAVAILABLE', cell: ({ spec }) => shown(spec?.maxUnavailable) },
    { name: 'ALLOWED DISRUPTIONS', cell: ({ status }) => String(status?.disruptionsAllowed ?? 0) },
  ],
};

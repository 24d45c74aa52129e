import { formatAge } from '../../age.ts';
import type {
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration,
} from '../../gen/gantry.flowcontrol.v1.ts';
import { type Kind, usersMetadata } from '../../kind.ts';
import { validatePriorityLevel, validatePriorityLevelStatus } from './validation.ts';

/** Kubernetes' defaults. */
const defaultShares = 30;
const defaultQueuing = { queues: 64, handSize: 8, queueLengthLimit: 50 };

/** flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration. */
export const priorityLevelConfiguration: Kind<PriorityLevelConfiguration> = {
  kind: 'PriorityLevelConfiguration',
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  plural: 'prioritylevelconfigurations',
  singular: 'prioritylevelconfiguration',
  shortNames: [],
  namespaced: false,
  message: 'gantry.flowcontrol.v1.PriorityLevelConfiguration',
  objectField: 'priorityLevelConfiguration',
  hasStatus: true,
  statusKeeps: usersMetadata,
  generation: 'spec',
  setDefaults: ({ spec }) => {
    if (spec !== undefined) setSpecDefaults(spec);
  },
  prepareForCreate: (object) => {
    object.status = {};
  },
  validate: validatePriorityLevel,
  validateStatus: validatePriorityLevelStatus,
  selectableFields: {},
  listsAllColumns: true,
  columns: [
    { name: 'NAME', cell: ({ metadata }) => metadata.name },
    { name: 'TYPE', cell: ({ spec }) => spec?.type ?? '' },
    {
      name: 'NOMINALCONCURRENCYSHARES',
      cell: ({ spec }) => String(spec?.limited?.nominalConcurrencyShares ?? '<none>'),
    },
    { name: 'QUEUES', cell: (level) => queuingCell(level, 'queues') },
    { name: 'HANDSIZE', cell: (level) => queuingCell(level, 'handSize') },
    { name: 'QUEUELENGTHLIMIT', cell: (level) => queuingCell(level, 'queueLengthLimit') },
    { name: 'AGE', cell: ({ metadata }, nowMs) => formatAge(metadata.creationTimestamp, nowMs) },
  ],
};

function setSpecDefaults({ limited, exempt }: PriorityLevelConfigurationSpec): void {
  if (exempt !== undefined) {
    exempt.nominalConcurrencyShares ??= 0;
    exempt.lendablePercent ??= 0;
  }
  if (limited === undefined) return;
  limited.nominalConcurrencyShares ??= defaultShares;
  limited.lendablePercent ??= 0;
  const queuing = limited.limitResponse?.queuing;
  if (queuing === undefined) return;
  for (const field of ['queues', 'handSize', 'queueLengthLimit'] as const) queuing[field] ||= defaultQueuing[field];
}

function queuingCell({ spec }: PriorityLevelConfiguration, field: keyof QueuingConfiguration): string {
  return String(spec?.limited?.limitResponse?.queuing?.[field] ?? '<none>');
}

import type { Pod } from '../../gen/gantry.core.v1.ts';
import type { Kind } from '../../kind.ts';
import { podColumns } from './columns.ts';
import { setPodDefaults } from './defaults.ts';
import { refuseEphemeralContainers, transferEphemeralContainers, validateAddedContainers } from './ephemeral.ts';
import { preparePodForCreate, preparePodForUpdate } from './prepare.ts';
import { transferResize, validateResize } from './resize.ts';
import { validatePodStatus, validatePodUpdate } from './update.ts';
import { validatePod } from './validation.ts';
import { podWarnings } from './warnings.ts';

/** core/v1 Pod. */
export const pod: Kind<Pod> = {
  kind: 'Pod',
  group: '',
  version: 'v1',
  plural: 'pods',
  singular: 'pod',
  shortNames: ['po'],
  namespaced: true,
  message: 'gantry.core.v1.Pod',
  objectField: 'pod',
  hasStatus: true,
  statusKeeps: ['ownerReferences'],
  categories: ['all'],
  subresources: {
    attach: { verbs: ['create', 'get'], type: { group: '', version: 'v1', kind: 'PodAttachOptions' } },
    binding: { verbs: ['create'], type: { group: '', version: 'v1', kind: 'Binding' } },
    ephemeralcontainers: {
      verbs: ['get', 'patch', 'update'],
      transfer: transferEphemeralContainers,
      validate: validateAddedContainers,
    },
    eviction: { verbs: ['create'], type: { group: 'policy', version: 'v1', kind: 'Eviction' } },
    exec: { verbs: ['create', 'get'], type: { group: '', version: 'v1', kind: 'PodExecOptions' } },
    log: { verbs: ['get'] },
    portforward: { verbs: ['create', 'get'], type: { group: '', version: 'v1', kind: 'PodPortForwardOptions' } },
    proxy: {
      verbs: ['create', 'delete', 'get', 'patch', 'update'],
      type: { group: '', version: 'v1', kind: 'PodProxyOptions' },
    },
    resize: { verbs: ['get', 'patch', 'update'], transfer: transferResize, validate: validateResize },
  },
  generation: 'spec',
  setDefaults: setPodDefaults,
  prepareForCreate: preparePodForCreate,
  prepareForUpdate: preparePodForUpdate,
  validate: validatePod,
  validateCreate: ({ spec }) => refuseEphemeralContainers(spec),
  validateUpdate: validatePodUpdate,
  validateStatus: validatePodStatus,
  warnings: ({ metadata, spec }) => podWarnings(metadata, spec),
  selectableFields: {
    'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
    'spec.restartPolicy': ({ spec }) => spec.restartPolicy ?? '',
    'spec.schedulerName': ({ spec }) => spec.schedulerName ?? '',
    'spec.serviceAccountName': ({ spec }) => spec.serviceAccountName ?? '',
    'spec.hostNetwork': ({ spec }) => String(spec.hostNetwork ?? false),
    'status.phase': ({ status }) => status?.phase ?? '',
    'status.podIP': ({ status }) => status?.podIP ?? '',
    'status.nominatedNodeName': ({ status }) => status?.nominatedNodeName ?? '',
  },
  indexes: ['spec.nodeName'],
  columns: podColumns,
};

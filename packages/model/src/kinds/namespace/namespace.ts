import type { Namespace } from '../../gen/gantry.core.v1.ts';
import type { Kind } from '../../kind.ts';
import { validateNamespace } from './validation.ts';

/** Every namespace has its name as a label, so that selectors can name it. */
const nameLabel = 'kubernetes.io/metadata.name';
/** Taken off by the namespace controller once the namespace is empty. */
const contentFinalizer = 'kubernetes';

/** core/v1 Namespace. */
export const namespace: Kind<Namespace> = {
  kind: 'Namespace',
  group: '',
  version: 'v1',
  plural: 'namespaces',
  singular: 'namespace',
  shortNames: ['ns'],
  namespaced: false,
  keepsCollections: true,
  message: 'gantry.core.v1.Namespace',
  objectField: 'namespace',
  hasStatus: true,
  subresources: {
    finalize: {
      verbs: ['update'],
      transfer: (object, { spec }) => {
        object.spec = { ...object.spec, finalizers: spec?.finalizers ?? [] };
      },
    },
  },
  setDefaults: ({ metadata }) => {
    if (metadata.name) metadata.labels = { ...metadata.labels, [nameLabel]: metadata.name };
  },
  prepareForCreate: (namespace) => {
    const finalizers = new Set([...(namespace.spec?.finalizers ?? []), contentFinalizer]);
    namespace.spec = { finalizers: [...finalizers] };
    namespace.status = { phase: 'Active' };
  },
  prepareForUpdate: (namespace, stored) => {
    // Its finalizers are changed by the subresource finalize alone.
    namespace.spec = stored.spec;
  },
  validate: validateNamespace,
  selectableFields: {
    'status.phase': ({ status }) => status?.phase ?? '',
  },
  columns: [{ name: 'STATUS', cell: ({ status }) => status?.phase ?? '' }],
};

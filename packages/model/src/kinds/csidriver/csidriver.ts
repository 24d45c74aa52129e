import type { CSIDriver } from '../../gen/gantry.storage.v1.ts';
import { canonicalJson } from '../../hash.ts';
import type { Kind } from '../../kind.ts';
import { notEnforced } from '../../validation/causes.ts';
import { validateCsiDriver, validateCsiDriverUpdate } from './validation.ts';

/** storage.k8s.io/v1 CSIDriver. */
export const csiDriver: Kind<CSIDriver> = {
  kind: 'CSIDriver',
  group: 'storage.k8s.io',
  version: 'v1',
  plural: 'csidrivers',
  singular: 'csidriver',
  shortNames: [],
  namespaced: false,
  message: 'gantry.storage.v1.CSIDriver',
  objectField: 'csiDriver',
  hasStatus: false,
  needsRevision: true,
  setDefaults: ({ spec }) => {
    spec.attachRequired ??= true;
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
    if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent'];
    for (const name of switches) spec[name] ??= false;
  },
  // Changes are counted, and the creation is not one of them.
  prepareForUpdate: (object, stored) => {
    if (canonicalJson(object.spec) === canonicalJson(stored.spec)) return;
    object.metadata.generation = (stored.metadata.generation ?? 0) + 1;
  },
  validate: validateCsiDriver,
  validateUpdate: validateCsiDriverUpdate,
  warnings: () => [notEnforced(csiDriver, 'no volume is made or mounted by the driver')],
  selectableFields: {},
  columns: [
    { name: 'ATTACHREQUIRED', cell: ({ spec }) => String(spec.attachRequired ?? true) },
    { name: 'PODINFOONMOUNT', cell: ({ spec }) => String(spec.podInfoOnMount ?? false) },
    { name: 'STORAGECAPACITY', cell: ({ spec }) => String(spec.storageCapacity ?? false) },
    {
      name: 'TOKENREQUESTS',
      cell: ({ spec }) => spec.tokenRequests?.map(({ audience = '' }) => audience).join(',') ?? '<unset>',
    },
    { name: 'REQUIRESREPUBLISH', cell: ({ spec }) => String(spec.requiresRepublish ?? false) },
    { name: 'MODES', cell: ({ spec }) => spec.volumeLifecycleModes?.join(',') || '<none>' },
  ],
};

/** Abilities that are off by default. */
const switches = [
  'podInfoOnMount',
  'storageCapacity',
  'requiresRepublish',
  'seLinuxMount',
  'preventPodSchedulingIfMissing',
] as const;

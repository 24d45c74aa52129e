import { formatAge } from '../../age.ts';
import type { PriorityClass } from '../../gen/gantry.scheduling.v1.ts';
import type { Kind } from '../../kind.ts';
import { validatePriorityClass, validatePriorityClassUpdate } from './validation.ts';

/** scheduling.k8s.io/v1 PriorityClass. */
export const priorityClass: Kind<PriorityClass> = {
  kind: 'PriorityClass',
  group: 'scheduling.k8s.io',
  version: 'v1',
  plural: 'priorityclasses',
  singular: 'priorityclass',
  shortNames: ['pc'],
  namespaced: false,
  message: 'gantry.scheduling.v1.PriorityClass',
  objectField: 'priorityClass',
  hasStatus: false,
  generation: 'constant',
  setDefaults: (object) => {
    object.preemptionPolicy ??= 'PreemptLowerPriority';
  },
  validate: validatePriorityClass,
  validateUpdate: validatePriorityClassUpdate,
  selectableFields: {},
  listsAllColumns: true,
  columns: [
    { name: 'NAME', cell: ({ metadata }) => metadata.name },
    { name: 'VALUE', cell: ({ value }) => String(value ?? 0) },
    { name: 'GLOBAL-DEFAULT', cell: ({ globalDefault }) => String(globalDefault ?? false) },
    { name: 'AGE', cell: ({ metadata }, nowMs) => formatAge(metadata.creationTimestamp, nowMs) },
    { name: 'PREEMPTIONPOLICY', cell: ({ preemptionPolicy }) => preemptionPolicy ?? '' },
  ],
};

import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Toleration } from '../../gen/gantry.core.v1.ts';
import type { RuntimeClass } from '../../gen/gantry.node.v1.ts';
import type { Kind } from '../../kind.ts';
import { duplicate, immutable, invalidValues, notEnforced } from '../../validation/causes.ts';
import { validateLabels } from '../../validation/labels.ts';
import { dnsLabelProblems } from '../../validation/names.ts';
import { validateResources } from '../pod/containers/resources.ts';
import { validateTolerations } from '../pod/placement.ts';

/** node.k8s.io/v1 RuntimeClass. */
export const runtimeClass: Kind<RuntimeClass> = {
  kind: 'RuntimeClass',
  group: 'node.k8s.io',
  version: 'v1',
  plural: 'runtimeclasses',
  singular: 'runtimeclass',
  shortNames: [],
  namespaced: false,
  message: 'gantry.node.v1.RuntimeClass',
  objectField: 'runtimeClass',
  hasStatus: false,
  needsRevision: true,
  setDefaults: () => {},
  validate: validateRuntimeClass,
  validateUpdate: ({ handler }, { handler: stored }) => (handler === stored ? [] : [immutable('handler', handler)]),
  warnings: () => [notEnforced(runtimeClass, 'pods of the class run as all others do')],
  selectableFields: {},
  columns: [{ name: 'HANDLER', cell: ({ handler }) => handler }],
};

function validateRuntimeClass({ handler, overhead, scheduling = {} }: RuntimeClass): FieldCause[] {
  const { nodeSelector, tolerations = [] } = scheduling;
  return [
    ...invalidValues('handler', handler, dnsLabelProblems(handler)),
    ...(overhead?.podFixed === undefined ? [] : validateResources({ limits: overhead.podFixed }, 'overhead')),
    ...validateLabels(nodeSelector, 'scheduling.nodeSelector'),
    ...validateTolerations(tolerations, 'scheduling.tolerations'),
    ...repeatedTolerations(tolerations),
  ];
}

function repeatedTolerations(tolerations: readonly Toleration[]): FieldCause[] {
  const seen = new Set<string>();
  return tolerations.flatMap((toleration, index) => {
    const { key = '', operator = '', value = '', effect = '' } = toleration;
    const isRepeated = seen.size === seen.add([key, operator, value, effect].join('\0')).size;
    return isRepeated ? [duplicate(`scheduling.tolerations[${index}]`, toleration)] : [];
  });
}

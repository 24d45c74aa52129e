import type { ContainerAdvice, ResourceAdvice } from '../../gen/gantry.advice.v1.ts';
import type { Kind } from '../../kind.ts';

/** gantry.dev/v1 ResourceAdvice: requests that a workload's containers should have. The controllers write it. */
export const resourceAdvice: Kind<ResourceAdvice> = {
  kind: 'ResourceAdvice',
  group: 'gantry.dev',
  version: 'v1',
  plural: 'resourceadvices',
  singular: 'resourceadvice',
  shortNames: ['advice'],
  namespaced: true,
  message: 'gantry.advice.v1.ResourceAdvice',
  objectField: 'resourceAdvice',
  hasStatus: false,
  setDefaults: () => {},
  validate: () => [],
  selectableFields: {},
  columns: [
    { name: 'WORKLOAD', cell: ({ workload }) => `${workload.kind}/${workload.name}` },
    { name: 'PODS', cell: ({ pods = 0 }) => String(pods) },
    { name: 'CPU', cell: (advice) => cells(advice, ({ requests }) => requests?.cpu) },
    { name: 'CPU-ADVICE', cell: (advice) => cells(advice, ({ target }) => target?.cpu) },
    { name: 'MEMORY', cell: (advice) => cells(advice, ({ requests }) => requests?.memory) },
    { name: 'MEMORY-ADVICE', cell: (advice) => cells(advice, ({ target }) => target?.memory) },
  ],
};

/** A figure of each container, in their order. */
function cells({ containers = [] }: ResourceAdvice, read: (advice: ContainerAdvice) => string | undefined): string {
  return containers.map((each) => read(each) ?? '-').join(',') || '-';
}

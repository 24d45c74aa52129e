import type { PriorityClass } from '../../gen/gantry.scheduling.v1.ts';

/** The highest priority of classes that users make. */
export const highestUserPriority = 1_000_000_000;

/** Names that begin so are the system's. */
export const systemPrefix = 'system-';

/** The classes that are there from the start, for what the cluster itself cannot do without. */
export const systemPriorityClasses: readonly PriorityClass[] = [
  systemClass(
    'system-cluster-critical',
    2 * highestUserPriority,
    'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  ),
  systemClass(
    'system-node-critical',
    2 * highestUserPriority + 1000,
    'Used for system critical pods that must not be moved from their current node.',
  ),
];

function systemClass(name: string, value: number, description: string): PriorityClass {
  return {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name },
    value,
    description,
    preemptionPolicy: 'PreemptLowerPriority',
  };
}

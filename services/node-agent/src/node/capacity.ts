import type { NodeAgentConfig } from '../config.ts';
import type { NodeStats } from '../runtime/runtime.ts';

/** Pods that a node takes where nothing else is said: Kubernetes' default. */
export const defaultMaxPods = 110;

/** Amounts by resource name, as quantities. */
export type Resources = Readonly<Record<string, string>>;

/** What pods may have of a node: its capacity, but for what is configured. */
export function allocatableOf(
  {
    maxPods = defaultMaxPods,
    capacity = {},
    allocatable = {},
  }: Pick<NodeAgentConfig, 'maxPods' | 'capacity' | 'allocatable'>,
  machine: NodeStats,
): Resources {
  return { ...capacityOf(machine, maxPods, capacity), ...allocatable };
}

/** Capacity of a node, from its machine; `overrides` (from the configuration) win, and add extended resources. */
export function capacityOf(machine: NodeStats, maxPods: number, overrides: Resources): Resources {
  return {
    cpu: String(machine.cpuCount),
    memory: `${Math.floor(machine.memoryTotalBytes / 1024)}Ki`,
    'ephemeral-storage': `${Math.floor(machine.fsTotalBytes / 1024)}Ki`,
    pods: String(maxPods),
    ...overrides,
  };
}

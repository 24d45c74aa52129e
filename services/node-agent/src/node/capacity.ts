import type { NodeStats } from '../runtime/runtime.ts';

/** Pods that a node takes where nothing else is said: Kubernetes' default. */
export const defaultMaxPods = 110;

/** Amounts by resource name, as quantities. */
export type Resources = Readonly<Record<string, string>>;

/** The part of an agent's configuration that its node's resources go by. */
interface ResourceSettings {
  readonly maxPods?: number | undefined;
  readonly capacity?: Resources | undefined;
  readonly allocatable?: Resources | undefined;
}

/** The amounts that pods may have of a node: its capacity, but for what is configured. */
export function allocatableOf(
  { maxPods = defaultMaxPods, capacity = {}, allocatable = {} }: ResourceSettings,
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

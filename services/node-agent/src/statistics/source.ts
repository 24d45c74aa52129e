import type { ContainerStats, Stats } from '../runtime/runtime.ts';
import type { MemoryDetails } from '../runtime/usage-details.ts';
import type { InterfaceUsage } from './network-usage.ts';

/** Usage of a pod as a whole: its containers, what holds them together, and its network. */
export interface PodUsage {
  readonly uid: string;
  readonly cpuUsageNs: number;
  readonly memoryWorkingSetBytes: number;
  readonly memory: MemoryDetails;
  /** Empty for a pod in the node's own network. */
  readonly interfaces: readonly InterfaceUsage[];
}

/** Counters of a node, its pods and their containers. */
export interface StatsSource extends Pick<Stats, 'node'> {
  containers(signal?: AbortSignal): Promise<readonly ContainerStats[]>;
  /** Not where a driver knows containers alone. */
  pods?(signal?: AbortSignal): Promise<readonly PodUsage[]>;
}

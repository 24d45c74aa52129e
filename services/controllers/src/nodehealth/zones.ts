import type { Node } from '@gantry/model/gen/gantry.core.v1.ts';

/** The pace at which nodes may lose their pods: the settings of kube-controller-manager's node lifecycle controller. */
export interface EvictionSettings {
  /** Nodes a second of one zone, in a zone that is well or wholly gone (--node-eviction-rate). */
  readonly nodeEvictionRate: number;
  /** The same in a large zone that is partly gone (--secondary-node-eviction-rate); in a small one it is 0. */
  readonly secondaryNodeEvictionRate: number;
  /** Share of a zone's nodes that must be not ready, and at least 3, for it to count as partly gone (--unhealthy-zone-threshold). */
  readonly unhealthyZoneThreshold: number;
  /** A zone with more nodes than this is large (--large-cluster-size-threshold). */
  readonly largeClusterSizeThreshold: number;
}

/** Kubernetes' defaults. */
export const defaultEvictionSettings: EvictionSettings = {
  nodeEvictionRate: 0.1,
  secondaryNodeEvictionRate: 0.01,
  unhealthyZoneThreshold: 0.55,
  largeClusterSizeThreshold: 50,
};

/** The state of a zone, in Kubernetes' words. */
export type ZoneState = 'Normal' | 'PartialDisruption' | 'FullDisruption';

/** Below this number of nodes that are not ready a zone with a ready one is always Normal. */
const minUnready = 3;

/** Region and zone of a node by its labels; all nodes without them form one zone. */
export function zoneOf({ metadata: { labels = {} } }: Pick<Node, 'metadata'>): string {
  return `${labels['topology.kubernetes.io/region'] ?? ''}/${labels['topology.kubernetes.io/zone'] ?? ''}`;
}

/** The state of a zone with so many nodes that are ready and that are not. */
export function zoneStateOf(
  ready: number,
  unready: number,
  { unhealthyZoneThreshold }: Pick<EvictionSettings, 'unhealthyZoneThreshold'>,
): ZoneState {
  if (ready === 0 && unready > 0) return 'FullDisruption';
  const isPartial = unready >= minUnready && unready / (ready + unready) >= unhealthyZoneThreshold;
  return isPartial ? 'PartialDisruption' : 'Normal';
}

/** Nodes a second that may lose their pods in a zone of this state and size, where not every zone is wholly gone. */
export function evictionRateOf(state: ZoneState, size: number, settings: EvictionSettings): number {
  if (state !== 'PartialDisruption') return settings.nodeEvictionRate;
  return size > settings.largeClusterSizeThreshold ? settings.secondaryNodeEvictionRate : 0;
}

import type { Node } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { EvictionDeadlines } from './eviction-deadlines.ts';
import { EvictionLimiter } from './eviction-limiter.ts';
import { type HeardNodes, HeartbeatTracker, type SilenceTimes } from './heartbeats.ts';
import { isTainted } from './taints.ts';
import { type EvictionSettings, zoneOf } from './zones.ts';

/**
 * Everything that the node lifecycle controller knows beside the objects: who is heard, and who may be evicted and since when. All times are of the monotonic clock.
 */
export class NodeMonitor {
  readonly heartbeats: HeartbeatTracker;
  readonly limiter: EvictionLimiter;
  readonly deadlines = new EvictionDeadlines();

  constructor(times: SilenceTimes, settings: EvictionSettings) {
    this.heartbeats = new HeartbeatTracker(times);
    this.limiter = new EvictionLimiter(settings, times.recoveryMs);
  }

  /**
   * Takes in the nodes that are known, and which of them are heard.
   * @returns The nodes to be looked at.
   */
  observe(nodes: readonly Node[], heard: HeardNodes, nowMs: number): string[] {
    const known = nodes.map(({ metadata }) => metadata.name);
    const changed = this.heartbeats.observe(known, heard, nowMs);
    const states = nodes.map((node) => {
      const { name } = node.metadata;
      const ready = isReady(node) && !this.heartbeats.isMissing(name);
      return { name, zone: zoneOf(node), isReady: ready, isTainted: isTainted(node), isCounted: !isExcluded(node) };
    });
    // A node that could not be marked because it had changed since the last list is marked by this one.
    const unmarked = nodes.filter((node) => this.heartbeats.isMissing(node.metadata.name) && !isMarkedLost(node));
    const limited = this.limiter.observe(states, nowMs);
    return [...new Set([...changed, ...limited, ...unmarked.map(({ metadata }) => metadata.name)])];
  }
}

/** Label of nodes whose loss says nothing of their zone, such as those that are switched off now and then. */
const excludeLabel = 'node.kubernetes.io/exclude-disruption';

function isExcluded({ metadata }: Node): boolean {
  return metadata.labels?.[excludeLabel] !== undefined;
}

/** True for a node whose status says that nobody knows whether it is ready. */
export function isMarkedLost({ status }: Node): boolean {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'Unknown';
}

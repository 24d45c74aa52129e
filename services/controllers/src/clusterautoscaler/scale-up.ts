import type { PodBatch, SimulateRequest, SimulateResponse } from '@gantry/client/placement-messages.ts';
import { amountsOf } from '@gantry/model/amounts.ts';
import type { Node, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { View } from '../core/action.ts';
import type { GroupBackoff } from './backoff.ts';
import type { Group, Picture } from './picture.ts';
import type { ClusterAutoscalerSettings } from './settings.ts';
import { costsOf, daemonPods, simulated, templateOf } from './templates.ts';

/** Nodes that are added to a group. */
export interface Increase {
  readonly group: Group;
  readonly count: number;
}

/** Groups that may grow, as the simulation takes them. */
export interface Growth {
  /** The same request for all groups at once; for a rule that grows one group, one a group that may grow. */
  readonly requests: readonly SimulateRequest[];
  /** Why groups may not grow, by id, where it is not their size. */
  readonly held: ReadonlyMap<string, string>;
}

/** The question to the simulation: where pending pods and headroom go, with nodes that are coming and that could be added. */
export function growthOf(
  picture: Picture,
  pending: readonly Pod[],
  headroom: readonly PodBatch[],
  view: View,
  settings: ClusterAutoscalerSettings,
  backoff: GroupBackoff,
  nowMs: number,
): Growth {
  const held = new Map<string, string>();
  const known = picture.groups.flatMap((group) => {
    const template = templateOf(group, settings.startupTaints);
    return template === undefined ? [] : [{ group, template }];
  });
  const costs = costsOf(known);
  const mayGrow = pending.length + headroom.length > 0;
  const templates = known.map(({ group, template }, at) => {
    const { id, maxSize } = group.snapshot;
    if (backoff.problem(id, nowMs) !== undefined) held.set(id, 'in backoff after failed scale-up');
    else if (group.size > group.snapshot.targetSize) held.set(id, 'waits for an earlier increase to be confirmed');
    const room = mayGrow && !held.has(id) ? Math.max(0, maxSize - group.size) : 0;
    const most = Math.min(room, settings.maxNodesPerScaleUp);
    return simulated(group, template, daemonPods(template, view), costs[at]!, most);
  });
  const shared = {
    podUids: pending.map(({ metadata }) => metadata.uid!),
    headroom,
    absentNodes: picture.groups.flatMap(({ nodes }) =>
      nodes.filter(({ isComing }) => isComing).map(({ node }) => node.metadata.name),
    ),
    limits: limitsOf(picture, templates, settings),
  };
  if (settings.expander === 'least-cost') return { requests: [{ ...shared, templates }], held };
  const growing = templates.filter(({ most = 0 }) => most > 0);
  const requests = growing.map((one) => {
    return { ...shared, templates: templates.map((each) => (each === one ? each : { ...each, most: 0 })) };
  });
  return { requests: requests.length > 0 ? requests : [{ ...shared, templates }], held };
}

/** Bounds that are left of the cluster's, with the nodes that are coming counted. */
function limitsOf(
  { nodes, groups }: Picture,
  templates: readonly { readonly id: string; readonly node: Node }[],
  settings: ClusterAutoscalerSettings,
): SimulateRequest['limits'] {
  const missing = groups.flatMap(({ snapshot, missing: count }) => {
    const node = templates.find(({ id }) => id === snapshot.id)?.node;
    return node === undefined ? [] : [{ node, count }];
  });
  const all = [...nodes.map((node) => ({ node, count: 1 })), ...missing];
  const sum = (resource: string): number =>
    all.reduce((total, { node, count }) => total + count * (amountsOf(node.status?.allocatable).get(resource) ?? 0), 0);
  const count = all.reduce((total, each) => total + each.count, 0);
  const { maxNodesTotal, maxNodesPerScaleUp, cores, memory } = settings;
  return {
    nodes: Math.min(maxNodesPerScaleUp, maxNodesTotal === 0 ? maxNodesPerScaleUp : Math.max(0, maxNodesTotal - count)),
    cpuMilli: Math.max(0, cores.max * 1_000 - sum('cpu')),
    memoryBytes: Math.max(0, memory.max - sum('memory')),
  };
}

/** Nodes to be added by a simulation, group by group. */
export function increasesIn(picture: Picture, { added = [] }: SimulateResponse): Increase[] {
  const counts = Map.groupBy(added, ({ templateId }) => templateId);
  return picture.groups.flatMap((group): Increase[] => {
    const { id, options, maxSize } = group.snapshot;
    const wanted = counts.get(id)?.length ?? 0;
    if (wanted === 0) return [];
    const room = maxSize - group.size;
    return [{ group, count: Math.min(room, options.zeroOrMaxNodeScaling ? room : wanted) }];
  });
}

/** Nodes that groups lack of their least size. */
export function minSizeIncreases({ groups }: Picture): Increase[] {
  return groups.flatMap((group) => {
    const count = group.snapshot.minSize - group.size;
    return count > 0 && group.size === group.snapshot.targetSize ? [{ group, count }] : [];
  });
}

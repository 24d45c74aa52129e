import type { PluginRefusal, RefusingNodes } from '@gantry/client/placement-messages.ts';
import { resourceFilter } from '../plugins.ts';
import { judgesOf, type Refusal } from '../solve/diagnosis.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { NodeTable } from '../state/node-table.ts';
import type { PodClass } from '../state/pod-class.ts';
import { amountInWords } from './amounts.ts';
import { remediesFor } from './words.ts';

/** Reasons against the nodes of a cluster. */
export interface Refusals {
  /** Nodes with the same refusals together, most first. */
  readonly groups: readonly RefusingNodes[];
  /** Nodes by the reasons of the first plugin that refuses them, as events count them. */
  readonly counts: ReadonlyMap<string, number>;
  /** Nodes on which evicting pods might help with all that stands against them. */
  readonly preemptable: number;
  readonly refused: ReadonlySet<number>;
}

interface Group {
  readonly refusals: readonly Refusal[];
  readonly nodes: number[];
}

/** Judges all nodes by all plugins: not only the first that refuses a node is told, but all. */
export function refusalsOf(podClass: PodClass, cluster: ClusterState): Refusals {
  const judges = judgesOf(podClass, cluster);
  const groups = new Map<string, Group>();
  const counts = new Map<string, number>();
  const refused = new Set<number>();
  let preemptable = 0;
  for (const node of cluster.nodes.indexes()) {
    const refusals = judges.map((judge) => judge(node)).filter((refusal) => refusal !== undefined);
    if (refusals.length === 0) continue;
    refused.add(node);
    if (refusals[0]!.helpedByPreemption) preemptable++;
    for (const reason of refusals[0]!.reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    const key = JSON.stringify(refusals.map(({ filter, reasons }) => [filter.name, ...reasons]));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { refusals, nodes: [node] });
    else group.nodes.push(node);
  }
  const sorted = [...groups.values()].sort((left, right) => right.nodes.length - left.nodes.length);
  return { groups: sorted.map((group) => refusingNodes(group, podClass, cluster.nodes)), counts, preemptable, refused };
}

function refusingNodes({ refusals, nodes: members }: Group, podClass: PodClass, nodes: NodeTable): RefusingNodes {
  return {
    nodes: members.map((node) => nodes.names[node]!),
    refusals: refusals.map((refusal) => pluginRefusal(refusal, members, podClass, nodes)),
  };
}

function pluginRefusal(
  { filter, reasons, helpedByPreemption }: Refusal,
  members: readonly number[],
  podClass: PodClass,
  nodes: NodeTable,
): PluginRefusal {
  return {
    plugin: filter.name,
    reasons,
    details: filter.name === resourceFilter.name ? shortages(podClass, members, nodes) : [],
    unblockedBy: remediesFor(filter.unblockedBy),
    helpedByPreemption,
  };
}

/** How far the best of some nodes is from having room, resource by resource. */
function shortages(podClass: PodClass, members: readonly number[], nodes: NodeTable): string[] {
  const { dimensions, amounts, unknownResources, requirement } = podClass;
  const unknown = unknownResources.map((resource) => {
    return `${resource}: ${amountInWords(resource, requirement.requests.get(resource) ?? 0)} requested, no node has any`;
  });
  const known = Array.from(dimensions).flatMap((dimension, index) => {
    const resource = nodes.dimensions[dimension]!;
    const requested = amounts[index]!;
    const freeOn = (node: number): number => nodes.allocatable[dimension]![node]! - nodes.requested[dimension]![node]!;
    const most = members.reduce((best, node) => Math.max(best, freeOn(node)), Number.NEGATIVE_INFINITY);
    if (requested <= most) return [];
    const free = amountInWords(resource, Math.max(0, most));
    const largest = members.reduce((best, node) => Math.max(best, nodes.allocatable[dimension]![node]!), 0);
    const beyond = requested > largest ? `, and no more than ${amountInWords(resource, largest)} on an empty one` : '';
    return [`${resource}: ${amountInWords(resource, requested)} requested, at most ${free} free on one node${beyond}`];
  });
  return [...unknown, ...known];
}

import type { NodeTemplate } from '@gantry/client/placement-messages.ts';
import { amountsOf } from '@gantry/model/amounts.ts';
import type { DaemonSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Node, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { View } from '../core/action.ts';
import { eligibilityOf } from '../daemonset/eligibility.ts';
import { withDaemonTolerations } from '../daemonset/template.ts';
import type { Group } from './picture.ts';
import { lastingTaints } from './taints.ts';

const hostnameLabel = 'kubernetes.io/hostname';

/**
 * The template of a group's nodes: the provider's, or a node that there is. Undefined where neither is there: nobody knows what
 * such a node would be like.
 */
export function templateOf(group: Group, startupTaints: readonly string[]): Node | undefined {
  const example = group.nodes.find(({ isUsable }) => isUsable) ?? group.nodes[0];
  const node = group.snapshot.template ?? example?.node;
  if (node === undefined) return undefined;
  const { [hostnameLabel]: _hostname, ...labels } = node.metadata.labels ?? {};
  const { allocatable, capacity } = node.status ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'template', labels },
    spec: { taints: lastingTaints(node.spec?.taints ?? [], startupTaints) },
    status: { allocatable: allocatable ?? capacity ?? {} },
  };
}

/** Pods that DaemonSets will run on nodes of a template. */
export function daemonPods(template: Node, view: View): Pod[] {
  return [...view.list('DaemonSet')]
    .filter((set) => runsOn(set, template))
    .map((set): Pod => {
      const { metadata, spec } = set.spec.template!;
      const { affinity: _affinity, ...rest } = withDaemonTolerations(spec!);
      return {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: set.metadata.name, namespace: set.metadata.namespace!, labels: metadata?.labels ?? {} },
        spec: rest,
      };
    });
}

function runsOn(set: DaemonSet, template: Node): boolean {
  return set.metadata.deletionTimestamp === undefined && eligibilityOf(set)(template) === 'runs';
}

/** Prices of a node of each group for an hour. Where not all are known they are those of size: a core, 4 GiB, a thirtieth of a device. */
export function costsOf(groups: readonly { readonly group: Group; readonly template: Node }[]): number[] {
  const prices = groups.map(({ group }) => group.snapshot.price);
  if (prices.every((price) => price !== undefined && price > 0)) return prices as number[];
  return groups.map(({ template }) => sizeOf(template));
}

function sizeOf({ status }: Node): number {
  let size = 0;
  for (const [resource, amount] of amountsOf(status?.allocatable)) {
    if (resource === 'cpu') size += amount / 1_000;
    else if (resource === 'memory') size += amount / (4 * 2 ** 30);
    else if (resource.includes('/')) size += 30 * amount;
  }
  return size || 1;
}

/** A group as the scheduler's simulation takes it. */
export function simulated(
  { snapshot, coming, size }: Group,
  node: Node,
  pods: readonly Pod[],
  cost: number,
  most: number,
): NodeTemplate {
  return { id: snapshot.id, node, pods, coming, most, cost, groupSize: size };
}

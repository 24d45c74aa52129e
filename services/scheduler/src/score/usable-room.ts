import type { Amounts } from '@gantry/model/amounts.ts';
import type { Score } from '../plugin.ts';
import type { NodeTable } from '../state/node-table.ts';

/** Requests of a kind of pods, in dimensions that nodes have. */
interface Demand {
  readonly dimensions: readonly number[];
  readonly amounts: readonly number[];
}

/**
 * Prefers nodes where the pod takes least of the room that others could use: for each kind of pods that come (see
 * TypicalRequests) it counts how many fit before and after. Room that no kind can use, as another resource of the node is
 * used up or too little is left, costs nothing, and is filled first. A place for a large pod counts for more than its
 * share of the node, with the power of 1.5: it does not come back as soon as places for small ones.
 */
export const usableRoom: Score = usableRoomBy((share) => share * Math.sqrt(share));

/**
 * The score under another measure of what a place is worth, for an ablation.
 * @param worth Of a place that takes a share of its node, 0 to 1; at most the share itself.
 */
export function usableRoomBy(worth: (share: number) => number): Score {
  return {
    name: 'UsableRoom',
    weightOf: (weights) => weights.usableRoom,
    prepare({ requests }, { nodes, typical }) {
      const { list } = typical;
      const demands = list.map((kind) => demandOf(kind, nodes)).filter((demand) => demand !== undefined);
      const own = demandOf(requests, nodes);
      if (demands.length === 0 || own === undefined) return undefined;
      const asked = new Float64Array(nodes.dimensions.length);
      for (const [index, dimension] of own.dimensions.entries()) asked[dimension] = own.amounts[index]!;
      return (node) => 100 * (1 - lostRoom(node, nodes, demands, asked, worth) / list.length);
    },
  };
}

/** Undefined where no node has what is asked for. */
function demandOf(requests: Amounts, nodes: NodeTable): Demand | undefined {
  const dimensions = [...requests.keys()].map((name) => nodes.dimensionOf(name));
  if (!dimensions.every((dimension) => dimension !== undefined)) return undefined;
  return { dimensions, amounts: [...requests.values()] };
}

/** Loss of all kinds together on a node: at most 1 each. */
function lostRoom(
  node: number,
  nodes: NodeTable,
  demands: readonly Demand[],
  asked: Float64Array,
  worth: (share: number) => number,
): number {
  const { allocatable, requested } = nodes;
  let lost = 0;
  for (let kind = 0; kind < demands.length; kind++) {
    const { dimensions, amounts } = demands[kind]!;
    let before = Number.POSITIVE_INFINITY;
    let after = Number.POSITIVE_INFINITY;
    let share = 0;
    for (let index = 0; index < dimensions.length; index++) {
      const dimension = dimensions[index]!;
      const amount = amounts[index]!;
      const available = allocatable[dimension]![node]!;
      const free = available - requested[dimension]![node]!;
      before = Math.min(before, Math.floor(free / amount));
      after = Math.min(after, Math.floor((free - asked[dimension]!) / amount));
      share = Math.max(share, amount / available);
    }
    if (before > after) lost += (before - after) * worth(share);
  }
  return lost;
}

import type {
  NodeTemplate,
  SimulatedPlacement,
  SimulateRequest,
  SimulateResponse,
} from '@gantry/client/placement-messages.ts';
import { amountOf } from '@gantry/model/amounts.ts';
import type { Node, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { SchedulingSide } from '../core/consult.ts';
import { hasEnded, isActive } from '../core/pods.ts';
import type { Simulation } from './simulation.ts';

/** Thousandths of a core that each pod asks for. */
export const podMilli = 1_000;

/** Room that is left on a node for pods of one core, by the truth. */
export function roomOn(node: Node, pods: readonly Pod[]): number {
  const own = pods.filter((pod) => pod.spec.nodeName === node.metadata.name && !hasEnded(pod)).length;
  return Math.floor(amountOf('cpu', node.status?.allocatable?.cpu ?? '0') / podMilli) - own;
}

/** The scheduler's simulation and evictions, by the truth; now and then nobody answers. */
export function playedScheduling(simulation: Simulation): SchedulingSide {
  const { random, clock, players, store } = simulation;
  const fail = async (signal: AbortSignal): Promise<void> => {
    if (!players.failing) return;
    await clock.sleep(random.int(1, 500), signal);
    if (random.chance(0.03)) throw new GantryError('ServiceUnavailable', 'no scheduler leads');
  };
  return {
    simulate: async (request, signal) => {
      await fail(signal);
      return simulated(simulation, request);
    },
    evict: async ({ namespace, name, uid }, signal) => {
      await fail(signal);
      if (players.failing && random.chance(0.1)) throw new GantryError('TooManyRequests', 'a budget forbids it');
      store.delete('Pod', { namespace, name }, uid === undefined ? {} : { uid }, 'evictor');
    },
  };
}

function simulated(simulation: Simulation, request: SimulateRequest): SimulateResponse {
  const { podUids = [], headroom = [], templates = [], absentNodes = [], emptied = [] } = request;
  const pods = simulation.all('Pod');
  const waiting = pods.filter((pod) => podUids.includes(pod.metadata.uid!) && !pod.spec.nodeName && isActive(pod));
  const room = new Map<string, number>();
  for (const node of simulation.all('Node')) {
    const taints = (node.spec?.taints ?? []).filter(({ effect }) => effect !== 'PreferNoSchedule');
    if (!isReady(node) || taints.length > 0 || absentNodes.includes(node.metadata.name)) continue;
    room.set(node.metadata.name, Math.max(0, roomOn(node, pods)));
  }
  for (const template of templates) {
    for (let count = 0; count < (template.coming ?? 0); count++) room.set(`${template.id}/${count}`, sizeOf(template));
  }
  const spare = headroom.flatMap(({ id, count }) => Array.from({ length: count }, () => id));
  const placements: SimulatedPlacement[] = [];
  const left = [...waiting.map(({ metadata }) => metadata.uid!), ...spare].filter((id) => {
    const nodeName = take(room);
    if (nodeName !== undefined) placements.push({ id, nodeName, count: 1 });
    return nodeName === undefined;
  });
  const added: { templateId: string; podUids: string[] }[] = [];
  const most = new Map(templates.map((template) => [template, template.most ?? 0]));
  while (left.length > 0) {
    const open = templates.filter((template) => most.get(template)! > 0);
    const best = open.toSorted((a, b) => worth(b, left.length) - worth(a, left.length))[0];
    if (best === undefined) break;
    most.set(best, most.get(best)! - 1);
    added.push({ templateId: best.id, podUids: left.splice(0, sizeOf(best)).filter((id) => !spare.includes(id)) });
  }
  const outcomes = emptied.map(({ nodeName, podUids: moving = [] }) => {
    const own = room.get(nodeName);
    room.delete(nodeName);
    const total = [...room.values()].reduce((sum, count) => sum + count, 0);
    const promised = own === undefined ? 0 : roomOn(nodeNamed(simulation, nodeName), pods) - own;
    // One that is marked takes no pods; those on it move all the same.
    const fits =
      simulation.all('Node').some(({ metadata }) => metadata.name === nodeName) && total >= moving.length + promised;
    if (fits) for (let at = 0; at < moving.length + promised; at++) take(room);
    else if (own !== undefined) room.set(nodeName, own);
    return fits ? { nodeName, fits } : { nodeName, fits, problem: 'no room' };
  });
  const unplaced =
    left.length > 0 ? [{ ids: left, refusals: [{ templateId: '', reason: 'max node group size reached' }] }] : [];
  return { placements, added, unplaced, emptied: outcomes };
}

function nodeNamed(simulation: Simulation, name: string): Node {
  return simulation.store.get('Node', { name });
}

/** Takes room for one pod; returns the node, undefined where there is none. */
function take(room: Map<string, number>): string | undefined {
  for (const [name, count] of room) {
    if (count <= 0) continue;
    room.set(name, count - 1);
    return name;
  }
  return undefined;
}

function sizeOf({ node }: NodeTemplate): number {
  return Math.floor(amountOf('cpu', node.status?.allocatable?.cpu ?? '0') / podMilli);
}

function worth(template: NodeTemplate, pods: number): number {
  return Math.min(pods, sizeOf(template)) / (template.cost ?? 1);
}

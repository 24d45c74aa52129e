import type { Node } from '@gantry/model/gen/gantry.core.v1.ts';
import { outOfServiceKey } from '@gantry/model/taints.ts';
import { aNode, aReplicaSet } from './objects.ts';
import { nodes, type Scenario } from './scenario.ts';
import type { Simulation } from './simulation.ts';
import { users } from './users.ts';
import { Violation } from './violation.ts';

const names = ['n1', 'n2', 'n3'];
/** Milliseconds from the moment at which a node is in service again until it runs. */
const powerUpMs = 5_000;

/** Nodes that are cut off, go, come back, and are declared out of service while they are off. */
export const nodeHealth: Scenario = {
  name: 'node-lifecycle-controller',
  setUp: (simulation) => {
    nodes(simulation);
    simulation.create(aReplicaSet(6));
    offUntilMs.set(simulation, new Map());
  },
  act: (simulation) => {
    const { random, players, store, clock } = simulation;
    const name = random.pick(names)!;
    const node = store.find('Node', undefined, name);
    const off = offUntilMs.get(simulation)!;
    if ((off.get(name) ?? 0) <= clock.monotonic() && random.chance(0.01)) players.cutOff(name, random.chance(0.5));
    if (random.chance(0.005)) users.remove(simulation, node);
    if (node === undefined) {
      if (random.chance(0.05) && (off.get(name) ?? 0) <= clock.monotonic()) simulation.create(aNode(name));
    } else if (isOut(node)) {
      if (random.chance(0.02)) {
        declare(simulation, node, false);
        off.set(name, clock.monotonic() + powerUpMs);
      }
    } else if (!players.isLive(name) && random.chance(0.02)) {
      // Whoever declares this knows that it does not come back by itself.
      off.set(name, Number.POSITIVE_INFINITY);
      declare(simulation, node, true);
    }
  },
  check: (simulation) => {
    const lost = simulation.all('Pod').filter(({ spec }) => {
      return spec.nodeName && simulation.store.find('Node', undefined, spec.nodeName) === undefined;
    });
    return lost.map(({ metadata, spec }) => `pod ${metadata.name} outlives its node ${spec.nodeName}`);
  },
};

/** Times until which nodes stay off, by the monotonic clock. */
const offUntilMs = new WeakMap<Simulation, Map<string, number>>();

function isOut({ spec }: Node): boolean {
  return spec?.taints?.some(({ key }) => key === outOfServiceKey) ?? false;
}

function declare({ store }: Simulation, node: Node, isOutOfService: boolean): void {
  const taint = { key: outOfServiceKey, value: 'nodeshutdown', effect: 'NoExecute' };
  const change = (draft: Node): void => {
    const others = (draft.spec?.taints ?? []).filter(({ key }) => key !== outOfServiceKey);
    draft.spec = { ...draft.spec, taints: isOutOfService ? [...others, taint] : others };
  };
  store.edit(node, change, 'user');
}

/** Most nodes are cut off, at once or one after the other, and come back: nobody loses pods by it. */
export const cuts: Scenario = {
  name: 'cut networks',
  setUp: (simulation) => {
    for (let index = 0; index < 10; index++) simulation.create(aNode(`n${index}`));
    simulation.players.failing = false;
    simulation.create(aReplicaSet(10));
    simulation.store.onDeletion((object, _options, by) => {
      const cut = simulation.all('Node').filter(({ metadata }) => !simulation.players.isLive(metadata.name)).length;
      if (object.kind === 'Pod' && by === 'node-lifecycle-controller' && cut >= mostCut) {
        throw new Violation(`${by} evicts pod ${object.metadata.name} while ${cut} of 10 nodes are cut off`);
      }
    });
  },
  act: (simulation) => {
    const { random, players } = simulation;
    if (random.chance(0.02)) {
      const isCut = random.chance(0.6);
      for (let index = 0; index < 10; index++) players.cutOff(`n${index}`, isCut && index < mostCut);
    }
  },
  check: (simulation) => {
    const pods = simulation.all('Pod').filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    return pods.length === 10 ? [] : [`${pods.length} of 10 pods are left`];
  },
};

/** Nodes that a cut hides: more than the share of a zone by which it counts as disrupted. */
const mostCut = 8;

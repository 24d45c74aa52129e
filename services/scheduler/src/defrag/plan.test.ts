import { describe, expect, test } from 'vitest';
import { World } from '../testing/world.ts';
import { describePlan } from './describe.ts';
import { type DefragLimits, planDefrag } from './plan.ts';

const limits: DefragLimits = { maxMoves: 20, minGain: 0.1 };

function planOf(world: World, given: Partial<DefragLimits> = {}): ReturnType<typeof describePlan> {
  const { cluster, budgets } = world.scheduler;
  return describePlan(planDefrag(cluster, budgets.account(), { ...limits, ...given }), cluster);
}

/** A replica on a node. */
function replica(world: World, name: string, nodeName: string, fields: Parameters<World['pod']>[1] = {}): void {
  world.pod(name, { nodeName, owner: 'ReplicaSet', requests: { cpu: '1' }, ...fields });
}

/** Three nodes with room for four replicas: one full but for one, one with two, one with one. */
function fragmented(fields: Parameters<World['pod']>[1] = {}): World {
  const world = new World();
  for (const name of ['a', 'b', 'c']) world.node(name, { cpu: '4' });
  for (const name of ['a1', 'a2', 'a3']) replica(world, name, 'a');
  for (const name of ['b1', 'b2']) replica(world, name, 'b');
  replica(world, 'c1', 'c', fields);
  return world;
}

function keptOf(world: World, node: string, given: Partial<DefragLimits> = {}): string | undefined {
  return planOf(world, given).kept.find(({ nodes }) => nodes.includes(node))?.reason;
}

describe('nodes that become free', () => {
  test('the node with the fewest pods, which go to the fullest that take them', () => {
    const { freed } = planOf(fragmented());
    const move = { namespace: 'default', name: 'c1', fromNode: 'c', toNode: 'a' };
    expect(freed).toEqual([{ nodeName: 'c', moves: [move] }]);
  });

  test('several, as long as others have room for their pods', () => {
    const world = fragmented();
    world.node('d', { cpu: '8' });
    for (const name of ['d1', 'd2', 'd3', 'd4', 'd5']) replica(world, name, 'd');
    expect(planOf(world).freed.map(({ nodeName }) => nodeName)).toEqual(['c', 'b']);
  });

  test('pods that every node has stay, and keep no node from being free', () => {
    const world = fragmented();
    world.pod('agent', { nodeName: 'c', owner: 'DaemonSet' });
    expect(planOf(world).freed.map(({ nodeName }) => nodeName)).toEqual(['c']);
    world.scheduler.removePod('c1');
    expect(keptOf(world, 'c')).toBe('are free already');
  });

  test('a budget that lets one pod go lets one node go', () => {
    const world = new World();
    for (const name of ['a', 'b', 'c']) world.node(name, { cpu: '4' });
    for (const name of ['a1', 'a2']) replica(world, name, 'a');
    replica(world, 'b1', 'b', { labels: { app: 'web' } });
    replica(world, 'c1', 'c', { labels: { app: 'web' } });
    const selector = {
      key: 'web',
      namespaces: new Set(['default']),
      namespaceLabels: undefined,
      labels: [{ key: 'app', operator: 'In' as const, values: ['web'] }],
    };
    world.scheduler.setBudget('default/web', { selector, allowed: 1 });
    const { freed, kept } = planOf(world);
    expect(freed.map(({ nodeName }) => nodeName)).toEqual(['b']);
    expect(kept).toContainEqual({ reason: 'have pods that a disruption budget does not let go now', nodes: ['c'] });
  });
});

describe('nodes that stay', () => {
  test.each([
    ['a pod that nobody makes anew', { owner: '' }, 'have pods that no controller would make anew'],
    [
      'data on the node',
      { volumes: [{ name: 'v', emptyDir: {} }] },
      'have pods with data on the node (emptyDir or hostPath)',
    ],
    [
      'an owner who forbids it',
      { annotations: { 'gantry.dev/safe-to-evict': 'false' } },
      'have pods that must not be evicted (safe-to-evict is "false")',
    ],
    ['a system pod', { priority: 2_000_000_000 }, 'have pods that nodes or the cluster cannot do without'],
    [
      'a node selector',
      { nodeSelector: { 'kubernetes.io/hostname': 'c' } },
      'have pods that fit on no other node in use',
    ],
    ['a pod too large', { requests: { cpu: '3' } }, 'have pods that fit on no other node in use'],
  ])('%s', (_, fields, reason) => {
    expect(keptOf(fragmented(fields), 'c')).toBe(reason);
  });

  test('cordoned ones, and those with pods on their way', () => {
    const world = fragmented();
    world.node('c', { cpu: '4', unschedulable: true });
    expect(keptOf(world, 'c')).toBe('are cordoned');
    world.pod('new', { requests: { cpu: '2' }, nodeSelector: { 'kubernetes.io/hostname': 'b' } });
    world.cycle();
    expect(keptOf(world, 'b')).toBe('have pods that are coming or going');
  });

  test('those that take pods, and those whose pods may not all move', () => {
    const world = fragmented();
    expect(keptOf(world, 'a')).toBe('take pods from the nodes that become free');
    expect(keptOf(world, 'a', { minGain: 0.5 })).toBe('take pods from the nodes that become free');
    expect(keptOf(world, 'c', { maxMoves: 0 })).toBe('have more pods than may move now, or than a free node is worth');
    replica(world, 'c2', 'c', { requests: { cpu: '100m' } });
    expect(keptOf(world, 'c', { minGain: 1 })).toBe('have more pods than may move now, or than a free node is worth');
  });

  test('all, where each pod already fills what it is on', () => {
    const world = new World();
    for (const name of ['a', 'b']) {
      world.node(name, { cpu: '1' });
      replica(world, `on-${name}`, name);
    }
    world.node('empty', { cpu: '4' });
    expect(planOf(world)).toEqual({
      freed: [],
      kept: [
        { reason: 'have pods that fit on no other node in use', nodes: ['a', 'b'] },
        { reason: 'are free already', nodes: ['empty'] },
      ],
    });
  });
});

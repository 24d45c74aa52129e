import { describe, expect, test } from 'vitest';
import { World } from '../testing/world.ts';
import { amountInWords } from './amounts.ts';
import { explainPod } from './explain.ts';

function explain(world: World, name: string, schedulerName = ''): ReturnType<typeof explainPod> {
  return explainPod(world.scheduler, { namespace: 'default', name, uid: name, schedulerName });
}

describe('nodes that do not take a pod', () => {
  test('all that stands against a node is told, with figures and what might help', () => {
    const world = new World();
    world.node('a', { cpu: '1', taints: [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }] });
    world.node('b', { cpu: '1', memory: '1Gi' });
    world.node('c', { cpu: '1', memory: '1Gi' });
    world.pod('holder', { nodeName: 'b', requests: { cpu: '300m' } });
    world.pod('p', { requests: { cpu: '1500m', memory: '512Mi' } });
    world.cycle();
    const { message, fitting, refusing, bestNode, nodeCount, fittingCount } = explain(world, 'p');
    expect(message).toBe(
      '0/3 nodes are available: 1 node(s) had untolerated taint {dedicated: db}, 2 Insufficient cpu.',
    );
    expect({ fitting, bestNode, nodeCount, fittingCount }).toEqual({
      fitting: [],
      bestNode: '',
      nodeCount: 3,
      fittingCount: 0,
    });
    const resources = {
      plugin: 'NodeResourcesFit',
      reasons: ['Insufficient cpu'],
      details: ['cpu: 1500m requested, at most 1 free on one node, and no more than 1 on an empty one'],
      unblockedBy: ['a new node', 'more capacity on the nodes', 'pods that leave the nodes'],
      helpedByPreemption: false,
    };
    expect(refusing).toEqual([
      { nodes: ['b', 'c'], refusals: [resources] },
      {
        nodes: ['a'],
        refusals: [
          {
            plugin: 'TaintToleration',
            reasons: ['node(s) had untolerated taint {dedicated: db}'],
            details: [],
            unblockedBy: ['a new node', 'uncordoned nodes, or other taints on them'],
            helpedByPreemption: false,
          },
          resources,
        ],
      },
    ]);
  });

  test('a resource that no node has is said to be missing everywhere', () => {
    const world = new World();
    world.node('a');
    world.pod('p', { requests: { 'example.com/foo': '2' } });
    const [group] = explain(world, 'p').refusing;
    expect(group!.refusals[0]!.details).toEqual(['example.com/foo: 2 requested, no node has any']);
  });
});

describe('nodes that take a pod', () => {
  test('equal nodes are together, best first, with the score of each plugin', () => {
    const world = new World();
    for (const name of ['a', 'b']) world.node(name, { cpu: '4', memory: '4Gi' });
    world.node('full', { cpu: '4', memory: '4Gi' });
    world.pod('holder', { nodeName: 'full', requests: { cpu: '2', memory: '2Gi' } });
    world.pod('p', { requests: { cpu: '1', memory: '1Gi' }, schedulerName: 'binpack' });
    const { profile, fitting, bestNode, message } = explain(world, 'p', 'binpack');
    expect([profile, bestNode, message]).toEqual(['binpack', 'full', '3/3 nodes are available.']);
    expect(fitting).toEqual([
      {
        nodes: ['full'],
        score: expect.closeTo(20 * 76.05 + 0.1 * 75, 0),
        scores: [
          { plugin: 'NodeResourcesFit (MostAllocated)', score: 75, weight: 0.1 },
          { plugin: 'UsableRoom', score: expect.closeTo(76.05, 1), weight: 20 },
        ],
      },
      // As much room for others is lost there; the fuller node goes first.
      expect.objectContaining({ nodes: ['a', 'b'], score: expect.closeTo(20 * 76.05 + 0.1 * 25, 0) }),
    ]);
  });

  test('a pod that has a node is judged as if it were not there, and stays', () => {
    const world = new World();
    world.node('a', { cpu: '1' });
    world.pod('p', { nodeName: 'a', requests: { cpu: '1' } });
    expect(explain(world, 'p')).toMatchObject({ nodeName: 'a', queue: null, fittingCount: 1, bestNode: 'a' });
    world.pod('q', { requests: { cpu: '1' } });
    expect(world.messages()).toEqual(['0/1 nodes are available: 1 Insufficient cpu.']);
  });

  test('a pod whose node is gone is judged on the others', () => {
    const world = new World();
    world.node('b');
    world.pod('p', { nodeName: 'gone', requests: { cpu: '1' } });
    expect(explain(world, 'p')).toMatchObject({ nodeName: 'gone', nodeCount: 1, bestNode: 'b' });
    world.scheduler.removePod('p');
    world.node('c');
    expect(world.scheduler.cluster.nodes.count).toBe(2);
  });
});

describe('pods that wait', () => {
  test('for their turn, behind those of higher priority and those that came before', () => {
    const world = new World();
    world.node('a');
    for (const name of ['first', 'p', 'later']) world.pod(name);
    world.pod('urgent', { priority: 5 });
    expect(explain(world, 'p').queue).toMatchObject({ place: 'active', ahead: 2, attempts: 0 });
    expect(explain(world, 'urgent')).toMatchObject({ priority: 5, owned: true, queue: { ahead: 0 } });
  });

  test('for a change that helps, and then for the end of their wait', () => {
    const world = new World();
    world.node('a', { cpu: '1' });
    world.pod('p', { requests: { cpu: '2' } });
    world.cycle();
    expect(explain(world, 'p').queue).toMatchObject({
      place: 'parked',
      attempts: 1,
      said: expect.stringMatching(/^0\/1 nodes are available: 1 Insufficient cpu\. preemption: /),
      sweepAtMs: world.nowMs + 300_000,
      wakesOn: [
        'a new node',
        'more capacity on the nodes',
        'pods that leave the nodes',
        'disruption budgets that allow more evictions',
      ],
    });
    world.node('b', { cpu: '2' });
    world.pod('holder', { nodeName: 'b', requests: { cpu: '1' } });
    world.scheduler.removePod('holder');
    expect(world.scheduler.hasWork(world.nowMs)).toBe(false);
    expect(explain(world, 'p')).toMatchObject({
      bestNode: 'b',
      queue: { place: 'backoff', readyAtMs: world.nowMs + 1_000 },
    });
  });

  test('for their gates', () => {
    const world = new World();
    world.node('a');
    world.pod('p', { schedulingGates: [{ name: 'example.com/quota' }] });
    expect(explain(world, 'p').queue).toMatchObject({ place: 'gated', gates: ['example.com/quota'] });
  });

  test('for pods that were evicted for them', () => {
    const world = new World();
    world.node('a', { cpu: '2' });
    world.pod('low', { nodeName: 'a', requests: { cpu: '2' } });
    world.pod('high', { requests: { cpu: '2' }, priority: 10 });
    expect(explain(world, 'high').preemption).toEqual({ nodeName: 'a', victims: ['default/low'], message: '' });
    world.cycle();
    expect(explain(world, 'high')).toMatchObject({
      nodeName: '',
      queue: { nominatedNodeName: 'a', waitsForPods: ['default/low'] },
    });
    world.scheduler.removePod('low');
    expect(world.placements()).toEqual({ high: 'a' });
  });

  test('in vain where nobody may be evicted', () => {
    const world = new World();
    world.node('a', { cpu: '1' });
    world.pod('p', { requests: { cpu: '2' }, preemptionPolicy: 'Never', priority: 1 });
    expect(explain(world, 'p').preemption).toEqual({
      nodeName: '',
      victims: [],
      message: 'preemption: not eligible due to preemptionPolicy=Never.',
    });
  });
});

describe('pods that cannot be explained', () => {
  test('those of another scheduler, and those not heard of', () => {
    const world = new World();
    world.node('a');
    expect(() => explain(world, 'p', 'other')).toThrow('pod "p" is left to the scheduler "other"');
    expect(() => explain(world, 'p')).toThrow('pod "p" is not known to the scheduler');
  });
});

test.each([
  ['cpu', 2_000, '2'],
  ['cpu', 1_500, '1500m'],
  ['memory', 3 * 2 ** 30, '3Gi'],
  ['memory', 1.5 * 2 ** 20, '1.5Mi'],
  ['memory', 100, '100'],
  ['pods', 1_024, '1024'],
])('%s %d is %s', (resource, amount, words) => {
  expect(amountInWords(resource, amount)).toBe(words);
});

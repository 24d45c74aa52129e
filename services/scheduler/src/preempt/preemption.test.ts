import { describe, expect, test } from 'vitest';
import { World } from '../testing/world.ts';

const low = { requests: { cpu: '1' }, priority: 1 };
const high = { requests: { cpu: '1' }, priority: 100 };

/** A cycle's decisions by pod name. */
function decide(world: World): { placed: string[]; evicted: string[]; nominated: Record<string, string> } {
  const { placements, evictions, waiting } = world.cycle();
  return {
    placed: placements.map(({ entry, nodeName }) => `${entry.pod.name} ${nodeName}`),
    evicted: evictions.map(({ victim }) => victim.name).sort(),
    nominated: Object.fromEntries(
      waiting
        .filter(({ nominatedNodeName }) => nominatedNodeName)
        .map(({ entry, nominatedNodeName }) => [entry.pod.name, nominatedNodeName]),
    ),
  };
}

describe('victims', () => {
  test('are the lowest, and as few as will do', () => {
    const world = new World();
    world.node('a', { cpu: '2' });
    world.node('b', { cpu: '2' });
    world.pod('a1', { ...low, priority: 5, nodeName: 'a' });
    world.pod('a2', { ...low, priority: 2, nodeName: 'a' });
    world.pod('b1', { ...low, priority: 5, nodeName: 'b' });
    world.pod('b2', { ...low, priority: 3, nodeName: 'b' });
    world.pod('p', high);
    expect(decide(world)).toEqual({ placed: [], evicted: ['a2'], nominated: { p: 'a' } });
  });

  test('the younger of equals goes', () => {
    const world = new World();
    world.node('a', { cpu: '1' });
    world.node('b', { cpu: '1' });
    world.pod('old', { ...low, nodeName: 'a', startTime: '2026-01-01T00:00:00Z' });
    world.pod('young', { ...low, nodeName: 'b', startTime: '2026-02-01T00:00:00Z' });
    world.pod('p', high);
    expect(decide(world).evicted).toEqual(['young']);
  });

  test('nobody is evicted in vain', () => {
    const world = new World();
    world.node('small', { cpu: '1' });
    world.node('tainted', { cpu: '8', taints: [{ key: 'k', effect: 'NoSchedule' }] });
    world.node('full', { cpu: '4' });
    world.pod('s', { ...low, nodeName: 'small' });
    world.pod('t', { ...low, nodeName: 'tainted' });
    world.pod('keeps', { nodeName: 'full', requests: { cpu: '3' }, priority: 1_000 });
    world.pod('p', { ...high, requests: { cpu: '2' } });
    const { evictions, waiting } = world.cycle();
    expect(evictions).toEqual([]);
    expect(waiting[0]!.message).toBe(
      '0/3 nodes are available: 1 node(s) had untolerated taint {k: }, 2 Insufficient cpu. preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.',
    );
  });

  test('what pods say of themselves on their nodes is no reason to look again', () => {
    const world = new World();
    world.node('a', { cpu: '2' });
    world.pod('keeps', { nodeName: 'a', requests: { cpu: '1' }, priority: 1_000 });
    world.pod('l', { ...low, nodeName: 'a' });
    world.pod('p', { ...high, requests: { cpu: '2' } });
    world.cycle();
    world.nowMs += 60_000;
    world.pod('l', { ...low, nodeName: 'a', startTime: '2026-01-01T00:00:00Z' });
    expect(world.scheduler.hasWork(world.nowMs)).toBe(false);
  });

  test('a pod that must not preempt says so', () => {
    const world = new World();
    world.node('a', { cpu: '1' });
    world.pod('l', { ...low, nodeName: 'a' });
    world.pod('p', { ...high, preemptionPolicy: 'Never' });
    expect(world.cycle().waiting[0]!.message).toBe(
      '0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.',
    );
  });

  test('equals never evict each other', () => {
    const world = new World();
    world.node('a', { cpu: '1' });
    world.pod('first', { ...high, nodeName: 'a' });
    world.pod('p', high);
    expect(decide(world)).toEqual({ placed: [], evicted: [], nominated: {} });
  });

  test('disruption budgets are broken only where nothing else makes room', () => {
    const world = new World();
    world.node('a', { cpu: '1' });
    world.node('b', { cpu: '1' });
    world.pod('guarded', { ...low, labels: { app: 'db' }, nodeName: 'a' });
    world.pod('other', { ...low, priority: 50, nodeName: 'b' });
    const labels = [{ key: 'app', operator: 'In' as const, values: ['db'] }];
    const selector = { key: 'db', namespaces: new Set(['default']), namespaceLabels: undefined, labels };
    world.scheduler.setBudget('default/db', { selector, allowed: 0 });
    world.pod('p', high);
    expect(world.cycle().evictions).toMatchObject([{ victim: { name: 'other' }, breaksBudget: false }]);
    world.pod('q', high);
    expect(world.cycle().evictions).toMatchObject([{ victim: { name: 'guarded' }, breaksBudget: true }]);
  });

  test('budgets are broken for as few as will do', () => {
    const world = new World();
    world.node('a', { cpu: '3' });
    world.pod('guarded', { ...low, labels: { app: 'db' }, nodeName: 'a', startTime: '2026-01-01T00:00:00Z' });
    world.pod('later', { ...low, labels: { app: 'db' }, nodeName: 'a', startTime: '2026-01-02T00:00:00Z' });
    world.pod('other', { ...low, priority: 50, nodeName: 'a' });
    const labels = [{ key: 'app', operator: 'In' as const, values: ['db'] }];
    const selector = { key: 'db', namespaces: new Set(['default']), namespaceLabels: undefined, labels };
    world.scheduler.setBudget('default/db', { selector, allowed: 1 });
    world.pod('p', { ...high, requests: { cpu: '2' } });
    expect(decide(world).evicted).toEqual(['later', 'other']);
  });

  test('a pod that others refuse to be near is evicted for one that needs the place', () => {
    const world = new World();
    world.node('a');
    const term = { labelSelector: { matchLabels: { app: 'web' } }, topologyKey: 'kubernetes.io/hostname' };
    world.pod('hermit', {
      priority: 1,
      nodeName: 'a',
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
    });
    world.pod('p', { priority: 5, labels: { app: 'web' } });
    expect(decide(world)).toEqual({ placed: [], evicted: ['hermit'], nominated: { p: 'a' } });
  });
});

describe('nominated pods', () => {
  test('get the room of their victims, whoever else comes', () => {
    const world = new World();
    world.node('a', { cpu: '1' });
    world.pod('victim', { ...low, nodeName: 'a' });
    world.pod('p', high);
    expect(decide(world).nominated).toEqual({ p: 'a' });
    world.pod('thief', { ...low, priority: 50 });
    world.cycle();
    world.scheduler.removePod('victim');
    expect(decide(world).placed).toEqual(['p a']);
  });

  test('wait as long as their victims take, and evict nobody else meanwhile', () => {
    const world = new World();
    world.node('a', { cpu: '1' });
    world.node('b', { cpu: '1' });
    world.pod('v1', { ...low, nodeName: 'a' });
    world.pod('v2', { ...low, nodeName: 'b' });
    world.pod('p', high);
    expect(decide(world).evicted).toHaveLength(1);
    world.nowMs += 600_000;
    expect(decide(world)).toEqual({ placed: [], evicted: [], nominated: {} });
  });

  test('several of one class are given different victims', () => {
    const world = new World();
    world.node('a', { cpu: '2' });
    world.node('b', { cpu: '1' });
    for (const [name, node] of [
      ['v1', 'a'],
      ['v2', 'a'],
      ['v3', 'b'],
    ] as const) {
      world.pod(name, { ...low, nodeName: node });
    }
    for (const name of ['p1', 'p2', 'p3', 'p4']) world.pod(name, high);
    const { evicted, nominated } = decide(world);
    expect(evicted).toEqual(['v1', 'v2', 'v3']);
    expect(Object.keys(nominated)).toHaveLength(3);
  });

  test('lose their place to a higher priority, without another eviction', () => {
    const world = new World();
    world.node('a', { cpu: '1' });
    world.pod('victim', { ...low, nodeName: 'a' });
    world.pod('p', high);
    world.cycle();
    world.pod('king', { ...high, priority: 1_000 });
    expect(decide(world)).toEqual({ placed: [], evicted: [], nominated: { king: 'a' } });
    world.scheduler.removePod('victim');
    expect(decide(world).placed).toEqual(['king a']);
  });

  test('of another scheduler hold their room too, but for those of higher priority', () => {
    const world = new World();
    world.node('a', { cpu: '1' });
    const theirs = { ...high, schedulerName: 'other' };
    world.pod('theirs', { ...theirs, nominatedNodeName: 'a' });
    world.pod('low', low);
    expect(decide(world)).toEqual({ placed: [], evicted: [], nominated: {} });
    world.pod('king', { ...high, priority: 1_000 });
    world.cycle();
    world.nowMs += 10_000;
    expect([...world.scheduler.cluster.podsOn(0)].map(({ name }) => name)).toEqual(['king']);
    world.scheduler.removePod('king');
    world.pod('theirs', theirs);
    world.nowMs += 10_000;
    expect(decide(world).placed).toEqual(['low a']);
  });

  test('take other room where it comes first', () => {
    const world = new World();
    world.node('a', { cpu: '1' });
    world.pod('victim', { ...low, nodeName: 'a' });
    world.pod('p', high);
    world.cycle();
    world.node('b', { cpu: '1' });
    world.nowMs += 1_000;
    expect(decide(world).placed).toEqual(['p b']);
  });

  test('look for another way where an eviction is refused, or the node goes', () => {
    const world = new World();
    world.node('a', { cpu: '1' });
    world.pod('victim', { ...low, nodeName: 'a' });
    world.pod('p', high);
    const [eviction] = world.cycle().evictions;
    world.scheduler.evictionRefused(eviction!.victim);
    world.nowMs += 600_000;
    expect(decide(world).evicted).toEqual(['victim']);
    world.scheduler.removeNode('a');
    world.node('b', { cpu: '1' });
    world.nowMs += 10_000;
    expect(decide(world).placed).toEqual(['p b']);
  });
});

import { describe, expect, test } from 'vitest';
import { World } from '../testing/world.ts';

const cpu = (amount: string) => ({ requests: { cpu: amount } });

/** A world with nodes of one core each. */
function worldOf(nodes: number): World {
  const world = new World();
  for (let index = 0; index < nodes; index++) world.node(`n${index}`, { cpu: '1' });
  return world;
}

function members(world: World, group: string, count: number, fields = cpu('1')): void {
  for (let index = 0; index < count; index++) world.member(group, `${group}${index}`, fields);
}

/** Confirms what a cycle decided, as the api would. */
function settle(world: World): string[] {
  const { placements } = world.cycle();
  for (const { entry, nodeName } of placements) {
    world.scheduler.bound(entry);
    world.scheduler.setPod({ ...entry.info, nodeName });
  }
  return placements.map(({ entry }) => entry.pod.name).sort();
}

describe('a gang', () => {
  test('is placed in one go, and told apart from others', () => {
    const world = worldOf(4);
    world.group('g', { minMember: 3 });
    members(world, 'g', 3);
    world.pod('alone', cpu('1'));
    const { placements } = world.cycle();
    expect(placements.map(({ entry, gang }) => [entry.pod.name, gang]).sort()).toEqual([
      ['alone', undefined],
      ['g0', 'default/g'],
      ['g1', 'default/g'],
      ['g2', 'default/g'],
    ]);
  });

  test('waits until its pods are there', () => {
    const world = worldOf(4);
    world.group('g', { minMember: 3 });
    members(world, 'g', 2);
    expect(new Set(world.messages())).toEqual(
      new Set(['pod group "g" waits for its pods: 2 of minMember 3 are there']),
    );
    world.member('g', 'late', cpu('1'));
    expect(Object.keys(world.placements()).sort()).toEqual(['g0', 'g1', 'late']);
  });

  test('waits until the group is there', () => {
    const world = worldOf(2);
    members(world, 'g', 2);
    expect(new Set(world.messages())).toEqual(new Set(['pod group "g" not found']));
    world.group('g', { minMember: 2 });
    expect(settle(world)).toEqual(['g0', 'g1']);
  });

  test('takes no room where not all that it needs fits, and says how many do', () => {
    const world = worldOf(2);
    world.group('g', { minMember: 3 });
    members(world, 'g', 3);
    world.pod('alone', { ...cpu('1'), priority: -1 });
    const { placements, waiting } = world.cycle();
    expect(placements.map(({ entry }) => entry.pod.name)).toEqual(['alone']);
    expect(waiting.map(({ message }) => message)).toEqual(
      Array(3).fill('pod group "g": 2 of minMember 3 pods fit: 0/2 nodes are available: 2 Insufficient cpu.'),
    );
    world.node('n2', { cpu: '2' });
    world.nowMs += 1_000;
    expect(settle(world)).toEqual(['g0', 'g1', 'g2']);
  });

  test('of different pods says of each kind why it does not fit', () => {
    const world = worldOf(2);
    world.group('g', { minMember: 3 });
    world.member('g', 'small', cpu('500m'));
    world.member('g', 'large', cpu('3'));
    world.member('g', 'picky', { ...cpu('100m'), nodeSelector: { disk: 'ssd' } });
    const said = Object.fromEntries(world.cycle().waiting.map(({ entry, message }) => [entry.pod.name, message]));
    const fit = 'pod group "g": 1 of minMember 3 pods fit: ';
    expect(said.large).toBe(`${fit}0/2 nodes are available: 2 Insufficient cpu.`);
    expect(said.picky).toBe(`${fit}0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.`);
  });

  test('is not tried where minResources are not free', () => {
    const world = worldOf(2);
    world.group('g', { minMember: 1, minResources: { cpu: '3', 'example.com/gpu': '1' } });
    members(world, 'g', 1);
    expect(world.messages()).toEqual([
      'pod group "g" waits for room: minResources are not free on all nodes together: Insufficient cpu, Insufficient example.com/gpu',
    ]);
  });

  test('has more members than it needs: they follow once it has begun', () => {
    const world = worldOf(3);
    world.group('g', { minMember: 2 });
    members(world, 'g', 4);
    expect(settle(world)).toEqual(['g0', 'g1', 'g2']);
    world.node('more', { cpu: '1' });
    expect(settle(world)).toEqual(['g3']);
  });

  test('is not counted as begun before the api has said so', () => {
    const world = worldOf(3);
    world.group('g', { minMember: 2 });
    members(world, 'g', 2);
    const { placements } = world.cycle();
    world.member('g', 'late', cpu('1'));
    expect(world.cycle().placements).toEqual([]);
    for (const { entry } of placements) world.scheduler.refused(entry, world.nowMs);
    world.nowMs += 1_000;
    expect(world.cycle().placements.map(({ gang }) => gang)).toEqual(Array(3).fill('default/g'));
  });

  test('whose member is lost gets another when there is room; one that has done its work counts', () => {
    const world = worldOf(3);
    world.group('g', { minMember: 3 });
    members(world, 'g', 3);
    const { placements } = world.cycle();
    for (const { entry, nodeName } of placements) world.scheduler.setPod({ ...entry.info, nodeName });
    world.scheduler.setPod({ ...placements[0]!.entry.info, finished: true, succeeded: true });
    world.scheduler.removePod('g1');
    world.member('g', 'next', cpu('1'));
    expect(settle(world)).toEqual(['next']);
  });

  test('of small and large pods is packed together where one after another they would not fit', () => {
    const world = new World();
    for (const name of ['a', 'b']) world.node(name, { cpu: '4' });
    world.group('g', { minMember: 5 });
    // Spread over both nodes, the small ones would leave no room for the large one.
    for (let index = 0; index < 4; index++) world.member('g', `small${index}`, cpu('1'));
    world.member('g', 'large', cpu('4'));
    const nodes = world.placements();
    expect(Object.keys(nodes)).toHaveLength(5);
    expect(new Set(Object.values(nodes)).size).toBe(2);
  });

  test('begins as few empty nodes as it can, where its profile fills nodes', () => {
    const world = new World();
    for (let index = 0; index < 6; index++) world.node(`n${index}`, { cpu: '10' });
    world.group('g', { minMember: 9 });
    for (const [name, amount] of [...'aaabbbccc'].entries()) {
      const size = { a: '5', b: '3', c: '2' }[amount]!;
      world.member('g', `p${name}`, { ...cpu(size), schedulerName: 'binpack' });
    }
    expect(new Set(Object.values(world.placements())).size).toBe(3);
  });

  test('goes in the order of its first member', () => {
    const world = worldOf(2);
    world.group('g', { minMember: 2 });
    world.pod('low', cpu('1'));
    members(world, 'g', 2, { ...cpu('1'), priority: 5 } as ReturnType<typeof cpu>);
    expect(settle(world)).toEqual(['g0', 'g1']);
  });
});

describe('a gang that is in the way', () => {
  const low = { ...cpu('1'), priority: 1 };
  const high = { ...cpu('1'), priority: 9 };

  /** A gang of two on the first two nodes, and a third member that it can do without where `minMember` is 2. */
  function running(minMember: number): World {
    const world = worldOf(3);
    world.group('g', { minMember });
    for (const [index, nodeName] of ['n0', 'n1', 'n2'].entries()) world.member('g', `g${index}`, { ...low, nodeName });
    return world;
  }

  const victimsIn = (world: World): string[] =>
    world
      .cycle()
      .evictions.map(({ victim }) => victim.name)
      .sort();

  test('is evicted as a whole where it would be left with too few', () => {
    const world = running(3);
    world.pod('p', high);
    expect(victimsIn(world)).toEqual(['g0', 'g1', 'g2']);
    // Their replacements wait until all can be placed: the old members don't count any more.
    for (const name of ['g0', 'g1', 'g2']) world.scheduler.removePod(name);
    world.member('g', 'next', low);
    expect(settle(world)).toEqual(['p']);
  });

  test('loses one where it can do without', () => {
    const world = running(2);
    world.pod('p', high);
    expect(victimsIn(world)).toHaveLength(1);
  });

  test('is spared where another pod of its priority could go', () => {
    const world = running(3);
    world.node('n3', { cpu: '1' });
    world.pod('alone', { ...low, nodeName: 'n3' });
    world.pod('p', high);
    expect(victimsIn(world)).toEqual(['alone']);
  });
});

describe('room for a gang', () => {
  const low = { ...cpu('1'), priority: 1 };
  const high = { ...cpu('1'), priority: 9 };

  /** Two nodes taken by pods of low priority, a third that is free. */
  function taken(): World {
    const world = worldOf(3);
    world.pod('a', { ...low, nodeName: 'n0' });
    world.pod('b', { ...low, nodeName: 'n1' });
    return world;
  }

  test('is made by evicting for all that it lacks, and held until all have left', () => {
    const world = taken();
    world.group('g', { minMember: 3 });
    members(world, 'g', 3, high);
    const { placements, evictions } = world.cycle();
    expect(placements).toEqual([]);
    expect(evictions.map(({ victim }) => victim.name).sort()).toEqual(['a', 'b']);
    world.pod('thief', low);
    world.scheduler.removePod('a');
    expect(settle(world)).toEqual([]);
    world.scheduler.removePod('b');
    expect(settle(world)).toEqual(['g0', 'g1', 'g2']);
  });

  test('is not made in vain: where it would not be enough nobody is evicted', () => {
    const world = taken();
    world.group('g', { minMember: 4 });
    members(world, 'g', 4, high);
    expect(world.cycle().evictions).toEqual([]);
    expect([...world.scheduler.cluster.podsOn(2)]).toEqual([]);
    world.pod('other', low);
    expect(settle(world)).toEqual(['other']);
  });

  test('is made on GPU devices too, each of which one member gets', () => {
    const world = new World();
    const device = (count: string) => ({ requests: { 'nvidia.com/gpu': count } });
    for (const name of ['a', 'b']) world.node(name, { extended: { 'nvidia.com/gpu': '2' } });
    world.pod('low', { ...device('2'), priority: 1, nodeName: 'a' });
    world.group('g', { minMember: 4 });
    for (let index = 0; index < 4; index++) world.member('g', `g${index}`, { ...device('1'), priority: 9 });
    expect(world.cycle().evictions.map(({ victim }) => victim.name)).toEqual(['low']);
    world.scheduler.removePod('low');
    const { placements } = world.cycle();
    const taken = placements.map(({ entry, nodeName }) => `${nodeName} ${entry.pod.devices}`);
    expect(taken.sort()).toEqual(['a 0', 'a 1', 'b 0', 'b 1']);
  });

  test('is given up after scheduleTimeoutSeconds', () => {
    const world = taken();
    world.group('g', { minMember: 3, scheduleTimeoutSeconds: 30 });
    members(world, 'g', 3, high);
    world.cycle();
    world.pod('other', low);
    expect(settle(world)).toEqual([]);
    world.nowMs += 30_000;
    const { waiting } = world.cycle();
    expect(waiting[0]!.message).toContain('The room held for it was not free within scheduleTimeoutSeconds.');
    world.nowMs += 1_000;
    world.scheduler.setNamespace('any', {});
    world.scheduler.removePod('other');
    world.pod('other', low);
    expect(settle(world)).toEqual(['other']);
  });

  test('is looked for anew where an eviction is refused or a node goes', () => {
    const world = taken();
    world.group('g', { minMember: 3 });
    members(world, 'g', 3, high);
    const [eviction] = world.cycle().evictions;
    world.scheduler.evictionRefused(eviction!.victim);
    world.nowMs += 600_000;
    expect(world.cycle().evictions.map(({ victim }) => victim.name)).toEqual([eviction!.victim.name]);
    world.scheduler.removeNode('n0');
    world.scheduler.removePod('a');
    world.scheduler.removePod('b');
    world.nowMs += 600_000;
    expect(settle(world)).toEqual([]);
    world.node('n9', { cpu: '1' });
    world.nowMs += 10_000;
    expect(settle(world)).toEqual(['g0', 'g1', 'g2']);
  });
});

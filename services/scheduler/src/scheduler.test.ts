import { describe, expect, test, vi } from 'vitest';
import { defaultProfiles } from './profiles.ts';
import { World } from './testing/world.ts';

describe('placing', () => {
  test('replicas spread over equal nodes', () => {
    const world = new World();
    world.node('a');
    world.node('b');
    for (const name of ['p1', 'p2', 'p3', 'p4']) world.pod(name, { requests: { cpu: '500m' } });
    expect(Object.values(world.placements()).sort()).toEqual(['a', 'a', 'b', 'b']);
  });

  test('pods that ask for nothing spread too', () => {
    const world = new World();
    world.node('a');
    world.node('b');
    for (const name of ['p1', 'p2', 'p3', 'p4']) world.pod(name);
    expect(Object.values(world.placements()).sort()).toEqual(['a', 'a', 'b', 'b']);
  });

  test('the profile binpack fills one node before the next', () => {
    const world = new World();
    world.node('a');
    world.node('b');
    for (let index = 0; index < 8; index++) {
      world.pod(`p${index}`, { requests: { cpu: '1', memory: '8Gi' }, schedulerName: 'binpack' });
    }
    const nodes = Object.values(world.placements());
    expect(new Set(nodes.slice(0, 4)).size).toBe(1);
    expect(new Set(nodes.slice(4)).size).toBe(1);
    expect(new Set(nodes).size).toBe(2);
  });

  test('higher priority goes first, and equals in the order in which they came', () => {
    const world = new World();
    world.node('a', { cpu: '2' });
    world.pod('low', { requests: { cpu: '1' } });
    world.pod('second', { requests: { cpu: '1' }, priority: 10 });
    world.pod('third', { requests: { cpu: '1' }, priority: 10 });
    expect(Object.keys(world.placements())).toEqual(['second', 'third']);
  });

  test('pods of another scheduler are left alone, but what they have counts', () => {
    const world = new World();
    world.node('a', { cpu: '1' });
    world.pod('theirs', { schedulerName: 'other' });
    world.pod('bound', { schedulerName: 'other', nodeName: 'a', requests: { cpu: '600m' } });
    world.pod('ours', { requests: { cpu: '600m' } });
    expect(world.messages()).toEqual(['0/1 nodes are available: 1 Insufficient cpu.']);
  });

  test('a node that is gone takes nothing, and a pod that ended leaves its room', () => {
    const world = new World();
    world.node('a', { cpu: '1' });
    world.pod('old', { nodeName: 'a', requests: { cpu: '1' } });
    world.scheduler.removePod('old');
    world.pod('new', { requests: { cpu: '1' } });
    expect(world.placements()).toEqual({ new: 'a' });
    world.scheduler.removeNode('a');
    world.pod('later');
    expect(world.messages()).toEqual(['no nodes available to schedule pods']);
  });
});

describe('explaining', () => {
  test('each reason is counted, in the order of kube-scheduler', () => {
    const world = new World();
    world.node('tainted', { taints: [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }] });
    world.node('small', { cpu: '100m', memory: '1Mi' });
    world.node('tiny', { cpu: '100m' });
    world.node('cordoned', { unschedulable: true });
    world.node('full', { pods: '0' });
    world.node('taken');
    world.pod('holder', {
      nodeName: 'taken',
      containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort: 80 }] }],
    });
    world.pod('p', {
      containers: [
        {
          name: 'c',
          ports: [{ containerPort: 80, hostPort: 80 }],
          resources: { requests: { cpu: '1', memory: '1Gi', 'example.com/foo': '1' } },
        },
      ],
    });
    expect(world.messages()).toEqual([
      "0/6 nodes are available: 1 Insufficient memory, 1 Too many pods, 1 node(s) didn't have free ports for the requested pod ports, 1 node(s) had untolerated taint {dedicated: db}, 1 node(s) were unschedulable, 2 Insufficient cpu, 3 Insufficient example.com/foo.",
    ]);
  });

  test('the same is not said twice', () => {
    const world = new World();
    world.node('a', { cpu: '1' });
    world.pod('p', { requests: { cpu: '2' } });
    expect(world.messages()).toHaveLength(1);
    world.nowMs += 400_000;
    expect(world.cycle()).toMatchObject({ tried: 1, waiting: [] });
  });

  test('gated pods are not looked at until their gates are gone', () => {
    const world = new World();
    world.node('a');
    world.pod('p', { schedulingGates: [{ name: 'example.com/quota' }] });
    const { placements, waiting } = world.cycle();
    expect(placements).toEqual([]);
    expect(waiting).toMatchObject([{ reason: 'SchedulingGated' }]);
    world.pod('p');
    expect(world.placements()).toEqual({ p: 'a' });
  });
});

describe('a flood of pods that fit nowhere', () => {
  test('is looked at once for each class, and told of each pod', () => {
    const world = new World();
    world.node('a', { cpu: '1' });
    const large = { requests: { cpu: '2' } };
    world.pod('first', large);
    expect(world.messages()).toEqual(['0/1 nodes are available: 1 Insufficient cpu.']);
    const solve = vi.spyOn(world.scheduler.solver, 'solve');
    for (let index = 0; index < 100; index++) world.pod(`p${index}`, large);
    expect(new Set(world.messages())).toEqual(new Set(['0/1 nodes are available: 1 Insufficient cpu.']));
    expect(solve).not.toHaveBeenCalled();
    expect(world.scheduler.queue.depths().unschedulable).toBe(101);
  });

  test('ends when something happens that can help', () => {
    const world = new World();
    world.node('a', { cpu: '1' });
    world.pod('first', { requests: { cpu: '2' } });
    world.cycle();
    world.node('b', { cpu: '2' });
    world.pod('second', { requests: { cpu: '2' } });
    expect(world.placements()).toEqual({ second: 'b' });
    world.nowMs += 1_000;
    expect(world.messages()).toEqual(['0/2 nodes are available: 2 Insufficient cpu.']);
  });

  test('does not hide that room can be made for one more', () => {
    const world = new World();
    for (const name of ['a', 'b']) {
      world.node(name, { cpu: '1' });
      world.pod(`low-${name}`, { requests: { cpu: '1' }, nodeName: name });
    }
    const high = { requests: { cpu: '1' }, priority: 10 };
    world.pod('first', high);
    expect(world.cycle().evictions).toHaveLength(1);
    world.pod('second', high);
    expect(world.cycle().evictions).toHaveLength(1);
    world.pod('third', high);
    expect(world.cycle().evictions).toHaveLength(0);
  });
});

describe('what goes wrong with a pod', () => {
  const broken = {
    name: 'broken',
    get weights(): never {
      throw new Error('no weights');
    },
  };
  const profiles = { ...defaultProfiles, broken };

  test('keeps no others waiting, and the pod is tried again after a wait', () => {
    const world = new World({ profiles });
    world.node('a', { cpu: '4' });
    world.pod('bad', { schedulerName: 'broken', requests: { cpu: '1' }, priority: 10 });
    world.pod('good', { requests: { cpu: '1' } });
    const { placements, failures } = world.cycle();
    expect(placements.map(({ entry }) => entry.pod.name)).toEqual(['good']);
    expect(failures).toEqual([new Error('no weights')]);
    expect(world.scheduler.hasWork(world.nowMs)).toBe(false);
    world.nowMs += 1_000;
    expect(world.cycle().failures).toHaveLength(1);
  });

  test('gives the room back that others of its group had got', () => {
    const world = new World({ profiles });
    world.node('a', { cpu: '2' });
    world.group('g', { minMember: 2 });
    world.member('g', 'fine', { requests: { cpu: '1' }, priority: 10 });
    world.member('g', 'bad', { requests: { cpu: '1' }, priority: 9, schedulerName: 'broken' });
    expect(world.cycle()).toMatchObject({ placements: [], failures: [new Error('no weights')] });
    world.pod('alone', { requests: { cpu: '2' } });
    expect(world.placements()).toEqual({ alone: 'a' });
  });
});

describe('waking', () => {
  test('a pod waits for a change that helps, and for the end of its wait', () => {
    const world = new World();
    world.node('a', { cpu: '1' });
    world.node('b', { cpu: '1', taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] });
    world.pod('holder', { nodeName: 'a', requests: { cpu: '1' } });
    world.pod('p', { requests: { cpu: '1' } });
    world.cycle();
    world.nowMs += 60_000;
    expect(world.scheduler.hasWork(world.nowMs)).toBe(false);
    world.node('b', { cpu: '2', taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] });
    expect(world.scheduler.hasWork(world.nowMs)).toBe(false);
    world.scheduler.removePod('holder');
    expect(world.placements()).toEqual({ p: 'a' });
  });

  test('a node that takes pods only a while after it came wakes those that wait for a new one', () => {
    const world = new World();
    world.pod('p', { requests: { cpu: '1' } });
    expect(world.placements()).toEqual({});
    world.node('empty', { cpu: '0' });
    world.node('tainted', { taints: [{ key: 'starting', effect: 'NoSchedule' }] });
    expect(world.placements()).toEqual({});
    world.nowMs += 20_000;
    world.node('tainted');
    expect(world.placements()).toEqual({ p: 'tainted' });
    world.pod('q', { requests: { cpu: '4' } });
    expect(world.placements()).toEqual({});
    world.nowMs += 20_000;
    world.node('empty', { cpu: '4' });
    expect(world.placements()).toEqual({ q: 'empty' });
  });

  test('failures in a row lengthen the wait from 1 s to 10 s', () => {
    const world = new World();
    world.node('a', { cpu: '1' });
    world.pod('p', { requests: { cpu: '2' } });
    const waits: number[] = [];
    for (let attempt = 0; attempt < 6; attempt++) {
      world.cycle();
      world.node(`n${attempt}`, { cpu: '2', unschedulable: true });
      world.node(`n${attempt}`, { cpu: '2' });
      world.pod(`holder${attempt}`, { nodeName: `n${attempt}`, requests: { cpu: '1' } });
      expect(world.scheduler.hasWork(world.nowMs)).toBe(false);
      world.scheduler.removePod(`holder${attempt}`);
      expect(world.scheduler.hasWork(world.nowMs)).toBe(false);
      const dueMs = world.scheduler.queue.nextDueMs()!;
      waits.push(dueMs - world.nowMs);
      world.pod(`blocker${attempt}`, { nodeName: `n${attempt}`, requests: { cpu: '1' } });
      world.nowMs = dueMs;
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  });

  test('a refused binding gives the room back and is tried again after a wait', () => {
    const world = new World();
    world.node('a', { cpu: '1' });
    world.pod('p', { requests: { cpu: '1' } });
    const [placement] = world.cycle().placements;
    world.scheduler.refused(placement!.entry, world.nowMs);
    expect(world.scheduler.hasWork(world.nowMs)).toBe(false);
    world.nowMs += 1_000;
    expect(world.placements()).toEqual({ p: 'a' });
  });

  test('a binding that is refused after its pod has gone is forgotten', () => {
    const world = new World();
    world.node('a', { cpu: '1' });
    world.pod('p', { requests: { cpu: '1' } });
    const [placement] = world.cycle().placements;
    world.scheduler.removePod('p');
    world.scheduler.removeNode('a');
    world.scheduler.refused(placement!.entry, world.nowMs);
    world.node('a', { cpu: '1' });
    world.pod('next', { requests: { cpu: '1' } });
    expect(world.placements()).toEqual({ next: 'a' });
    expect(world.scheduler.podCount).toBe(1);
  });

  test('a binding that was refused but took effect is believed when the pod says so', () => {
    const world = new World();
    world.node('a', { cpu: '1' });
    world.pod('p', { requests: { cpu: '1' } });
    const [placement] = world.cycle().placements;
    world.scheduler.refused(placement!.entry, world.nowMs);
    world.pod('p', { requests: { cpu: '1' }, nodeName: 'a' });
    world.nowMs += 60_000;
    expect(world.scheduler.hasWork(world.nowMs)).toBe(false);
    world.pod('q', { requests: { cpu: '1' } });
    expect(world.messages()).toEqual(['0/1 nodes are available: 1 Insufficient cpu.']);
  });
});

import type { NodeTemplate, SimulateRequest, SimulateResponse } from '@gantry/client/placement-messages.ts';
import { describe, expect, test } from 'vitest';
import { type NodeFields, nodeNamed, type PodFields, podNamed } from '../testing/builders.ts';
import { World } from '../testing/world.ts';
import { simulate } from './simulate.ts';

function run(world: World, request: SimulateRequest): SimulateResponse {
  const simulation = simulate(world.scheduler, request);
  for (;;) {
    const { done, value } = simulation.next();
    if (done) return value;
  }
}

/** A cluster without nodes, in which so many pods wait. */
function waitingPods(count: number, fields: PodFields, world = new World(), name = 'p'): [World, string[]] {
  const uids = Array.from({ length: count }, (_, index) => `${name}${index}`);
  for (const uid of uids) world.pod(uid, fields);
  return [world, uids];
}

function template(id: string, fields: NodeFields & Partial<NodeTemplate> = {}): NodeTemplate {
  const { coming, most = 100, cost, groupSize, pods: own, ...node } = fields as NodeFields & Omit<NodeTemplate, 'id'>;
  return {
    ...{ id, node: nodeNamed(id, node as NodeFields), most },
    ...(coming === undefined ? {} : { coming }),
    ...(cost === undefined ? {} : { cost }),
    ...(groupSize === undefined ? {} : { groupSize }),
    ...(Array.isArray(own) ? { pods: own } : {}),
  };
}

function addedBy({ added = [] }: SimulateResponse): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { templateId } of added) counts[templateId] = (counts[templateId] ?? 0) + 1;
  return counts;
}

const cpu = (amount: string): PodFields => ({ requests: { cpu: amount } });

describe('nodes to be added', () => {
  test('are as few as hold the pods, and none for pods that fit on nodes that there are or come', () => {
    const [world, uids] = waitingPods(10, cpu('1'));
    world.node('there', { cpu: '2' });
    const answer = run(world, { podUids: uids, templates: [template('group', { coming: 1 })] });
    expect(addedBy(answer)).toEqual({ group: 1 });
    expect(answer.placements!.reduce((sum, { count }) => sum + count, 0)).toBe(6);
    expect(answer.added![0]!.podUids).toHaveLength(4);
    expect(answer.unplaced).toEqual([]);
  });

  test('are of the cheapest mix of groups', () => {
    const [world, uids] = waitingPods(17, cpu('1'));
    const templates = [template('large', { cpu: '8', cost: 7 }), template('small', { cpu: '1', cost: 1 })];
    const answer = run(world, { podUids: uids, templates });
    expect(addedBy(answer)).toEqual({ large: 2, small: 1 });
  });

  test('mix pods that complement one another', () => {
    const [world, narrow] = waitingPods(4, { requests: { cpu: '3', memory: '2Gi' } });
    const [, wide] = waitingPods(4, { requests: { cpu: '1', memory: '28Gi' } }, world, 'w');
    const answer = run(world, { podUids: [...narrow, ...wide], templates: [template('group')] });
    expect(addedBy(answer)).toEqual({ group: 4 });
  });

  test('keep the sizes of groups that are as good in balance', () => {
    const [world, uids] = waitingPods(9, cpu('4'));
    const zones = [
      template('a', { labels: { zone: 'a' }, groupSize: 4 }),
      template('b', { labels: { zone: 'b' } }),
      template('c', { labels: { zone: 'c' } }),
    ];
    expect(addedBy(run(world, { podUids: uids, templates: zones }))).toEqual({ a: 1, b: 4, c: 4 });
  });

  test('are never more than a group or the cluster may have, and pods say why they have none', () => {
    const [world, uids] = waitingPods(4, cpu('4'));
    const answer = run(world, { podUids: uids, templates: [template('group', { most: 3 })] });
    expect(addedBy(answer)).toEqual({ group: 3 });
    expect(answer.unplaced).toEqual([
      { ids: ['p3'], refusals: [{ templateId: 'group', reason: 'max node group size reached' }] },
    ]);
    const bounded = run(world, { podUids: uids, templates: [template('group')], limits: { cpuMilli: 8_000 } });
    expect(addedBy(bounded)).toEqual({ group: 2 });
    expect(bounded.unplaced![0]!.refusals).toEqual([{ templateId: 'group', reason: 'max cluster limit reached' }]);
  });

  test('take pods that fit on none of a group for refused, in words', () => {
    const [world] = waitingPods(1, cpu('16'));
    world.pod('picky', { ...cpu('1'), nodeSelector: { disk: 'ssd' } });
    const tainted = template('tainted', { cpu: '32', taints: [{ key: 'only', value: 'gpu', effect: 'NoSchedule' }] });
    const { unplaced = [], added } = run(world, { podUids: ['p0', 'picky'], templates: [template('group'), tainted] });
    expect(added).toEqual([]);
    expect(unplaced.map(({ ids, refusals = [] }) => [ids[0], refusals.map(({ reason }) => reason)])).toEqual([
      ['p0', ['Insufficient cpu', 'node(s) had untolerated taint {only: gpu}']],
      ['picky', ["node(s) didn't match Pod's node affinity/selector", 'node(s) had untolerated taint {only: gpu}']],
    ]);
  });

  test('have room for the pods that run on each node', () => {
    const [world, uids] = waitingPods(8, cpu('1'));
    const agent = podNamed('agent', cpu('2'));
    const group = { ...template('group'), pods: [agent] };
    expect(addedBy(run(world, { podUids: uids, templates: [group] }))).toEqual({ group: 4 });
  });

  test('serve headroom after pods, and no more of it than there is room for', () => {
    const [world, uids] = waitingPods(2, cpu('4'));
    const spare = { id: 'spare', pod: podNamed('spare', cpu('4')), count: 5 };
    const answer = run(world, { podUids: uids, headroom: [spare], templates: [template('group', { most: 4 })] });
    expect(addedBy(answer)).toEqual({ group: 4 });
    expect(answer.added!.flatMap(({ podUids = [] }) => podUids).sort()).toEqual(uids);
    expect(answer.unplaced![0]!.ids).toEqual(['spare', 'spare', 'spare']);
  });

  test('are spread over zones where pods ask for it', () => {
    const rule = { maxSkew: 1, minDomains: 3, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' };
    const labels = { app: 'web' };
    const topologySpreadConstraints = [{ ...rule, labelSelector: { matchLabels: labels } }];
    const [world, uids] = waitingPods(6, { ...cpu('2'), labels, topologySpreadConstraints });
    const zones = ['a', 'b', 'c'].map((zone) => template(zone, { labels: { zone }, cpu: '8' }));
    expect(addedBy(run(world, { podUids: uids, templates: zones }))).toEqual({ a: 1, b: 1, c: 1 });
  });

  test('are one for each pod of those that keep apart', () => {
    const labels = { app: 'db' };
    const term = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: labels } };
    const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
    const [world, uids] = waitingPods(5, { ...cpu('1'), labels, affinity });
    expect(addedBy(run(world, { podUids: uids, templates: [template('group')] }))).toEqual({ group: 5 });
  });

  test('bring resources that no node had', () => {
    const [world, uids] = waitingPods(3, { requests: { cpu: '1', 'nvidia.com/gpu': '2' } });
    world.node('plain');
    const templates = [template('plain-group'), template('gpus', { extended: { 'nvidia.com/gpu': '4' } })];
    expect(addedBy(run(world, { podUids: uids, templates }))).toEqual({ gpus: 2 });
  });

  test('serve a gang as a whole or not at all', () => {
    const world = new World();
    world.group('training', { minMember: 4 });
    for (let member = 0; member < 4; member++) world.member('training', `m${member}`, cpu('4'));
    const podUids = ['m0', 'm1', 'm2', 'm3'];
    expect(addedBy(run(world, { podUids, templates: [template('group', { most: 3 })] }))).toEqual({});
    expect(addedBy(run(world, { podUids, templates: [template('group', { most: 4 })] }))).toEqual({ group: 4 });
  });
});

describe('nodes to be emptied', () => {
  function running(nodes: Readonly<Record<string, readonly string[]>>): World {
    const world = new World();
    for (const [name, pods] of Object.entries(nodes)) {
      world.node(name);
      for (const pod of pods) world.pod(pod, { ...cpu('1'), nodeName: name });
    }
    return world;
  }

  test('are those whose pods fit elsewhere, one after another', () => {
    const world = running({ a: ['a1'], b: ['b1'], c: ['c1', 'c2', 'c3'] });
    const emptied = ['a', 'b'].map((nodeName) => ({ nodeName, podUids: [`${nodeName}1`] }));
    expect(run(world, { emptied }).emptied).toEqual([
      { nodeName: 'a', fits: true },
      { nodeName: 'b', fits: false, problem: 'pod default/b1 fits on no other node' },
    ]);
  });

  test('are not needed by what waits, or by headroom', () => {
    const world = running({ a: [], b: ['b1', 'b2'] });
    world.pod('new', cpu('4'));
    expect(run(world, { podUids: ['new'], emptied: [{ nodeName: 'a' }] }).emptied![0]!.fits).toBe(false);
    const headroom = [{ id: 'spare', pod: podNamed('spare', cpu('1')), count: 3 }];
    expect(run(world, { headroom, emptied: [{ nodeName: 'a' }] }).emptied![0]!.fits).toBe(false);
    const less = [{ ...headroom[0]!, count: 2 }];
    expect(run(world, { headroom: less, emptied: [{ nodeName: 'a' }] }).emptied![0]!.fits).toBe(true);
  });

  test('are not those whose pods would go to nodes that are added, which have room', () => {
    const world = running({ a: ['a1'], b: ['b1', 'b2', 'b3', 'b4'], c: [] });
    world.pod('new', cpu('5'));
    const templates = [template('group', { cpu: '8' })];
    const headroom = [{ id: 'spare', pod: podNamed('spare', cpu('4')), count: 1 }];
    const emptied = [{ nodeName: 'a', podUids: ['a1'] }, { nodeName: 'c' }];
    const answer = run(world, { podUids: ['new'], headroom, templates, emptied });
    expect(addedBy(answer)).toEqual({ group: 1 });
    expect(answer.emptied!.map(({ fits }) => fits)).toEqual([false, false]);
    const without = run(world, { podUids: ['new'], templates, emptied });
    expect(without.emptied!.map(({ fits }) => fits)).toEqual([true, false]);
  });

  test('have no room on others that pods of nodes that leave already need', () => {
    const world = running({ b: ['b1', 'b2'], c: ['c1', 'c2'] });
    world.node('leaving', { taints: [{ key: 'ToBeDeletedByClusterAutoscaler', value: '', effect: 'NoSchedule' }] });
    world.pod('l1', { ...cpu('1'), nodeName: 'leaving' });
    const b = { nodeName: 'b', podUids: ['b1', 'b2'] };
    expect(run(world, { emptied: [b] }).emptied!.map(({ fits }) => fits)).toEqual([true]);
    const emptied = [{ nodeName: 'leaving', podUids: ['l1'] }, b];
    expect(run(world, { emptied }).emptied!.map(({ fits }) => fits)).toEqual([true, false]);
  });

  test('are unknown where they are gone', () => {
    const emptied = [{ nodeName: 'gone' }];
    expect(run(new World(), { emptied }).emptied).toEqual([
      { nodeName: 'gone', fits: false, problem: 'node not found' },
    ]);
  });
});

test('a simulation changes nothing', () => {
  const [world, uids] = waitingPods(3, cpu('3'));
  world.node('a');
  world.pod('there', { ...cpu('1'), nodeName: 'a' });
  const { nodes } = world.scheduler.cluster;
  const before = [nodes.count, nodes.end, nodes.requested[0]![0], nodes.loadLog.end];
  run(world, { podUids: uids, templates: [template('group')], emptied: [{ nodeName: 'a', podUids: ['there'] }] });
  expect([nodes.count, nodes.end, nodes.requested[0]![0], nodes.loadLog.end]).toEqual(before);
  expect(Object.values(world.placements())).toEqual(['a']);
});

test('a request that makes no sense is refused', () => {
  const world = new World();
  const templates = [template('twice'), template('twice')];
  expect(() => run(world, { templates })).toThrow('templates[1].id: Duplicate value: "twice"');
  const headroom = [{ id: 'much', pod: podNamed('much'), count: 20_001 }];
  expect(() => run(world, { headroom })).toThrow('headroom: Too many');
});

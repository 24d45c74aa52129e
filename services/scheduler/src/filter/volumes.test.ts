import { describe, expect, test } from 'vitest';
import { volumesOf } from '../testing/builders.ts';
import { World } from '../testing/world.ts';

const zone = 'topology.kubernetes.io/zone';
const inZones = (...values: string[]) => ({
  nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: zone, operator: 'In', values }] }] } },
});
const waiting = { storageClassName: 'local' };

/** Two zones of one node each, and a class whose claims wait for their pod. */
function twoZones(): World {
  const world = new World();
  world.node('a', { labels: { [zone]: 'za' } });
  world.node('b', { labels: { [zone]: 'zb' } });
  world.storageClass('local');
  return world;
}

describe('bound claims', () => {
  test('keep their pods where the volume can be reached', () => {
    const world = twoZones();
    world.volume('v', inZones('zb'));
    world.claim('c', { volumeName: 'v' });
    world.pod('p', { volumes: volumesOf('c') });
    expect(world.placements()).toEqual({ p: 'b' });
  });

  test('refuse all other nodes', () => {
    const world = twoZones();
    world.volume('v', inZones('zc'));
    world.claim('c', { volumeName: 'v' });
    world.pod('p', { volumes: volumesOf('c') });
    expect(world.messages()).toEqual(['0/2 nodes are available: 2 node(s) had volume node affinity conflict.']);
    world.node('c', { labels: { [zone]: 'zc' } });
    world.nowMs += 1_000;
    expect(world.placements()).toEqual({ p: 'c' });
  });

  test('keep their pods in the zones that the volume’s labels name, on nodes that say where they are', () => {
    const world = twoZones();
    world.volume('v', {}, { [zone]: 'zc__zd' });
    world.claim('c', { volumeName: 'v' });
    world.pod('p', { volumes: volumesOf('c') });
    expect(world.messages()).toEqual(['0/2 nodes are available: 2 node(s) had no available volume zone.']);
    world.node('nowhere');
    world.nowMs += 1_000;
    expect(world.placements()).toEqual({ p: 'nowhere' });
  });

  test('whose volume is gone keep their pods waiting', () => {
    const world = twoZones();
    world.claim('c', { volumeName: 'v' });
    world.pod('p', { volumes: volumesOf('c') });
    const reason = 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)';
    expect(world.messages()).toEqual([`0/2 nodes are available: 2 ${reason}.`]);
  });
});

describe('claims that are not there, or not bound', () => {
  test('are named, and waited for', () => {
    const world = twoZones();
    world.pod('p', { volumes: volumesOf('c') });
    expect(world.messages()).toEqual(['0/2 nodes are available: persistentvolumeclaim "c" not found.']);
    world.nowMs += 1_000;
    world.claim('c', { storageClassName: 'none' });
    expect(world.messages()).toEqual(['0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims.']);
    world.nowMs += 2_000;
    world.volume('v');
    world.claim('c', { storageClassName: 'none', volumeName: 'v' });
    expect(Object.keys(world.placements())).toEqual(['p']);
  });

  test('of ephemeral volumes are named after pod and volume', () => {
    const world = twoZones();
    world.pod('p', { volumes: [{ name: 'scratch', ephemeral: {} }] });
    expect(world.messages()).toEqual(['0/2 nodes are available: persistentvolumeclaim "p-scratch" not found.']);
  });
});

describe('claims that wait for their pod', () => {
  test('take it where there is a volume for each of them', () => {
    const world = twoZones();
    world.volume('small', { ...inZones('za'), ...waiting, capacity: { storage: '500Mi' } });
    world.volume('one', { ...inZones('za'), ...waiting });
    world.volume('two', { ...inZones('zb'), ...waiting });
    world.volume('three', { ...inZones('zb'), ...waiting });
    world.claim('c', waiting);
    world.claim('d', waiting);
    world.pod('p', { volumes: volumesOf('c', 'd') });
    expect(world.placements()).toEqual({ p: 'b' });
  });

  test.each<[difference: string, claim: object]>([
    ['too large', { resources: { requests: { storage: '2Gi' } } }],
    ['of another mode', { volumeMode: 'Block' }],
    ['for many nodes', { accessModes: ['ReadWriteMany'] }],
    ['selective', { selector: { matchLabels: { tier: 'fast' } } }],
  ])('find no volume where they are %s', (_, fields) => {
    const world = twoZones();
    world.volume('v', waiting, { tier: 'slow' });
    world.claim('c', { ...waiting, ...fields });
    world.pod('p', { volumes: volumesOf('c') });
    const reason = "node(s) didn't find available persistent volumes to bind";
    expect(world.messages()).toEqual([`0/2 nodes are available: 2 ${reason}.`]);
  });

  test('do not count on what another is about to have', () => {
    const world = twoZones();
    world.volume('one', { ...inZones('za'), ...waiting });
    world.volume('two', { ...inZones('zb'), ...waiting });
    for (const name of ['c', 'd', 'e']) world.claim(name, waiting);
    for (const [pod, claim] of ['c', 'd', 'e'].entries()) world.pod(`p${pod}`, { volumes: volumesOf(claim) });
    const { placements, waiting: left } = world.cycle();
    expect(placements.map(({ nodeName }) => nodeName).sort()).toEqual(['a', 'b']);
    expect(left).toHaveLength(1);
  });

  test('keep all their pods on one node until they are bound', () => {
    const world = twoZones();
    world.volume('v', waiting);
    world.claim('c', waiting);
    for (const name of ['p', 'q', 'r']) world.pod(name, { volumes: volumesOf('c') });
    expect(new Set(Object.values(world.placements())).size).toBe(1);
  });

  test('go where their class makes volumes', () => {
    const world = twoZones();
    const matchLabelExpressions = [{ key: zone, values: ['zb'] }];
    world.storageClass('disk', { provisioner: 'example.com/disk', allowedTopologies: [{ matchLabelExpressions }] });
    world.claim('c', { storageClassName: 'disk' });
    world.pod('p', { volumes: volumesOf('c') });
    expect(world.placements()).toEqual({ p: 'b' });
  });
});

describe('a volume for one pod', () => {
  const claim = { volumeName: 'v', accessModes: ['ReadWriteOncePod'] };

  test('is had by one at a time', () => {
    const world = twoZones();
    world.volume('v');
    world.claim('c', claim);
    for (const name of ['p', 'q']) world.pod(name, { volumes: volumesOf('c') });
    const { placements, waiting: left } = world.cycle();
    expect(placements).toHaveLength(1);
    expect(left[0]!.message).toContain(
      '2 node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode',
    );
    world.scheduler.removePod(placements[0]!.entry.pod.uid);
    world.nowMs += 1_000;
    expect(Object.keys(world.placements())).toHaveLength(1);
  });

  test('is taken from one of lower priority', () => {
    const world = twoZones();
    world.volume('v');
    world.claim('c', claim);
    world.pod('low', { volumes: volumesOf('c'), nodeName: 'b', priority: 1 });
    world.pod('high', { volumes: volumesOf('c'), priority: 2 });
    expect(world.cycle().evictions.map(({ victim }) => victim.name)).toEqual(['low']);
  });
});

import { describe, expect, test } from 'vitest';
import type { PodFields } from './testing/builders.ts';
import { World } from './testing/world.ts';

const gpuNode = (devices: number) => ({
  cpu: '96',
  extended: { 'nvidia.com/gpu': `${devices}`, 'gantry.dev/gpu-milli': `${devices * 1_000}` },
});
const share = (milli: number) => ({ requests: { 'gantry.dev/gpu-milli': `${milli}` } });
const whole = (devices: number) => ({ requests: { 'nvidia.com/gpu': `${devices}` } });

/** Devices by pod that a cycle gave. */
function devices(world: World): Record<string, string> {
  return Object.fromEntries(world.cycle().placements.map(({ entry: { pod } }) => [pod.name, pod.devices.join(',')]));
}

test('a share is of one device; what is left of several adds up to nothing', () => {
  const world = new World();
  world.node('a', gpuNode(2));
  world.pod('p1', share(600));
  world.pod('p2', share(600));
  expect(devices(world)).toEqual({ p1: '0', p2: '1' });
  world.pod('p3', share(600));
  expect(world.messages()).toEqual(["0/1 nodes are available: 1 node(s) didn't have a GPU device with enough room."]);
  world.pod('p4', share(400));
  expect(devices(world)).toEqual({ p4: '0' });
});

test('shares and whole devices, by whatever name, are of the same devices', () => {
  const world = new World();
  world.node('a', gpuNode(2));
  world.pod('p1', share(100));
  expect(devices(world)).toEqual({ p1: '0' });
  world.pod('p2', whole(2));
  expect(world.messages()).toEqual(["0/1 nodes are available: 1 node(s) didn't have enough free GPU devices."]);
  world.scheduler.removePod('p1');
  world.nowMs += 600_000;
  expect(devices(world)).toEqual({ p2: '0,1' });
});

test('a node without devices is said to lack the resource, as in Kubernetes', () => {
  const world = new World();
  world.node('plain');
  world.node('whole-only', { extended: { 'nvidia.com/gpu': '1' } });
  world.pod('p', share(500));
  expect(world.messages()).toEqual(['0/2 nodes are available: 2 Insufficient gantry.dev/gpu-milli.']);
});

test('models are labels of nodes', () => {
  const world = new World();
  for (const model of ['T4', 'A10', 'V100'])
    world.node(model, { ...gpuNode(1), labels: { 'nvidia.com/gpu.product': model } });
  const term = { matchExpressions: [{ key: 'nvidia.com/gpu.product', operator: 'In', values: ['A10', 'V100'] }] };
  const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } } };
  for (const name of ['p1', 'p2', 'p3']) world.pod(name, { ...whole(1), affinity });
  const { placements, waiting } = world.cycle();
  expect(placements.map(({ nodeName }) => nodeName).sort()).toEqual(['A10', 'V100']);
  expect(waiting[0]!.message).toContain(
    "1 node(s) didn't match Pod's node affinity/selector, 2 Insufficient nvidia.com/gpu.",
  );
});

test('bound pods keep the devices that they say they have, and others are given what is left', () => {
  const world = new World();
  const annotations = { 'gantry.dev/gpu-devices': '1' };
  world.pod('early', { ...share(700), nodeName: 'a', annotations });
  world.pod('unsaid', { ...share(700), nodeName: 'a' });
  world.node('a', gpuNode(2));
  world.pod('p', share(300));
  world.pod('q', share(300));
  world.pod('r', share(300));
  expect(Object.values(devices(world)).sort()).toEqual(['0', '1']);
});

test('a pod that turns out to have other devices than assumed counts there', () => {
  const world = new World();
  world.node('a', gpuNode(2));
  world.pod('p', share(700));
  expect(devices(world)).toEqual({ p: '0' });
  world.pod('p', { ...share(700), nodeName: 'a', annotations: { 'gantry.dev/gpu-devices': '1' } });
  world.pod('q', whole(1));
  expect(devices(world)).toEqual({ q: '0' });
});

test('only those whose devices help are evicted, and the pod gets these devices', () => {
  const world = new World();
  world.node('a', gpuNode(2));
  const on = (device: number) => ({ nodeName: 'a', annotations: { 'gantry.dev/gpu-devices': `${device}` } });
  world.pod('low', { ...share(500), ...on(0), priority: 1 });
  world.pod('mate', { ...share(500), ...on(0), priority: 1 });
  world.pod('high', { ...share(700), ...on(1), priority: 9 });
  world.pod('p', { ...whole(1), priority: 5 });
  const { evictions, waiting } = world.cycle();
  expect(evictions.map(({ victim }) => victim.name).sort()).toEqual(['low', 'mate']);
  expect(waiting[0]!.nominatedNodeName).toBe('a');
  world.pod('thief', share(300));
  world.pod('thief2', share(300));
  expect(devices(world)).toEqual({ thief: '1' });
  world.scheduler.removePod('low');
  world.scheduler.removePod('mate');
  expect(devices(world)).toEqual({ p: '0' });
});

describe('the profile gpu', () => {
  const place = (world: World, name: string, fields: PodFields): string | undefined => {
    world.pod(name, { ...fields, schedulerName: 'gpu' });
    const [placement] = world.cycle().placements;
    return placement && `${placement.nodeName} ${placement.entry.pod.devices.join(',')}`;
  };
  const model = (name: string) => ({ ...gpuNode(2), labels: { model: name } });
  const cpuPod = { requests: { cpu: '1' } };

  test('keeps models for those that need them', () => {
    const world = new World();
    for (const name of ['rare', 'b', 'c', 'd']) world.node(name, model(name === 'rare' ? 'T4' : 'A10'));
    const needs = { ...whole(1), nodeSelector: { model: 'T4' } };
    expect(place(world, 'p0', needs)).toBe('rare 0');
    for (let count = 1; count <= 6; count++) expect(place(world, `p${count}`, whole(1))).not.toContain('rare');
    expect(place(world, 'p7', needs)).toBe('rare 1');
  });

  test('keeps whole nodes for pods that need them', () => {
    const world = new World();
    for (const name of ['a', 'b', 'c']) world.node(name, gpuNode(4));
    const first = place(world, 'large', whole(4))!.slice(0, 1);
    const small = Array.from({ length: 4 }, (_, index) => place(world, `s${index}`, whole(1))!.slice(0, 1));
    expect(new Set(small).size).toBe(1);
    expect(small[0]).not.toBe(first);
    expect(place(world, 'large2', whole(4))).toBeDefined();
  });

  test('puts shares together that fill a device', () => {
    const world = new World();
    world.node('a', gpuNode(2));
    place(world, 'p1', share(300));
    place(world, 'p2', share(700));
    expect(place(world, 'p3', whole(1))).toBe('a 1');
  });

  test('keeps pods without GPUs away from nodes whose cpu the GPUs need', () => {
    const world = new World();
    world.node('lean', { ...gpuNode(2), cpu: '8' });
    world.node('rich', { ...gpuNode(2), cpu: '96' });
    world.pod('seen', { requests: { 'nvidia.com/gpu': '1', cpu: '4' }, schedulerName: 'gpu' });
    world.cycle();
    for (const name of ['p1', 'p2', 'p3']) expect(place(world, name, cpuPod)).toBe('rich ');
  });

  test('places pods where there are no GPUs at all', () => {
    const world = new World();
    world.node('a');
    expect(place(world, 'p', cpuPod)).toBe('a ');
  });
});

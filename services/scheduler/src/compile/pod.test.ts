import { podGroupLabel } from '@gantry/model/kinds/podgroup/podgroup.ts';
import { expect, test } from 'vitest';
import { podNamed, volumesOf } from '../testing/builders.ts';
import { PodCompiler } from './pod.ts';

const compiled = (name: string, fields: Parameters<typeof podNamed>[1] = {}) =>
  new PodCompiler().compile(podNamed(name, fields));

test('a pod takes what its containers ask for and what its runtime needs beside them', () => {
  const { requests } = compiled('p', { requests: { cpu: '1' }, overhead: { cpu: '250m', memory: '1Mi' } }).requirement;
  expect(Object.fromEntries(requests)).toEqual({ cpu: 1_250, memory: 2 ** 20, pods: 1 });
});

test('a pod is of the group that its label names, and uses the claims of its volumes', () => {
  const { group, requirement } = compiled('p', {
    labels: { [podGroupLabel]: 'g' },
    volumes: [...volumesOf('a', 'b'), { name: 'own', ephemeral: {} }, { name: 'tmp', emptyDir: {} }],
  });
  expect(group).toBe('g');
  expect(requirement.claims).toEqual(['default/a', 'default/b', 'default/p-own']);
});

test('label keys narrow a rule to pods with, or without, the pod’s own values', () => {
  const term = {
    labelSelector: { matchLabels: { app: 'web' } },
    topologyKey: 'zone',
    matchLabelKeys: ['version', 'absent'],
    mismatchLabelKeys: ['tenant'],
  };
  const { requirement } = compiled('p', {
    labels: { app: 'web', version: '2', tenant: 'a' },
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
  });
  expect(requirement.antiAffinity[0]!.selector.labels).toEqual([
    { key: 'app', operator: 'In', values: ['web'] },
    { key: 'version', operator: 'In', values: ['2'] },
    { key: 'tenant', operator: 'NotIn', values: ['a'] },
  ]);
});

test('pods of one template share their requirement; other claims make another', () => {
  const compiler = new PodCompiler();
  const compile = (name: string, ...claims: string[]) =>
    compiler.compile(podNamed(name, { requests: { cpu: '1' }, volumes: volumesOf(...claims) })).requirement;
  expect(compile('a')).toBe(compile('b'));
  expect(compile('a', 'data')).toBe(compile('b', 'data'));
  expect(compile('a', 'data')).not.toBe(compile('a', 'logs'));
});

test('a pod that is resized takes the more of what it has and what it asks for', () => {
  const compiler = new PodCompiler();
  const before = podNamed('p', { requests: { cpu: '1' } });
  const status = { containerStatuses: [{ name: before.spec.containers[0]!.name, allocatedResources: { cpu: '2' } }] };
  expect(compiler.compile({ ...before, status }).requirement.requests.get('cpu')).toBe(2_000);
  expect(compiler.compile(before).requirement.requests.get('cpu')).toBe(1_000);
});

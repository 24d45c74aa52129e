import { describe, expect, it } from 'vitest';
import type { LimitRange } from '../gen/gantry.core.v1.ts';
import { made, printed } from '../testing/made.ts';

// Validation is held to kube-apiserver's answers by test/differential.

const endpoints = (subsets: string): string =>
  `{apiVersion: v1, kind: Endpoints, metadata: {name: web}, subsets: ${subsets}}`;

describe('columns', () => {
  it.each([
    ['[]', '<none>'],
    ['[{notReadyAddresses: [{ip: 10.0.0.1}], ports: [{port: 80}]}]', ''],
    ['[{addresses: [{ip: 10.0.0.1}]}]', '10.0.0.1'],
    ['[{addresses: [{ip: 10.0.0.1}, {ip: "2001:db8::1"}], ports: [{port: 80}]}]', '10.0.0.1:80,[2001:db8::1]:80'],
    [
      '[{addresses: [{ip: 10.0.0.1}, {ip: 10.0.0.2}], ports: [{name: a, port: 80}, {name: b, port: 81}]}]',
      '10.0.0.1:80,10.0.0.2:80,10.0.0.1:81 + 1 more...',
    ],
  ])('of endpoints %s', (subsets, text) => {
    expect(printed(endpoints(subsets))).toEqual({ NAME: 'web', ENDPOINTS: text, AGE: '10m' });
  });

  it('of a quota show what is used of limits apart', () => {
    const { kind, object } = made('{apiVersion: v1, kind: ResourceQuota, metadata: {name: q}}');
    Object.assign(object, { status: { hard: { pods: '10', cpu: '4', 'limits.cpu': '8' }, used: { cpu: '500m' } } });
    expect(kind.columns.slice(1, 3).map(({ cell }) => cell(object, 0))).toEqual([
      'cpu: 500m/4, pods: 0/10',
      'limits.cpu: 0/8',
    ]);
  });

  it('of a limit range show when it was made', () => {
    expect(printed('{apiVersion: v1, kind: LimitRange, metadata: {name: l}}')).toEqual({
      NAME: 'l',
      'CREATED AT': '2026-01-01T00:00:00Z',
    });
  });
});

describe('defaults of limit ranges', () => {
  it.each([
    ['{type: Container, max: {cpu: 2}, min: {memory: 1Gi}}', { cpu: '2' }, { cpu: '2', memory: '1Gi' }],
    ['{type: Container, max: {cpu: 2}, default: {cpu: 1}, min: {cpu: 500m}}', { cpu: '1' }, { cpu: '1' }],
    ['{type: Pod, max: {cpu: 2}}', undefined, undefined],
  ])('of %s', (item, limits, requests) => {
    const { object, kind } = made(`{apiVersion: v1, kind: LimitRange, metadata: {name: l}, spec: {limits: [${item}]}}`);
    const of = () => (object as unknown as LimitRange).spec!.limits![0]!;
    expect([of().default, of().defaultRequest]).toEqual([limits, requests]);
    const before = structuredClone(of());
    kind.setDefaults(object);
    expect(of()).toEqual(before);
  });
});

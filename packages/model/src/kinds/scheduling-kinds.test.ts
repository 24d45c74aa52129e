import { describe, expect, it } from 'vitest';
import { made, printed, problemsOf } from '../testing/made.ts';

const priority = (name: string, rest: string): string =>
  `{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: ${name}}, ${rest}}`;
const budget = (spec: string): string =>
  `{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: ${spec}}`;

describe('validation', () => {
  it.each([
    priority('high', 'value: 1000000000'),
    priority('low', 'value: -5, preemptionPolicy: Never, globalDefault: true'),
    priority('system-node-critical', 'value: 2000001000'),
    budget('{minAvailable: 50%, selector: {matchLabels: {app: web}}}'),
    budget('{maxUnavailable: 0, unhealthyPodEvictionPolicy: AlwaysAllow}'),
    budget('{}'),
  ])('takes %s', (text) => {
    expect(problemsOf(text)).toEqual([]);
  });

  it.each([
    [
      priority('high', 'value: 1000000001'),
      'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
    ],
    [
      priority('system-own', 'value: 1'),
      "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-own is not a known system priority class",
    ],
    [priority('system-cluster-critical', 'value: 1'), 'PriorityClass must be 2000000000'],
    [
      priority('a', 'preemptionPolicy: Always'),
      'preemptionPolicy: Unsupported value: "Always": supported values: "Never", "PreemptLowerPriority"',
    ],
    [
      budget('{minAvailable: 1, maxUnavailable: 1}'),
      'spec: Invalid value: {"minAvailable":1,"maxUnavailable":1}: minAvailable and maxUnavailable cannot be both set',
    ],
    [budget('{minAvailable: -1}'), 'spec.minAvailable: Invalid value: -1: must be greater than or equal to 0'],
    [budget('{minAvailable: half}'), 'spec.minAvailable: Invalid value: "half": a valid percent string'],
    [budget('{maxUnavailable: 101%}'), 'spec.maxUnavailable: Invalid value: "101%": must not be greater than 100%'],
    [budget('{selector: {matchExpressions: [{key: a, operator: Is}]}}'), 'not a valid selector operator'],
    [
      budget('{unhealthyPodEvictionPolicy: Never}'),
      'spec.unhealthyPodEvictionPolicy: Unsupported value: "Never": supported values: "AlwaysAllow", "IfHealthyBudget"',
    ],
  ])('refuses %.80s', (text, problem) => {
    expect(problemsOf(text).join('\n')).toContain(problem);
  });

  it.each([
    [priority('a', 'value: 1'), priority('a', 'value: 2'), ['value']],
    [priority('a', 'value: 1'), priority('a', 'value: 1, preemptionPolicy: Never'), ['preemptionPolicy']],
    [priority('a', 'value: 1'), priority('a', 'value: 1, description: other'), []],
  ])('lets nobody change %s to %s', (before, after, fields) => {
    const { kind, object } = made(after);
    expect(kind.validateUpdate!(object, made(before).object).map(({ field }) => field)).toEqual(fields);
  });
});

describe('defaults', () => {
  it.each<[text: string, expected: object]>([
    [priority('a', 'value: 1'), { preemptionPolicy: 'PreemptLowerPriority' }],
  ])('of %s', (text, expected) => {
    expect(made(text).object).toMatchObject(expected);
  });

  it('a new budget allows nothing yet', () => {
    const text = budget('{minAvailable: 1}').replace('spec:', 'status: {disruptionsAllowed: 5}, spec:');
    expect(made(text).object).not.toHaveProperty('status');
  });
});

describe('columns', () => {
  it.each<[text: string, row: Record<string, string>]>([
    [
      priority('a', 'value: 7'),
      { NAME: 'a', VALUE: '7', 'GLOBAL-DEFAULT': 'false', AGE: '10m', PREEMPTIONPOLICY: 'PreemptLowerPriority' },
    ],
    [
      budget('{minAvailable: 50%}'),
      { NAME: 'b', 'MIN AVAILABLE': '50%', 'MAX UNAVAILABLE': 'N/A', 'ALLOWED DISRUPTIONS': '0', AGE: '10m' },
    ],
  ])('of %s', (text, row) => {
    expect(Object.entries(printed(text))).toEqual(Object.entries(row));
  });
});

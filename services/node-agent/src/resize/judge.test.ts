import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { expect, it } from 'vitest';
import { podOf } from '../testing/pod-world.ts';
import { compareWaiting, judgeResize } from './judge.ts';

const asking = (cpu: string, memory = '64Mi', spec: Partial<Pod['spec']> = {}): Pod =>
  podOf({ containers: [{ name: 'web', resources: { requests: { cpu, memory } } }], ...spec });
const allocatable = new Map([
  ['cpu', 4_000],
  ['memory', 2 ** 30],
]);

it.each<[string, string, string[], string | undefined]>([
  ['1', '4', [], undefined],
  ['1', '3', ['1'], undefined],
  [
    '1',
    '3',
    ['1', '100m'],
    "Deferred: Node didn't have enough resource: cpu, requested: 3000, used: 1100, capacity: 4000",
  ],
  ['1', '5', ['1'], "Infeasible: Node didn't have enough capacity: cpu, requested: 5000, capacity: 4000"],
  ['3', '2', ['3'], undefined],
])('from %s to %s CPUs beside %j: %s', (before, after, others, refusal) => {
  const given = judgeResize(
    asking(after),
    asking(before),
    others.map((cpu) => asking(cpu)),
    allocatable,
  );
  expect(given && `${given.reason}: ${given.message}`).toBe(refusal);
});

it('refuses nothing that the pod has already, however full its node is', () => {
  const others = [asking('4', '1Gi')];
  expect(judgeResize(asking('1', '64Mi'), asking('1', '64Mi'), others, allocatable)).toBeUndefined();
  expect(judgeResize(asking('500m', '65Mi'), asking('1', '64Mi'), others, allocatable)?.message).toContain('memory');
});

it('judges those that give up something first, then by priority, class and time', () => {
  const waiting = (name: string, wanted: Pod, before: string, sinceMs: number) => {
    return { name, wanted, allocated: asking(before), sinceMs };
  };
  const sure = { limits: { cpu: '2', memory: '64Mi' }, requests: { cpu: '2', memory: '64Mi' } };
  const list = [
    waiting('late', asking('2'), '1', 9),
    waiting('early', asking('2'), '1', 5),
    waiting('guaranteed', podOf({ containers: [{ name: 'web', resources: sure }] }), '1', 99),
    waiting('important', asking('2', '64Mi', { priority: 7 }), '1', 99),
    waiting('shrinks', asking('1'), '2', 99),
  ];
  const names = list.toSorted(compareWaiting).map(({ name }) => name);
  expect(names).toEqual(['shrinks', 'important', 'guaranteed', 'early', 'late']);
});

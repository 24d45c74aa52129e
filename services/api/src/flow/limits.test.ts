import { describe, expect, test } from 'vitest';
import { bootstrapObjects } from './bootstrap.ts';
import { divide, lend, limitsOf, noDemand, smooth } from './limits.ts';

const levels = bootstrapObjects.flatMap(({ object }) => (object.kind === 'PriorityLevelConfiguration' ? [object] : []));
const limits = limitsOf(levels, 600);
const at = (demands: Readonly<Record<string, number>>) => {
  const known = levels.map(({ metadata: { name = '' } }) => {
    const seats = demands[name] ?? 0;
    const demand = { ...noDemand, highest: seats, smoothed: seats };
    return [name, { limits: limits.get(name)!, demand, isExempt: name === 'exempt' }] as const;
  });
  return lend(new Map(known));
};

describe('the seats of the default levels, as a kube-apiserver with 600 tells of its own', () => {
  test('by their shares', () => {
    const told = (field: 'nominal' | 'least' | 'most') =>
      Object.fromEntries([...limits].map(([name, each]) => [name, each[field]]));
    expect(told('nominal')).toEqual({
      'catch-all': 13,
      exempt: 0,
      'global-default': 49,
      'leader-election': 25,
      'node-high': 98,
      system: 74,
      'workload-high': 98,
      'workload-low': 245,
    });
    expect(told('least')).toEqual({
      'catch-all': 13,
      exempt: 0,
      'global-default': 24,
      'leader-election': 25,
      'node-high': 73,
      system: 50,
      'workload-high': 49,
      'workload-low': 24,
    });
    expect(told('most')).toMatchObject({ 'catch-all': 613, exempt: 600, 'workload-low': 845 });
  });

  test('while nobody needs any', () => {
    const { seats, fairFraction } = at({ exempt: 1 });
    expect(Object.fromEntries(seats)).toEqual({
      'catch-all': 30,
      exempt: 1,
      'global-default': 56,
      'leader-election': 58,
      'node-high': 170,
      system: 117,
      'workload-high': 114,
      'workload-low': 56,
    });
    expect(fairFraction).toBeCloseTo(2.333_333, 5);
  });

  test('a busy level borrows what idle ones lend, and gives it back to those that need it', () => {
    const busy = at({ 'global-default': 500 }).seats;
    expect(busy.get('global-default')).toBeGreaterThan(300);
    for (const [name, { least }] of limits) expect(busy.get(name), name).toBeGreaterThanOrEqual(least);
    const both = at({ 'global-default': 500, 'node-high': 500, 'leader-election': 25 }).seats;
    expect(both.get('node-high')).toBeGreaterThanOrEqual(98);
    expect(both.get('leader-election')).toBeGreaterThanOrEqual(25);
  });
});

test('an exempt level takes what it uses from the others, down to what they keep', () => {
  const { seats } = at({ exempt: 10_000 });
  for (const [name, { least }] of limits) if (name !== 'exempt') expect(seats.get(name), name).toBe(least);
});

test('an amount is divided by targets within bounds', () => {
  const items = [
    { low: 0, high: 100, target: 10 },
    { low: 5, high: 6, target: 30 },
    { low: 20, high: 100, target: 20 },
  ];
  const { amounts, fraction } = divide(50, items);
  expect(amounts.reduce((sum, each) => sum + each, 0)).toBeCloseTo(50, 6);
  expect(amounts[1]).toBe(6);
  expect(amounts[0]).toBeCloseTo(10 * fraction, 6);
});

test('demand rises at once, and falls by half in five minutes', () => {
  let demand = smooth(noDemand, { seconds: 10, average: 100, deviation: 0, highest: 100 });
  expect(demand.smoothed).toBe(100);
  for (let look = 0; look < 30; look++) demand = smooth(demand, { seconds: 10, average: 0, deviation: 0, highest: 0 });
  expect(demand.smoothed).toBeGreaterThan(48);
  expect(demand.smoothed).toBeLessThan(51);
});

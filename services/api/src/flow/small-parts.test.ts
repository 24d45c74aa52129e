import { describe, expect, test } from 'vitest';
import { attemptOn } from '../auth/authorization.ts';
import { Demand } from './demand.ts';
import { TimeRanges } from './flow-counts.ts';
import { RetryAfter } from './retry-after.ts';
import { deal, Hands } from './shards.ts';
import { WatchCounts } from './watch-counts.ts';
import { estimate, leastWork } from './work.ts';

describe('hands of queues', () => {
  test('have distinct queues, and are the same each time', () => {
    const hands = new Hands('schema');
    const seen = new Set<string>();
    for (let flow = 0; flow < 500; flow++) {
      const hand = hands.of(`user-${flow}`, 64, 6);
      expect(new Set(hand).size).toBe(6);
      expect(hand.every((queue) => queue >= 0 && queue < 64)).toBe(true);
      expect(hands.of(`user-${flow}`, 64, 6)).toBe(hand);
      seen.add([...hand].sort().join());
    }
    // Two flows seldom share all of their queues.
    expect(seen.size).toBe(500);
  });

  test('are dealt evenly', () => {
    const uses = new Array<number>(16).fill(0);
    for (let hash = 0n; hash < 16n * 15n; hash++) for (const card of deal(hash, 16, 2)) uses[card]!++;
    expect(new Set(uses).size).toBe(1);
  });
});

test('demand is an average over time', () => {
  const demand = new Demand(0);
  demand.set(10, 1_000);
  demand.set(0, 2_000);
  expect(demand.take(4_000)).toEqual({ seconds: 4, average: 2.5, deviation: Math.sqrt(18.75), highest: 10 });
  expect(demand.take(4_000)).toEqual({ seconds: 0, average: 0, deviation: 0, highest: 0 });
});

test('clients are told to wait longer while many are refused, and shorter again', () => {
  const retry = new RetryAfter();
  const told: number[] = [];
  for (let second = 10; second < 60; second++)
    for (let each = 0; each < 40; each++) told.push(retry.refuse(second * 1_000));
  expect(told[0]).toBe(1);
  expect(Math.max(...told)).toBe(32);
  const later = Array.from({ length: 40 }, (_, each) => retry.refuse((100 + each * 40) * 1_000));
  expect(later.at(-1)).toBe(1);
});

describe('the work of requests', () => {
  test('of a list goes by its size, up to what its level allows', () => {
    const list = (listChars: number | undefined, maxSeats = 0) =>
      estimate({ verb: 'list', listChars, watches: 0, maxSeats }).seats;
    expect([list(undefined), list(10), list(100_000), list(100_001), list(950_000), list(50_000_000)]).toEqual([
      1, 1, 1, 2, 10, 10,
    ]);
    expect(list(950_000, 4)).toBe(4);
  });

  test('of a write goes by those who are told of it', () => {
    const write = (watches: number, maxSeats = 0) => estimate({ verb: 'update', watches, maxSeats });
    expect(write(9)).toEqual(leastWork);
    expect(write(25)).toEqual({ seats: 1, finalSeats: 3, extraMs: 5 });
    // The same work with fewer seats takes longer.
    expect(write(200, 5)).toEqual({ seats: 1, finalSeats: 5, extraMs: 20 });
    expect(estimate({ verb: 'get', watches: 100, maxSeats: 0 })).toEqual(leastWork);
  });
});

test('watches are counted by what they are about, while they are open', () => {
  const counts = new WatchCounts();
  const on = (verb: string, namespace: string, name = '', fieldSelector = '') =>
    attemptOn(verb, 'pods', { namespace, name, fieldSelector });
  const all = counts.add(on('watch', ''));
  counts.add(on('watch', 'a'));
  counts.add(on('watch', 'a', 'p'));
  counts.add(on('watch', '', '', 'spec.nodeName=n1'));
  expect(counts.interestedIn(on('update', 'a', 'p'))).toBe(3);
  expect(counts.interestedIn(on('create', 'a'))).toBe(2);
  expect(counts.interestedIn(on('update', 'b', 'p'))).toBe(1);
  all[Symbol.dispose]();
  all[Symbol.dispose]();
  expect(counts.interestedIn(on('update', 'b', 'p'))).toBe(0);
});

test('time is counted by the range that a quantity was in', () => {
  const time = new TimeRanges([0.5, 1], 0);
  time.set(0.7, 10);
  time.set(2, 30);
  time.bringUpTo(35);
  expect(time.ranges.counts).toEqual([10e6, 20e6, 5e6]);
  expect(time.ranges.sum).toBeCloseTo(0.7 * 20e6 + 2 * 5e6, 3);
});

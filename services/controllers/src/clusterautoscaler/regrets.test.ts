import type { ConfigMap } from '@gantry/model/gen/gantry.core.v1.ts';
import { describe, expect, it } from 'vitest';
import { aPod } from '../testing/objects.ts';
import type { Candidate } from './candidates.ts';
import { Regrets, regretsAnnotation } from './regrets.ts';
import { isIdle } from './scale-down.ts';

const minute = 60_000;
const unneededMs = 10 * minute;

/** Memory of a clock that shows the wall's time as its own. */
function memory() {
  const regrets = new Regrets();
  return {
    regrets,
    removed: (group: string, atMs: number, owners: string[] = []) => regrets.removed(group, owners, atMs, atMs),
    grew: (group: string, atMs: number, owners: string[] = []) =>
      regrets.grew(new Set([group]), new Set(owners), () => unneededMs, atMs, atMs),
    patience: (group: string, atMs: number) => regrets.patience(group, unneededMs, atMs),
  };
}

const stored = (text: string): ConfigMap =>
  ({ metadata: { annotations: { [regretsAnnotation]: text } } }) as unknown as ConfigMap;

describe('a removal is regretted', () => {
  it.each<[what: string, group: string, owners: string[], afterMs: number, regretted: string[]]>([
    ['where its group grows soon', 'g', [], 30 * minute - 1, ['g']],
    ['not where it grows later', 'g', [], 30 * minute, []],
    ['not where another group grows for other pods', 'h', ['db'], minute, []],
    ['where another group grows for pods of an owner of those that were moved', 'h', ['web'], minute, ['g']],
  ])('%s', (_what, group, owners, afterMs, regretted) => {
    const { removed, grew, patience } = memory();
    removed('g', 0, ['web']);
    expect(grew(group, afterMs, owners)).toEqual(regretted);
    expect(patience('g', afterMs)).toBe(regretted.length > 0 ? 2 : 1);
  });

  it('once, however often what failed is tried again', () => {
    const { removed, grew, patience } = memory();
    removed('g', 0);
    expect(grew('g', minute)).toEqual(['g']);
    expect(grew('g', 2 * minute)).toEqual([]);
    expect(patience('g', 2 * minute)).toBe(2);
  });
});

describe('patience', () => {
  it('doubles with each regret up to eight times, and halves in quiet times that are the longer the higher it is', () => {
    const { removed, grew, patience } = memory();
    for (const factor of [2, 4, 8, 8]) {
      removed('g', 0);
      grew('g', 0);
      expect(patience('g', 0)).toBe(factor);
    }
    const at = (unneededTimes: number): number => patience('g', unneededTimes * unneededMs);
    expect([47.9, 48, 71.9, 72, 83.9, 84, 1_000].map(at)).toEqual([8, 4, 4, 2, 2, 1, 1]);
  });

  it('outlives the process, and so does a removal that is yet to be regretted', () => {
    const { regrets, removed, grew } = memory();
    removed('g', 0);
    grew('g', minute);
    removed('g', 20 * minute, ['web']);
    const next = new Regrets();
    next.adopt(stored(regrets.text), 30 * minute, 5_000);
    expect(next.text).toBe(regrets.text);
    expect(next.patience('g', unneededMs, 5_000)).toBe(2);
    expect(next.grew(new Set(['h']), new Set(['web']), () => unneededMs, 30 * minute, 5_000)).toEqual(['g']);
    expect(next.patience('g', unneededMs, 5_000)).toBe(4);
  });

  it('is held for no longer than its time by a process whose wall clock is behind', () => {
    const { regrets, removed, grew } = memory();
    removed('g', 0);
    grew('g', minute);
    const next = new Regrets();
    next.adopt(stored(regrets.text), -3_600_000, 0);
    expect(next.patience('g', unneededMs, 12 * unneededMs - 1)).toBe(2);
    expect(next.patience('g', unneededMs, 12 * unneededMs)).toBe(1);
  });

  it.each(['', '{}', 'null', '[1]', '[{"group":"g","factor":3,"sinceMs":0}]', '[{"group":"g","factor":2}]'])(
    'does not come of what makes no sense: %s',
    (text) => {
      const regrets = new Regrets();
      regrets.adopt(stored(text), 0, 0);
      expect(regrets.text).toBe('[]');
    },
  );

  it('is remembered for so many groups and owners, the latest', () => {
    const { regrets, removed, grew } = memory();
    for (let at = 0; at < 300; at++) removed(`g${at}`, 0);
    removed(
      'g299',
      0,
      Array.from({ length: 50 }, (_, owner) => `o${owner}`),
    );
    expect(grew('g99', 1)).toEqual([]);
    expect(grew('g100', 1)).toEqual(['g100']);
    expect(grew('x', 1, ['o29'])).toEqual([]);
    expect(grew('x', 1, ['o30'])).toEqual(['g299']);
    expect(regrets.text.length).toBeLessThan(20_000);
  });
});

it('a node is idle that has no pods, and on which none that wait and no headroom were placed', () => {
  const candidate = (...moving: Candidate['moving']): Candidate =>
    ({ moving, member: { node: { metadata: { name: 'n' } } } }) as unknown as Candidate;
  const on = (nodeName: string) => [{ id: 'spare', nodeName, count: 1 }];
  expect(isIdle(candidate(), on('other'))).toBe(true);
  expect(isIdle(candidate(), on('n'))).toBe(false);
  expect(isIdle(candidate(aPod('web')), [])).toBe(false);
});

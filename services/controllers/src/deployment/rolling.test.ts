import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextNewSize, nextOldSizes, proportionalSizes, resolveIntOrPercent, rolloutBounds } from './rolling.ts';

describe('resolveIntOrPercent', () => {
  it('rounds percentages the way it is asked to', () => {
    expect(resolveIntOrPercent('25%', 10, 'up')).toBe(3);
    expect(resolveIntOrPercent('25%', 10, 'down')).toBe(2);
    expect(resolveIntOrPercent(4, 10, 'down')).toBe(4);
  });
});

describe('rolloutBounds', () => {
  it('lets one replica be unavailable where nothing could move otherwise', () => {
    expect(rolloutBounds(1, '25%', '25%')).toEqual({ replicas: 1, maxSurge: 1, maxUnavailable: 0 });
    expect(rolloutBounds(4, 0, '10%')).toEqual({ replicas: 4, maxSurge: 0, maxUnavailable: 1 });
    expect(rolloutBounds(0, 0, 0)).toEqual({ replicas: 0, maxSurge: 0, maxUnavailable: 0 });
  });
});

describe('a step of a rolling update', () => {
  const bounds = rolloutBounds(10, 3, 2);

  it('grows the new set by what the surge leaves free', () => {
    expect(nextNewSize(bounds, { wanted: 0, available: 0 }, [{ wanted: 10, available: 10 }])).toBe(3);
    expect(nextNewSize(bounds, { wanted: 5, available: 5 }, [{ wanted: 8, available: 8 }])).toBe(5);
  });

  // Facts of Kubernetes' controller.
  it.each([
    { surge: 0, old: 10, now: 0, kept: 0 },
    { surge: 2, old: 10, now: 0, kept: 2 },
    { surge: 2, old: 5, now: 0, kept: 7 },
    { surge: 2, old: 10, now: 2, kept: 2 },
    { surge: 2, old: 2, now: 11, kept: 10 },
  ])(
    'of ten replicas makes $kept of $now new ones, beside $old old ones and with a surge of $surge',
    ({ surge, old, now, kept }) => {
      const sizes = [{ wanted: old, available: old }];
      expect(nextNewSize(rolloutBounds(10, surge, 0), { wanted: now, available: 0 }, sizes)).toBe(kept);
    },
  );

  it.each([
    { missing: 0, old: 10, available: 10, fresh: 0, kept: 9 },
    { missing: 2, old: 10, available: 10, fresh: 0, kept: 8 },
    { missing: 2, old: 10, available: 8, fresh: 0, kept: 8 },
    { missing: 2, old: 10, available: 9, fresh: 0, kept: 8 },
    { missing: 2, old: 8, available: 8, fresh: 2, kept: 8 },
  ])(
    'leaves $kept of $old old ones, $available of them available, beside $fresh new ones',
    ({ missing, old, available, fresh, kept }) => {
      const bounds = rolloutBounds(10, 0, missing);
      expect(nextOldSizes(bounds, { wanted: fresh, available: 0 }, [{ wanted: old, available }])).toEqual([kept]);
    },
  );

  it('never takes more available replicas away than may be missing', () => {
    expect(nextOldSizes(bounds, { wanted: 3, available: 0 }, [{ wanted: 10, available: 10 }])).toEqual([8]);
    expect(nextOldSizes(bounds, { wanted: 3, available: 3 }, [{ wanted: 8, available: 8 }])).toEqual([5]);
  });

  it('takes replicas that serve nobody first, from the oldest set on', () => {
    const old = [
      { wanted: 4, available: 1 },
      { wanted: 6, available: 6 },
    ];
    expect(nextOldSizes(bounds, { wanted: 3, available: 1 }, old)).toEqual([1, 6]);
  });
});

interface Simulated {
  wanted: number;
  available: number;
}

describe('a whole rolling update', () => {
  const scenario = fc.record({
    replicas: fc.integer({ min: 1, max: 30 }),
    maxSurge: fc.oneof(
      fc.integer({ min: 0, max: 10 }),
      fc.integer({ min: 0, max: 100 }).map((n) => `${n}%`),
    ),
    maxUnavailable: fc.oneof(
      fc.integer({ min: 0, max: 10 }),
      fc.integer({ min: 0, max: 100 }).map((n) => `${n}%`),
    ),
    readiness: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 20 }),
  });

  it('ends with the new set alone, and on the way stays within its bounds', () => {
    fc.assert(
      fc.property(scenario, ({ replicas, maxSurge, maxUnavailable, readiness }) => {
        const bounds = rolloutBounds(replicas, maxSurge, maxUnavailable);
        const old: Simulated = { wanted: replicas, available: replicas };
        const next: Simulated = { wanted: 0, available: 0 };
        for (let round = 0; round < 500 && (next.available < replicas || old.wanted > 0); round++) {
          next.wanted = nextNewSize(bounds, next, [old]);
          expect(next.wanted + old.wanted).toBeLessThanOrEqual(replicas + bounds.maxSurge);
          old.wanted = nextOldSizes(bounds, next, [old])[0]!;
          old.available = Math.min(old.available, old.wanted);
          expect(next.available + old.available).toBeGreaterThanOrEqual(replicas - bounds.maxUnavailable);
          // Some rounds nothing becomes ready, but never for ever.
          const ready = readiness[round % readiness.length]! + (round % 7 === 0 ? 1 : 0);
          next.available = Math.min(next.wanted, next.available + ready);
        }
        expect({ old: old.wanted, next: next.available }).toEqual({ old: 0, next: replicas });
      }),
    );
  });
});

describe('the sets of a Deployment that is scaled in the middle of a rollout', () => {
  /** Sizes of sets, oldest first, and the most pods of the Deployment when they were sized. */
  const scaled = (replicas: number, maxSurge: number, sizes: readonly number[], mostBefore: number | undefined) =>
    proportionalSizes(
      { replicas, maxSurge, maxUnavailable: 0 },
      sizes.map((wanted) => ({ wanted, mostBefore })),
      sizes.reduce((total, size) => total + size, 0),
    );

  // Facts of Kubernetes' controller, the surge resolved.
  it.each<[what: string, replicas: number, surge: number, before: number[], most: number | undefined, after: number[]]>(
    [
      ['keep their proportions', 20, 0, [5, 5], 10, [10, 10]],
      ['shrink in proportion', 10, 0, [15, 5], 20, [7, 3]],
      ['give the larger one the rest', 15, 0, [4, 6], 10, [6, 9]],
      ['of one size grow from the newest', 11, 0, [5, 5], 10, [5, 6]],
      ['of one size shrink from the oldest', 9, 0, [5, 5], 10, [4, 5]],
      ['take the surge into account', 10, 2, [2, 4], 6, [4, 8]],
      ['go to nothing', 0, 0, [3, 4], 7, [0, 0]],
      ['stay where the total is right', 8, 2, [4, 6], 12, [4, 6]],
      ['go by the pods that are counted where they do not know', 20, 0, [5, 5], undefined, [10, 10]],
      ['go by the pods that are counted where what they know is 0', 20, 0, [5, 5], 0, [10, 10]],
      ['are three', 8, 0, [3, 3, 3], 9, [2, 3, 3]],
      ['of which the newer is smaller grow', 10, 0, [3, 2], 5, [6, 4]],
      ['of which the newer is smaller shrink', 3, 0, [3, 2], 5, [2, 1]],
      ['of which one is tiny shrink', 4, 0, [1, 8], 9, [0, 4]],
      ['of three sizes grow', 10, 0, [2, 3, 2], 7, [3, 4, 3]],
      ['of three sizes shrink', 8, 0, [3, 8, 2], 13, [2, 5, 1]],
      ['of one pod each grow from the newest', 4, 0, [1, 1, 1], 3, [1, 1, 2]],
      ['of one pod each shrink from the oldest', 2, 0, [1, 1, 1], 3, [0, 1, 1]],
      ['of one size, two of them, grow from the newest', 5, 0, [2, 2], 4, [2, 3]],
      ['that are three go to nothing', 0, 0, [1, 2, 3], 6, [0, 0, 0]],
      ['with a surge grow', 20, 2, [6, 6], 12, [11, 11]],
      ['grow with another surge', 50, 6, [8, 5], 13, [34, 22]],
      ['of an older template both grow', 14, 0, [3, 7], 10, [4, 10]],
      ['stay where the new one is broken', 2, 1, [1, 2], 3, [1, 2]],
    ],
  )('%s', (_what, replicas, surge, before, most, after) => {
    expect(scaled(replicas, surge, before, most)).toEqual(after);
  });

  it('have the total that is allowed', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(sizes, fc.nat(200), fc.nat(9), fc.nat(20), (before, replicas, surge, missing) => {
        const total = before.reduce((sum, size) => sum + size, 0);
        const after = scaled(replicas, surge, before, total + missing);
        expect(Math.min(...after)).toBeGreaterThanOrEqual(0);
        expect(after.reduce((sum, size) => sum + size, 0)).toBe(replicas === 0 ? 0 : replicas + surge);
      }),
    );
  });
});

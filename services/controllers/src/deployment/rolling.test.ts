import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextNewSize, nextOldSizes, resolveIntOrPercent, rolloutBounds, shareOut } from './rolling.ts';

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
    expect(rolloutBounds(0, 0, 0)).toEqual({ replicas: 0, maxSurge: 0, maxUnavailable: 1 });
  });
});

describe('a step of a rolling update', () => {
  const bounds = rolloutBounds(10, 3, 2);

  it('grows the new set by what the surge leaves free', () => {
    expect(nextNewSize(bounds, { wanted: 0, available: 0 }, [{ wanted: 10, available: 10 }])).toBe(3);
    expect(nextNewSize(bounds, { wanted: 5, available: 5 }, [{ wanted: 8, available: 8 }])).toBe(5);
  });

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

describe('shareOut', () => {
  it('keeps the sum and the proportions', () => {
    expect(shareOut([5, 10], 30)).toEqual([10, 20]);
    expect(shareOut([3, 3, 1], 8)).toEqual([4, 3, 1]);
    expect(shareOut([2, 8], 0)).toEqual([0, 0]);
  });

  it('lets no set grow while others shrink', () => {
    expect(shareOut([3, 3, 3], 8)).toEqual([3, 3, 2]);
  });

  it('never loses a replica', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 0, max: 500 }),
        (sizes, total) => {
          const shared = shareOut(sizes, total);
          expect(shared.reduce((a, b) => a + b, 0)).toBe(total);
          expect(Math.min(...shared)).toBeGreaterThanOrEqual(0);
          const shrinks = total < sizes.reduce((a, b) => a + b, 0);
          if (shrinks) expect(shared.every((size, index) => size <= sizes[index]!)).toBe(true);
        },
      ),
    );
  });
});

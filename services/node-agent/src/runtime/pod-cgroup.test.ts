import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sharesOfWeight, weightOfShares } from './pod-cgroup.ts';

it('turns shares into weights of their range, the more the larger', () => {
  expect([2, 1_024, 262_144].map(weightOfShares)).toEqual([1, 39, 10_000]);
  expect([0, 1e9].map(weightOfShares)).toEqual([1, 10_000]);
  const shares = fc.integer({ min: 2, max: 262_144 });
  fc.assert(
    fc.property(shares, shares, (left, right) => {
      expect(Math.sign(weightOfShares(left) - weightOfShares(right)) * Math.sign(left - right)).toBeGreaterThanOrEqual(
        0,
      );
      // Weights are coarser, so that the way back ends within one of them.
      expect(Math.abs(weightOfShares(sharesOfWeight(weightOfShares(left))) - weightOfShares(left))).toBeLessThanOrEqual(
        1,
      );
    }),
  );
});

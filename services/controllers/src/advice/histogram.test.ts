import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketOf, bucketsTo, DecayingHistogram, startOf } from './histogram.ts';

const buckets = bucketsTo(1_000, 0.01);
const dayMs = 86_400_000;
const startMs = Date.parse('2026-01-01T00:00:00Z');

describe('buckets', () => {
  it('hold each amount, and grow by a twentieth', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 999, noNaN: true }), (amount) => {
        const bucket = bucketOf(buckets, amount);
        expect(startOf(buckets, bucket)).toBeLessThanOrEqual(amount * (1 + 1e-9) + 1e-12);
        expect(startOf(buckets, bucket + 1)).toBeGreaterThanOrEqual(amount * (1 - 1e-9));
      }),
    );
  });

  it('take what is beyond them into the last one', () => {
    expect(bucketOf(buckets, 1e9)).toBe(buckets.count - 1);
    expect(bucketOf(buckets, Number.NaN)).toBe(0);
  });
});

describe('a decaying histogram', () => {
  const filled = (samples: readonly (readonly [amount: number, atMs: number])[]): DecayingHistogram => {
    const histogram = new DecayingHistogram(buckets, dayMs);
    for (const [amount, atMs] of samples) histogram.add(amount, 1, atMs);
    return histogram;
  };

  it('gives percentiles within a bucket of the true ones', () => {
    const amounts = fc.array(fc.double({ min: 0.01, max: 900, noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(amounts, fc.double({ min: 0.01, max: 1, noNaN: true }), (list, part) => {
        const sorted = list.toSorted((a, b) => a - b);
        const exact = sorted[Math.min(list.length - 1, Math.ceil(part * list.length - 1e-6) - 1)] ?? sorted[0]!;
        const given = filled(list.map((amount) => [amount, startMs])).percentile(part);
        expect(given).toBeGreaterThanOrEqual(exact * 0.999);
        expect(given).toBeLessThanOrEqual(exact * 1.051 + 0.0105);
      }),
    );
  });

  it('lets a sample lose half of its weight in a half-life', () => {
    // One old sample against one new one: after one half-life a third of the weight is the old one's.
    const histogram = filled([
      [10, startMs],
      [1, startMs + dayMs],
    ]);
    expect(histogram.percentile(0.66)).toBeLessThan(1.1);
    expect(histogram.percentile(0.68)).toBeGreaterThan(9.9);
  });

  it('forgets what is very old, and stays finite for years', () => {
    const histogram = new DecayingHistogram(buckets, dayMs);
    histogram.add(500, 1, startMs);
    for (let day = 1; day <= 2_000; day++) histogram.add(1, 1, startMs + day * dayMs);
    expect(histogram.percentile(1)).toBeLessThan(1.1);
    expect(histogram.percentile(0.9)).toBeGreaterThanOrEqual(1);
  });

  it('takes a sample back', () => {
    const histogram = filled([[1, startMs]]);
    histogram.add(100, 1, startMs + 1_000);
    histogram.take(100, 1, startMs + 1_000);
    expect(histogram.percentile(1)).toBeLessThan(1.1);
  });

  it('comes back from its text nearly as it was, and goes on decaying', () => {
    const sample = fc.tuple(fc.double({ min: 0.01, max: 900, noNaN: true }), fc.integer({ min: 0, max: 10 * dayMs }));
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 50 }), (list) => {
        const made = filled(list.map(([amount, afterMs]) => [amount, startMs + afterMs]));
        const read = new DecayingHistogram(buckets, dayMs);
        read.read(made.toText());
        for (const part of [0.5, 0.9]) {
          const [left, right] = [made.percentile(part - 0.01), made.percentile(part + 0.01)];
          expect(read.percentile(part)).toBeGreaterThanOrEqual(left * 0.999);
          expect(read.percentile(part)).toBeLessThanOrEqual(right * 1.001);
        }
        read.add(1, 1, startMs + 400 * dayMs);
        expect(read.percentile(0.99)).toBeLessThan(1.1);
      }),
    );
  });

  it.each(['', 'x', '1 0 3:4', '1 1 999999:4', '1 1 3:-4', '1 Infinity 3:4', '1 1'])(
    'is empty after the text %j',
    (text) => {
      const histogram = new DecayingHistogram(buckets, dayMs);
      histogram.read(text);
      expect(histogram.isEmpty).toBe(true);
      expect(histogram.percentile(0.5)).toBe(0);
    },
  );
});

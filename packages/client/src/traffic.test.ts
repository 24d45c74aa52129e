import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { merged, quantileMs, sampleOf, summarized } from './traffic.ts';
import type { TrafficCounts, TrafficMeasurement } from './traffic-messages.ts';

const boundsMs = [1, 10, 100];

describe('quantileMs', () => {
  it.each([
    ['nothing', [0, 0, 0, 0], 0.5, 0],
    ['half of the first bucket', [10, 0, 0, 0], 0.5, 0.5],
    ['the end of the first bucket', [10, 10, 0, 0], 0.5, 1],
    ['within the second', [10, 10, 0, 0], 0.75, 5.5],
    ['beyond an empty bucket', [1, 0, 99, 0], 0.99, 10 + (90 * 98) / 99],
    ['above all bounds', [1, 0, 0, 99], 0.99, 100],
    ['no buckets', [], 0.5, 0],
  ])('%s', (_, counts, part, expected) => {
    expect(quantileMs(counts, boundsMs, part)).toBeCloseTo(expected, 9);
  });

  it('lies within the bucket that holds the sample of that rank, and never falls', () => {
    const sample = fc.integer({ min: 1, max: 100 });
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1 }), (samples) => {
        const counts = [...boundsMs, Number.POSITIVE_INFINITY].map(
          (upper, i) => samples.filter((value) => value <= upper && value > (boundsMs[i - 1] ?? 0)).length,
        );
        const sorted = samples.toSorted((a, b) => a - b);
        let before = 0;
        for (const part of [0.01, 0.5, 0.9, 0.99, 1]) {
          const exact = sorted[Math.ceil(part * samples.length) - 1]!;
          const upper = boundsMs.find((bound) => exact <= bound)!;
          const estimate = quantileMs(counts, boundsMs, part);
          expect(estimate).toBeLessThanOrEqual(upper);
          expect(estimate).toBeGreaterThanOrEqual(boundsMs[boundsMs.indexOf(upper) - 1] ?? 0);
          expect(estimate).toBeGreaterThanOrEqual(before);
          before = estimate;
        }
      }),
    );
  });
});

const web: TrafficCounts = {
  ...{ namespace: 'shop', service: 'web', port: 80, revision: 'a', route: 'all', tcp: false },
  ...{ requests: 10, errors: 1, latencyCounts: [10, 0, 0, 0], perSecond: 0.5, active: 2 },
};

function answer(more: Partial<TrafficMeasurement>, ...series: readonly TrafficCounts[]): TrafficMeasurement {
  const all = { complete: true, problem: '', boundsMs, windowSeconds: 60 };
  return { ...all, series: series.map((one) => summarized(one, boundsMs)), ...more };
}

describe('merged', () => {
  it('adds what several servers counted of one revision, and keeps others apart', () => {
    const slow = { ...web, latencyCounts: [0, 0, 10, 0] };
    const { series, complete } = merged([answer({}, web), answer({}, slow, { ...web, revision: 'b' })], 60);
    expect(complete).toBe(true);
    expect(series.map(({ revision, requests, errors }) => [revision, requests, errors])).toEqual([
      ['a', 20, 2],
      ['b', 10, 1],
    ]);
    expect(series[0]).toMatchObject({ latencyCounts: [10, 0, 10, 0], p50Ms: 1 });
    expect(series[0]!.p99Ms).toBeGreaterThan(90);
  });

  it('adds rates and what is under way, which nobody knows where one does not count it', () => {
    expect(merged([answer({}, web), answer({}, web)], 60).series[0]).toMatchObject({ perSecond: 1, active: 4 });
    const part = { ...web, active: undefined };
    expect(merged([answer({}, web), answer({}, part)], 60).series[0]!.active).toBeUndefined();
  });

  it('is complete only where every answer is', () => {
    const partly = answer({ complete: false, problem: 'an Envoy is silent' }, web);
    expect(merged([answer({}, web), partly], 60)).toMatchObject({ complete: false, problem: 'an Envoy is silent' });
    expect(merged([answer({}, web)], 60, ['a is away'])).toMatchObject({ complete: false, problem: 'a is away' });
    expect(merged([], 60, ['nobody'])).toMatchObject({ complete: false, series: [] });
  });

  it('does not add times in other buckets', () => {
    const other = answer({ boundsMs: [5, 50, 500] }, web);
    expect(merged([answer({}, web), other], 60).series[0]).toMatchObject({
      requests: 20,
      latencyCounts: [10, 0, 0, 0],
    });
  });
});

describe('sampleOf', () => {
  it('takes all series as one', () => {
    const sample = sampleOf([web, { ...web, port: 81, errors: 0, latencyCounts: [0, 10, 0, 0] }], boundsMs);
    expect([sample.requests, sample.errors]).toEqual([20, 1]);
    expect([...sample.latencyMs.keys()]).toEqual([50, 90, 95, 99]);
    expect(sample.latencyMs.get(50)).toBe(1);
  });

  it('has no times without answers', () => {
    expect(sampleOf([], boundsMs)).toEqual({ requests: 0, errors: 0, active: 0, latencyMs: new Map() });
  });

  it('adds what is under way, and says nothing where a part is unknown', () => {
    expect(
      sampleOf(
        [
          { ...web, active: 2 },
          { ...web, active: 0.5 },
        ],
        boundsMs,
      ).active,
    ).toBe(2.5);
    expect(
      sampleOf(
        [
          { ...web, active: 2 },
          { ...web, active: undefined },
        ],
        boundsMs,
      ).active,
    ).toBeUndefined();
  });
});

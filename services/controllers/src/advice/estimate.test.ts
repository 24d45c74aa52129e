import { amountOf } from '@gantry/model/amounts.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContainerUsage, dayMs } from './container-usage.ts';
import { adviceOf, bytesText, confidenceOf, coresText } from './estimate.ts';

const startMs = Date.parse('2026-01-01T00:00:00Z');
const mebibyte = 1024 ** 2;

/** Use for some minutes, by minute. */
function used(minutes: number, of: (minute: number) => { cores?: number; bytes?: number }, pod = 'p'): ContainerUsage {
  const usage = new ContainerUsage();
  for (let minute = 0; minute < minutes; minute++) {
    const { cores, bytes } = of(minute);
    usage.add({ pod, atMs: startMs + minute * 60_000, cpuCores: cores, memoryBytes: bytes, requestedCores: 1 });
  }
  return usage;
}

const cpu = (text: string | undefined): number => amountOf('cpu', text!);
const memory = (text: string | undefined): number => amountOf('memory', text!) / mebibyte;

describe('advice', () => {
  it('is the 90th percentile with a margin, within the error of a bucket', () => {
    // One minute in five is busy.
    const { target, p50, p95, peak } = adviceOf(
      'c',
      used(1_440, (minute) => ({ cores: minute % 5 === 0 ? 1 : 0.2, bytes: 2e8 })),
    );
    expect(cpu(target!.cpu)).toBeGreaterThanOrEqual(1_150);
    expect(cpu(target!.cpu)).toBeLessThanOrEqual(1_150 * 1.06);
    expect(cpu(p50!.cpu)).toBeLessThanOrEqual(220);
    expect(cpu(p95!.cpu)).toBeGreaterThanOrEqual(1_000);
    expect(memory(peak!.memory)).toBeGreaterThanOrEqual(2e8 / mebibyte);
    expect(memory(target!.memory)).toBeLessThanOrEqual(((2e8 * 1.05 + 1e7) * 1.15) / mebibyte + 1);
  });

  it('goes by the peak of memory of a day, not by what is common', () => {
    const { target } = adviceOf(
      'c',
      used(1_000, (minute) => ({ bytes: minute === 500 ? 9e8 : 1e8 })),
    );
    expect(memory(target!.memory)).toBeGreaterThanOrEqual((9e8 * 1.15) / mebibyte);
    expect(target!.cpu).toBeUndefined();
  });

  it('adds a fifth, and a hundred mebibytes at least, where a container ran out of memory', () => {
    const small = used(1, () => ({ bytes: 50 * mebibyte }));
    expect(small.ranOut('p', startMs + 1, 64 * mebibyte)).toBe(true);
    expect(small.ranOut('p', startMs + 1, 64 * mebibyte)).toBe(false);
    expect(memory(adviceOf('c', small).target!.memory)).toBeGreaterThanOrEqual(164 * 1.15);
    const large = used(1, () => ({ bytes: 1_000 * mebibyte }));
    large.ranOut('p', startMs + 1, 2_000 * mebibyte);
    expect(memory(adviceOf('c', large).target!.memory)).toBeGreaterThanOrEqual(2_400 * 1.15);
    expect(adviceOf('c', large).outOfMemory).toBe(1);
  });

  it('counts a sample once, and none that is no number', () => {
    const usage = new ContainerUsage();
    const sample = { pod: 'p', atMs: startMs, cpuCores: Number.NaN, memoryBytes: -1, requestedCores: 0 };
    expect(usage.add(sample)).toBe(true);
    expect(usage.add(sample)).toBe(false);
    expect(adviceOf('c', usage)).toMatchObject({ target: {}, samples: 1 });
  });

  it('never is less than a hundredth of a processor and 16 mebibytes', () => {
    expect(
      adviceOf(
        'c',
        used(5, () => ({ cores: 0, bytes: 0 })),
      ).target,
    ).toEqual({ cpu: '12m', memory: '16Mi' });
  });

  it('has bounds around its target that come nearer with time', () => {
    const of = (minute: number) => ({ cores: minute % 3 === 0 ? 1 : 0.5, bytes: 1e8 });
    const [hour, day] = [adviceOf('c', used(60, of)), adviceOf('c', used(1_440, of))];
    expect(confidenceOf(used(1_440, of).record)).toBeCloseTo(1, 2);
    for (const advice of [hour, day]) {
      expect(cpu(advice.lowerBound!.cpu)).toBeLessThanOrEqual(cpu(advice.target!.cpu));
      expect(cpu(advice.upperBound!.cpu)).toBeGreaterThanOrEqual(cpu(advice.target!.cpu));
    }
    expect(cpu(day.upperBound!.cpu)).toBeLessThan(cpu(hour.upperBound!.cpu) / 10);
    expect(cpu(day.lowerBound!.cpu)).toBeGreaterThanOrEqual(cpu(hour.lowerBound!.cpu));
  });

  it('is the same after a restart as without one', () => {
    const amounts = fc.array(
      fc.tuple(fc.double({ min: 0.01, max: 8, noNaN: true }), fc.integer({ min: 1e7, max: 1e10 })),
      {
        minLength: 2,
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(amounts, (list) => {
        const half = Math.floor(list.length / 2);
        const add = (usage: ContainerUsage, from: number, to: number): void =>
          list.slice(from, to).forEach(([cpuCores, memoryBytes], index) => {
            // Each in a window of its own, so that what is known of the present window is no matter.
            usage.add({
              pod: 'p',
              atMs: startMs + (from + index) * 2 * dayMs,
              cpuCores,
              memoryBytes,
              requestedCores: 1,
            });
          });
        const whole = new ContainerUsage();
        add(whole, 0, list.length);
        const before = new ContainerUsage();
        add(before, 0, half);
        const after = new ContainerUsage(before.record);
        add(after, half, list.length);
        const [one, other] = [adviceOf('c', whole), adviceOf('c', after)];
        expect(one.samples).toBe(other.samples);
        for (const name of ['p95', 'target'] as const) {
          // A bucket's share is rounded, so that what is read may be of the next one.
          expect(cpu(other[name]!.cpu) / cpu(one[name]!.cpu)).toBeGreaterThan(0.9);
          expect(cpu(other[name]!.cpu) / cpu(one[name]!.cpu)).toBeLessThan(1.11);
        }
      }),
      { numRuns: 50 },
    );
  });
});

it('forgets pods that are gone', () => {
  const usage = used(1, () => ({ bytes: 5e8 }), 'a');
  usage.keepPods(new Set());
  // A window of its own again: both peaks count.
  usage.add({ pod: 'a', atMs: startMs + 60_000, cpuCores: 0, memoryBytes: 1e8, requestedCores: 0 });
  expect(usage.memory.percentile(0.4)).toBeLessThan(1.2e8);
});

it('writes whole thousandths and mebibytes, and nothing beyond what a machine can have', () => {
  expect([coresText(0.0101), coresText(1e12)]).toEqual(['11m', '1000000000m']);
  expect([bytesText(1), bytesText(mebibyte)]).toEqual(['1Mi', '1Mi']);
});

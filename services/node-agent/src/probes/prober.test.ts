import { FakeClock } from '@gantry/runtime/clock.ts';
import { describe, expect, it } from 'vitest';
import type { CheckOutcome } from './outcome.ts';
import { Prober } from './prober.ts';

const failure: CheckOutcome = { result: 'failure', message: 'no' };

function fixture(probe: object, options: { readonly startedAgoMs?: number; readonly outcomes?: CheckOutcome[] } = {}) {
  const clock = new FakeClock();
  const beganMs = clock.monotonic();
  const checks: number[] = [];
  const told: string[] = [];
  let tookMs = 0;
  const outcomes = options.outcomes ?? [];
  const startedAtMs = clock.now() - (options.startedAgoMs ?? 0);
  const begin = (kind: 'liveness' | 'readiness' = 'readiness') =>
    new Prober(kind, probe, false, startedAtMs, {
      clock,
      check: async () => {
        checks.push(clock.monotonic() - beganMs);
        if (tookMs > 0) await clock.sleep(tookMs);
        return outcomes.shift() ?? { result: 'success', message: '' };
      },
      onResult: () => {},
      onTrouble: ({ result }) => {
        told.push(result);
      },
      onError: (error) => {
        throw error;
      },
    });
  const pass = async (ms: number): Promise<void> => {
    for (let passedMs = 0; passedMs < ms; passedMs += 100) {
      await new Promise(setImmediate);
      clock.advance(100);
    }
    await new Promise(setImmediate);
  };
  return {
    clock,
    checks,
    told,
    begin,
    pass,
    takes(ms: number) {
      tookMs = ms;
    },
  };
}

describe('a prober', () => {
  it('checks at the ticks of its period, however long a check takes; one tick that was missed is made up for at once', async () => {
    const { begin, checks, pass, takes } = fixture({ periodSeconds: 3 });
    takes(3_000);
    using _prober = begin();
    await pass(9_500);
    expect(checks).toEqual([0, 3_000, 6_000, 9_000]);
    const slow = fixture({ periodSeconds: 3 });
    slow.takes(4_000);
    using _other = slow.begin();
    await slow.pass(13_000);
    expect(slow.checks).toEqual([0, 4_000, 8_000, 12_000]);
  });

  it('waits for the rest of its initial delay, and for no longer where the wall clock was stepped back', async () => {
    const adopted = fixture({ initialDelaySeconds: 10 }, { startedAgoMs: 4_000 });
    using _adopted = adopted.begin();
    await adopted.pass(6_500);
    expect(adopted.checks).toEqual([6_000]);
    const ahead = fixture({ initialDelaySeconds: 1, periodSeconds: 60 }, { startedAgoMs: -7_200_000 });
    using _ahead = ahead.begin();
    await ahead.pass(1_500);
    expect(ahead.checks).toEqual([1_000]);
  });

  it('goes on through steps of the wall clock', async () => {
    const { begin, checks, pass, clock } = fixture({ periodSeconds: 1 });
    using _prober = begin();
    await pass(1_000);
    clock.stepWall(-7_200_000);
    await pass(2_000);
    clock.stepWall(14_400_000);
    await pass(1_000);
    expect(checks).toEqual([0, 1_000, 2_000, 3_000, 4_000]);
  });

  it('counts no check that could not be run, and tells of it', async () => {
    const unknown: CheckOutcome = { result: 'unknown', message: 'the runtime is away' };
    const { begin, told, pass } = fixture(
      { periodSeconds: 1, failureThreshold: 2 },
      { outcomes: [failure, unknown, unknown, unknown] },
    );
    using prober = begin('liveness');
    await pass(4_000);
    expect(prober.result).toBe('success');
    expect(told).toEqual(['failure', 'unknown', 'unknown', 'unknown']);
  });

  it('goes on after an exception', async () => {
    const clock = new FakeClock();
    let calls = 0;
    const errors: unknown[] = [];
    using _prober = new Prober('liveness', { periodSeconds: 1 }, false, clock.now(), {
      clock,
      check: async () => {
        calls++;
        throw new Error('unforeseen');
      },
      onResult: () => {},
      onTrouble: () => {},
      onError: (error) => {
        errors.push(error);
      },
    });
    for (let second = 0; second < 3; second++) {
      await new Promise(setImmediate);
      clock.advance(1_000);
    }
    await new Promise(setImmediate);
    expect(calls).toBe(4);
    expect(errors).toHaveLength(4);
  });

  it('looks more often until a container is ready for the first time, and counts no failure for it', async () => {
    const { begin, checks, told, pass } = fixture({ periodSeconds: 10 }, { outcomes: Array(5).fill(failure) });
    using prober = begin();
    await pass(30_000);
    // The fake clock goes by steps of 100 ms.
    expect(checks).toEqual([0, 100, 200, 400, 800, 1_600, 10_000, 20_000, 30_000]);
    expect([prober.result, told]).toEqual(['success', ['failure']]);
  });

  it.each([
    ['a command', { exec: { command: ['x'] } }, 'readiness'],
    ['several successes', { successThreshold: 2 }, 'readiness'],
    ['a sign of life', {}, 'liveness'],
  ] as const)('looks no more often for %s', async (_, probe, kind) => {
    const { begin, checks, pass } = fixture({ periodSeconds: 1, ...probe }, { outcomes: [failure] });
    using _prober = begin(kind);
    await pass(1_500);
    expect(checks).toEqual([0, 1_000]);
  });
});

import { FakeClock } from '@gantry/runtime/clock.ts';
import { describe, expect, it } from 'vitest';
import { Waits } from './waits.ts';

describe('a wait', () => {
  it('runs by the monotonic clock from its first sight on', () => {
    const clock = new FakeClock();
    const waits = new Waits(clock);
    const startMs = clock.now();
    expect(waits.leftMs('a', 60, startMs, clock.now())).toBe(60_000);
    clock.stepWall(3_600_000);
    clock.advance(10_000);
    expect(waits.leftMs('a', 60, startMs, clock.now())).toBe(50_000);
    clock.advance(60_000);
    expect(waits.leftMs('a', 60, startMs, clock.now())).toBe(0);
  });

  it('goes on where another process began it, and is never longer than it says', () => {
    const clock = new FakeClock();
    const begun = clock.now() - 31_000;
    expect(new Waits(clock).leftMs('a', 60, begun, clock.now())).toBe(30_000);
    expect(new Waits(clock).leftMs('a', 60, clock.now() + 3_600_000, clock.now())).toBe(60_000);
    expect(new Waits(clock).leftMs('a', 60, clock.now() - 3_600_000, clock.now())).toBe(0);
  });

  it('is no shorter because its start was stored as a whole second', () => {
    const clock = new FakeClock();
    clock.advance(999);
    expect(new Waits(clock).leftMs('a', 1, clock.now() - 999, clock.now())).toBe(1000);
  });

  it('is forgotten when nobody asks for it', () => {
    const clock = new FakeClock();
    const waits = new Waits(clock);
    const startMs = clock.now();
    waits.leftMs('a', 60, startMs, startMs);
    waits.highest('h', 5);
    waits.forgetOthers();
    waits.forgetOthers();
    expect(waits.highest('h', 1)).toBe(1);
    clock.advance(30_000);
    expect(waits.leftMs('a', 60, clock.now(), clock.now())).toBe(60_000);
  });
});

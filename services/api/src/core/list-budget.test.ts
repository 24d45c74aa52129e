import { FakeClock } from '@gantry/runtime/clock.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ListBudget, type Reservation } from './list-budget.ts';

const bounds = { inWork: 100, waiting: 200, unsent: 150 };
const signal = new AbortController().signal;

/** Lets every promise that can settle do so. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 10; turns++) await Promise.resolve();
}

describe('a budget of lists', () => {
  test('lets lists work side by side by their size, and the others wait in order', async () => {
    const budget = new ListBudget(bounds, new FakeClock());
    const started: string[] = [];
    const start = async (name: string, chars: number): Promise<Reservation> => {
      const room = await budget.reserve(chars, signal);
      started.push(name);
      return room;
    };
    const first = await start('large', 90);
    void start('small', 10);
    void start('next', 60);
    void start('last', 5);
    await settled();
    expect(started).toEqual(['large', 'small']);
    first[Symbol.dispose]();
    await settled();
    expect(started).toEqual(['large', 'small', 'next', 'last']);
  });

  test('refuses a list where too much waits, or too much is not taken by its callers', async () => {
    const budget = new ListBudget(bounds, new FakeClock());
    const calls = new AbortController();
    const first = await budget.reserve(100, calls.signal);
    void budget.reserve(100, signal);
    void budget.reserve(100, signal);
    const refused = { reason: 'TooManyRequests', retryAfterMs: 1_000 };
    await expect(budget.reserve(1, signal)).rejects.toMatchObject(refused);
    first.answered(160);
    await settled();
    await expect(budget.reserve(1, signal)).rejects.toMatchObject(refused);
    // The next page of a list that is under way is not refused.
    const next = budget.reserve(1, calls.signal, first);
    calls.abort(new Error('over'));
    await expect(next).rejects.toThrow('over');
    expect(budget.used.unsent).toBe(0);
  });

  test('gives up an answer that is not taken for a minute', async () => {
    const clock = new FakeClock();
    const budget = new ListBudget(bounds, clock);
    let late = 0;
    (await budget.reserve(10, signal)).answered(10, () => late++);
    const taken = await budget.reserve(10, signal);
    taken.answered(10, () => late++);
    taken[Symbol.dispose]();
    clock.advance(60_000);
    await settled();
    expect([late, budget.used]).toEqual([1, { inWork: 0, waiting: 0, unsent: 0 }]);
  });

  test('never lets more work than it has room for, and in the end nothing is left over', async () => {
    const step = fc.oneof(
      fc.record({ type: fc.constant('reserve' as const), chars: fc.integer({ min: 1, max: 300 }) }),
      fc.record({ type: fc.constantFrom('answer' as const, 'dispose' as const, 'abort' as const), which: fc.nat(20) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 50 }), async (steps) => {
        const budget = new ListBudget(bounds, new FakeClock());
        const lists: { stop: AbortController; room?: Reservation }[] = [];
        for (const one of steps) {
          if (one.type === 'reserve') {
            const list: { stop: AbortController; room?: Reservation } = { stop: new AbortController() };
            lists.push(list);
            budget.reserve(one.chars, list.stop.signal).then(
              (room) => {
                list.room = room;
              },
              () => {},
            );
          } else {
            const list = lists[one.which];
            if (one.type === 'answer') list?.room?.answered(10);
            if (one.type === 'dispose') list?.room?.[Symbol.dispose]();
            if (one.type === 'abort') list?.stop.abort();
          }
          await settled();
          expect(budget.used.inWork).toBeLessThanOrEqual(bounds.inWork);
          expect(budget.used.waiting).toBeLessThanOrEqual(bounds.waiting);
        }
        for (let round = 0; round < lists.length; round++) {
          for (const { room } of lists) room?.[Symbol.dispose]();
          await settled();
        }
        expect(budget.used).toEqual({ inWork: 0, waiting: 0, unsent: 0 });
      }),
      { numRuns: 100 },
    );
  });
});

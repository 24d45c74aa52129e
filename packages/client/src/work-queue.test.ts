import { FakeClock } from '@gantry/runtime/clock.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeyQueue } from './key-queue.ts';
import { WorkQueue } from './work-queue.ts';

const policy = { initialMs: 100, maxMs: 1_000, factor: 2, jitter: 0 };

describe('KeyQueue', () => {
  test('a key added often is worked on once; one added while active, once more', () => {
    const queue = new KeyQueue(policy);
    for (const key of ['a', 'b', 'a']) queue.add(key);
    expect([queue.take(0), queue.take(0), queue.take(0)]).toEqual(['a', 'b', undefined]);
    queue.add('a');
    queue.add('a');
    expect(queue.take(0)).toBeUndefined();
    queue.done('a');
    expect([queue.take(0), queue.take(0)]).toEqual(['a', undefined]);
  });

  test('waits after failures grow up to their bound and start anew after a success', () => {
    const queue = new KeyQueue(policy);
    const waits: number[] = [];
    let now = 0;
    queue.add('a');
    for (let round = 0; round < 6; round++) {
      expect(queue.take(now)).toBe('a');
      queue.failed('a', now);
      waits.push(queue.nextDueMs()! - now);
      now = queue.nextDueMs()!;
    }
    expect(waits).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect(queue.take(now)).toBe('a');
    queue.done('a');
    queue.add('a');
    queue.take(now);
    queue.failed('a', now);
    expect(queue.nextDueMs()! - now).toBe(100);
  });

  test('a change ends the wait after a failure, also one that came while the key was worked on', () => {
    const queue = new KeyQueue(policy);
    queue.add('a');
    queue.take(0);
    queue.failed('a', 0);
    expect(queue.take(99)).toBeUndefined();
    queue.add('a');
    expect(queue.take(99)).toBe('a');
    queue.add('a');
    queue.failed('a', 99);
    expect(queue.nextDueMs()).toBeUndefined();
    expect(queue.take(99)).toBe('a');
    queue.failed('a', 99);
    expect(queue.nextDueMs()).toBe(99 + 400);
  });

  test('of two times the earlier one counts', () => {
    const queue = new KeyQueue(policy);
    queue.addAt('a', 500);
    queue.addAt('a', 300);
    queue.addAt('a', 400);
    expect(queue.nextDueMs()).toBe(300);
    expect([queue.take(299), queue.take(300), queue.take(1_000)]).toEqual([undefined, 'a', undefined]);
  });

  test('whatever happens, no key is active twice, none is lost, and due keys come in the order of their times', () => {
    type Step = { what: 'add' | 'addAt' | 'take' | 'done' | 'failed'; key: string; ms: number };
    const step = fc.record<Step>({
      what: fc.constantFrom('add', 'addAt', 'take', 'done', 'failed'),
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      ms: fc.nat({ max: 500 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new KeyQueue(policy);
        const active = new Set<string>();
        const owed = new Set<string>();
        let now = 0;
        for (const { what, key, ms } of steps) {
          if (what === 'add' || what === 'addAt') {
            owed.add(key);
            if (what === 'add') queue.add(key);
            else queue.addAt(key, now + ms);
          } else if (what === 'take') {
            now += ms;
            const taken = queue.take(now);
            if (taken === undefined) continue;
            expect(active.has(taken)).toBe(false);
            active.add(taken);
            owed.delete(taken);
          } else if (active.delete(key)) {
            if (what === 'done') queue.done(key);
            else {
              queue.failed(key, now);
              owed.add(key);
            }
          }
        }
        for (const key of active) queue.done(key);
        const left: string[] = [];
        let dueBefore = 0;
        for (;;) {
          const due = queue.nextDueMs();
          const key = queue.take(now);
          if (key !== undefined) left.push(key);
          else if (due === undefined) break;
          else {
            expect(due).toBeGreaterThanOrEqual(dueBefore);
            dueBefore = due;
            now = due;
          }
        }
        expect(left.sort()).toEqual([...owed].sort());
      }),
    );
  });

  test('putting keys off again and again does not grow it', () => {
    const queue = new KeyQueue(policy);
    for (let round = 100_000; round > 0; round--) queue.addAt(`k${round % 10}`, round);
    expect(queue.nextDueMs()).toBe(1);
    const order = Array.from({ length: 10 }, () => queue.take(1_000_000));
    expect(order).toEqual(['k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7', 'k8', 'k9', 'k0']);
  });
});

/** Lets everything run that can run without time passing. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

describe('WorkQueue', () => {
  const noErrors = (error: unknown): void => {
    throw error;
  };

  test('works on as many keys at a time as it may', async () => {
    const running = new Map<string, () => void>();
    await using queue = new WorkQueue({
      concurrency: 2,
      work: (key) => new Promise((resolve) => void running.set(key, resolve)),
      onError: noErrors,
      clock: new FakeClock(),
    });
    for (const key of ['a', 'b', 'c']) queue.add(key);
    await settle();
    expect([...running.keys()]).toEqual(['a', 'b']);
    running.get('a')!();
    await settle();
    expect([...running.keys()]).toEqual(['a', 'b', 'c']);
    for (const finish of running.values()) finish();
  });

  test('a key that rests is worked on once for all that added it meanwhile, and others go on', async () => {
    const clock = new FakeClock();
    const calls: string[] = [];
    const start = clock.now();
    await using queue = new WorkQueue({
      work: async (key) => {
        calls.push(`${key} ${clock.now() - start}`);
        return key === 'busy' ? { restMs: 50 } : undefined;
      },
      onError: noErrors,
      clock,
    });
    for (const ms of [0, 10, 30, 10, 50, 1]) {
      clock.advance(ms);
      queue.add('busy');
      queue.add('other');
      await settle();
    }
    expect(calls.filter((call) => call.startsWith('busy'))).toEqual(['busy 0', 'busy 50', 'busy 100']);
    expect(calls.filter((call) => call.startsWith('other'))).toHaveLength(6);
  });

  test('failures are reported and tried again after a wait, successes that ask for it too', async () => {
    const clock = new FakeClock();
    const calls: number[] = [];
    const errors: number[] = [];
    const start = clock.now();
    await using queue = new WorkQueue({
      work: async () => {
        calls.push(clock.now() - start);
        if (calls.length <= 2) throw new Error('not yet');
        return { afterMs: 10_000 };
      },
      onError: (_, __, failures) => errors.push(failures),
      backoff: policy,
      clock,
    });
    queue.add('a');
    await settle();
    for (const ms of [100, 199, 1, 9_999, 1]) {
      clock.advance(ms);
      await settle();
    }
    expect(calls).toEqual([0, 100, 300, 10_300]);
    expect(errors).toEqual([1, 2]);
  });

  test('addAfter wakes it when the time has come, the earliest first', async () => {
    const clock = new FakeClock();
    const keys: string[] = [];
    await using queue = new WorkQueue({ work: async (key) => void keys.push(key), onError: noErrors, clock });
    queue.addAfter('late', 500);
    queue.addAfter('soon', 100);
    clock.advance(100);
    await settle();
    expect(keys).toEqual(['soon']);
    clock.advance(400);
    await settle();
    expect(keys).toEqual(['soon', 'late']);
  });

  test('disposing of it aborts and waits for the work under way, and starts no more', async () => {
    const events: string[] = [];
    const queue = new WorkQueue({
      work: async (key, signal) => {
        events.push(`start ${key}`);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        events.push(`end ${key}`);
        throw signal.reason;
      },
      onError: noErrors,
      clock: new FakeClock(),
    });
    queue.add('a');
    queue.add('b');
    await settle();
    await queue[Symbol.asyncDispose]();
    queue.add('c');
    await settle();
    expect(events).toEqual(['start a', 'end a']);
  });
});

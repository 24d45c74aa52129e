import { describe, expect, it } from 'vitest';
import { countCalls, eachFault, faultAt } from './faults.ts';

/** A dependency with all that real ones have: private state, plain methods, and an async iterable. */
class Counter {
  #value = 0;

  get value(): number {
    return this.#value;
  }

  now(): number {
    return 7;
  }

  add(): Promise<number> {
    this.#value += 1;
    return Promise.resolve(this.#value);
  }

  async *steps(ended: string[] = []): AsyncGenerator<number> {
    try {
      for (let step = 1; ; step += 1) yield step;
    } finally {
      ended.push('ended');
    }
  }
}

const methods = new Set(['add', 'steps.next']);

describe('faultAt', () => {
  it('rejects the n-th call before its effect, and no other', async () => {
    const counter = new Counter();
    const faulty = faultAt(2, counter, { methods });
    expect(faulty.now()).toBe(7);
    expect(await faulty.add()).toBe(1);
    await expect(faulty.add()).rejects.toThrow('injected: reject in add, call 2');
    expect(faulty.value).toBe(1);
    expect(await faulty.add()).toBe(2);
  });

  it('throws before it returns, or loses the answer after the effect', async () => {
    const counter = new Counter();
    expect(() => faultAt(1, counter, { methods, mode: 'throw' }).add()).toThrow('injected');
    expect(counter.value).toBe(0);
    const lost = faultAt(1, counter, { methods, mode: 'lost', error: (call) => new RangeError(call) });
    await expect(lost.add()).rejects.toThrow(RangeError);
    expect(counter.value).toBe(1);
  });

  it('fails a step of an async iterable and ends the true one', async () => {
    const ended: string[] = [];
    const seen: number[] = [];
    const reading = (async () => {
      for await (const step of faultAt(3, new Counter(), { methods }).steps(ended)) seen.push(step);
    })();
    await expect(reading).rejects.toThrow('steps.next, call 3');
    expect(seen).toEqual([1, 2]);
    expect(ended).toEqual(['ended']);
  });

  it('wraps a frozen object', async () => {
    const frozen = Object.freeze({ read: async () => 'text' });
    await expect(faultAt(1, frozen).read()).rejects.toThrow('injected');
  });
});

it('counts awaited calls alone', async () => {
  const { target, calls } = countCalls(new Counter());
  target.now();
  await target.add();
  for await (const step of target.steps()) if (step === 2) break;
  expect(calls).toEqual(['add', 'steps.next', 'steps.next']);
});

describe('eachFault', () => {
  it('lets every call fail in every way, over all wrapped objects', async () => {
    const failed: (string | undefined)[] = [];
    const runs = await eachFault(async (faults) => {
      const [one, two] = [faults.wrap(new Counter()), faults.wrap({ read: async () => 1 })];
      for (const call of [() => one.add(), () => two.read()]) {
        try {
          one.now();
          await call();
        } catch {
          // The injected error is expected.
        }
      }
      failed.push(faults.failed);
    });
    expect(runs).toBe(7);
    expect(failed).toEqual([undefined, 'add', 'read', 'add', 'read', 'add', 'read']);
  });

  it('names the call whose failure a scenario does not bear', async () => {
    const scenario = eachFault(async (faults) => {
      const counter = faults.wrap(new Counter());
      await counter.add().catch(() => {});
      await counter.add();
    });
    await expect(scenario).rejects.toThrow('reject at call 2 of 2 (add): injected');
  });
});

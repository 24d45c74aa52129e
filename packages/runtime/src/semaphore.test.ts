import { describe, expect, test } from 'vitest';
import { GantryError } from './errors.ts';
import { Semaphore } from './semaphore.ts';

describe('Semaphore', () => {
  test('lets so many in at a time, and the others in order', async () => {
    const semaphore = new Semaphore(2);
    const order: string[] = [];
    const ends = ['a', 'b', 'c', 'd'].map((name) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const done = semaphore.run(async () => {
        order.push(name);
        await promise;
      });
      return { resolve, done };
    });
    await Promise.resolve();
    expect([order, semaphore.waiting]).toEqual([['a', 'b'], 2]);
    ends[1]!.resolve();
    await ends[1]!.done;
    await Promise.resolve();
    expect(order).toEqual(['a', 'b', 'c']);
    for (const { resolve } of ends) resolve();
    await Promise.all(ends.map(({ done }) => done));
    expect(order).toEqual(['a', 'b', 'c', 'd']);
  });

  test('frees the slot of work that fails, and that of one who gave up before it was his turn', async () => {
    const semaphore = new Semaphore(1);
    await expect(semaphore.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const held = await semaphore.acquire();
    const stop = new AbortController();
    const given = semaphore.acquire(stop.signal);
    stop.abort();
    await expect(given).rejects.toMatchObject({ reason: 'Cancelled' });
    expect(semaphore.waiting).toBe(0);
    held[Symbol.dispose]();
    using _next = await semaphore.acquire();
    const late = new GantryError('Timeout', 'too late');
    await expect(semaphore.acquire(AbortSignal.abort(late))).rejects.toBe(late);
  });
});

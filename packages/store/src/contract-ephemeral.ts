import { expect, test } from 'vitest';
import { openForTest, type StoreHarness } from './contract.ts';

/** Cases about ephemeral values and leases, part of storeContract. */
export function ephemeralContract(harness: StoreHarness): void {
  const longMs = 60_000;
  const shortMs = 40;

  test('values vanish after their time and cost no revision', async () => {
    const store = await openForTest(harness);
    await store.put('beat/a', 'short', shortMs);
    await store.put('beat/b', 'long é', longMs);
    await store.put('other', 'x', longMs);
    await harness.pass(shortMs + 20);
    expect(await store.list('beat/')).toEqual(new Map([['beat/b', 'long é']]));
    expect(await store.list({ prefix: '' })).toEqual({ entries: [], revision: 0, more: false });
  });

  test('a value put again lives on from then', async () => {
    const store = await openForTest(harness);
    await store.put('beat/a', 'one', shortMs);
    await store.put('beat/a', 'two', longMs);
    await harness.pass(shortMs + 20);
    expect(await store.list('beat/')).toEqual(new Map([['beat/a', 'two']]));
  });

  test('one holder has a lease, renews it with the same token, and gives it up', async () => {
    const store = await openForTest(harness);
    const token = (await store.acquire('leader', 'a', longMs))!;
    expect(token).toBeGreaterThan(0);
    expect(await store.acquire('leader', 'b', longMs)).toBeUndefined();
    expect(await store.acquire('leader', 'a', longMs)).toBe(token);
    await store.release('leader', 'b');
    expect(await store.acquire('leader', 'b', longMs)).toBeUndefined();
    await store.release('leader', 'a');
    expect(await store.acquire('leader', 'b', longMs)).toBeGreaterThan(token);
    expect(await store.acquire('another', 'c', longMs)).toBeGreaterThan(0);
  });

  test('a lapsed lease goes to the next holder with a greater token', async () => {
    const store = await openForTest(harness);
    const first = (await store.acquire('leader', 'a', shortMs))!;
    await harness.pass(shortMs + 20);
    const second = (await store.acquire('leader', 'b', longMs))!;
    expect(second).toBeGreaterThan(first);
    expect(await store.acquire('leader', 'a', shortMs)).toBeUndefined();
    await store.release('leader', 'a');
    expect(await store.acquire('leader', 'b', longMs)).toBe(second);
  });

  test('of many who ask at once, one gets the lease', async () => {
    const store = await openForTest(harness);
    const asked = Array.from({ length: 20 }, (_, index) => store.acquire('leader', `holder-${index}`, longMs));
    const tokens = (await Promise.all(asked)).filter((token) => token !== undefined);
    expect(tokens).toHaveLength(1);
  });

  test('refuses what makes no sense', async () => {
    const store = await openForTest(harness);
    await expect(store.put('a', 'x', 0)).rejects.toMatchObject({ reason: 'BadRequest' });
    await expect(store.put('', 'x', longMs)).rejects.toMatchObject({ reason: 'BadRequest' });
    await expect(store.acquire('a', '', longMs)).rejects.toMatchObject({ reason: 'BadRequest' });
    await expect(store.acquire('a', 'x', 1.5)).rejects.toMatchObject({ reason: 'BadRequest' });
  });
}

import { FakeClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { eachFault } from '@gantry/runtime/testing/faults.ts';
import { openStore } from '@gantry/store/open.ts';
import { expect, test } from 'vitest';
import { keepBuiltIns } from './built-ins.ts';

test('what is missing is made at the start and after a deletion, whichever call fails', async () => {
  await eachFault(async (faults) => {
    await using inner = await openStore('sqlite::memory:');
    const store = faults.wrap(inner);
    const clock = new FakeClock();
    const stop = new AbortController();
    const key = 'namespaces/_/default';
    const createMissing = async (): Promise<void> => {
      await inner.commit([{ type: 'put', key, value: '{}', expected: 0 }]);
    };
    const keeping = keepBuiltIns({ store, clock, log: silentLogger }, createMissing, stop.signal);
    const isThere = (): Promise<void> =>
      expect
        .poll(async () => {
          clock.advance(2_000);
          return inner.get(key);
        })
        .toBeDefined();
    await isThere();
    await inner.commit([{ type: 'delete', key }]);
    await isThere();
    stop.abort();
    await keeping;
  });
});

import { FakeClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { eachFault } from '@gantry/runtime/testing/faults.ts';
import { openStore } from '@gantry/store/open.ts';
import { expect, test } from 'vitest';
import { runHousekeeping } from './housekeeping.ts';

test('whichever call of the store fails, old events go and the history is compacted', async () => {
  const old = JSON.stringify({ metadata: { creationTimestamp: '2020-01-01T00:00:00Z' } });
  await eachFault(async (faults) => {
    const clock = new FakeClock();
    await using inner = await openStore('sqlite::memory:', { clock });
    for (let index = 0; index < 3; index++) {
      await inner.commit([{ type: 'put', key: `events/default/e${index}`, value: old }]);
    }
    const { revision } = await inner.list({ prefix: '' });
    const stop = new AbortController();
    const running = runHousekeeping(
      { store: faults.wrap(inner), clock, log: silentLogger, hub: { revision } },
      { holder: 'a', retention: { keepMs: 600_000, keepRevisions: 1 } },
      stop.signal,
    );
    await expect
      .poll(async () => {
        clock.advance(5_000);
        const { entries } = await inner.list({ prefix: 'events/' });
        const compacted = await inner.list({ prefix: '', revision: 1 }).catch((error) => error.reason);
        return [entries.length, compacted];
      })
      .toEqual([0, 'Expired']);
    stop.abort();
    await running;
  });
});

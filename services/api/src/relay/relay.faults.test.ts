import { setImmediate as turn } from 'node:timers/promises';
import { decodeChange, decodeProgress } from '@gantry/events/change.ts';
import { ChangeCursor } from '@gantry/events/cursor.ts';
import type { EventBus } from '@gantry/events/events.ts';
import { InProcessBus } from '@gantry/events/in-process.ts';
import { progressSubject } from '@gantry/events/subjects.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { createMetrics } from '@gantry/runtime/metrics.ts';
import { eachFault } from '@gantry/runtime/testing/faults.ts';
import { MemoryEphemeral } from '@gantry/store/memory-ephemeral.ts';
import { expect, test } from 'vitest';
import { SimStore } from '../watch/testing/sim-store.ts';
import { createRelayMetrics } from './metrics.ts';
import { runRelay } from './relay.ts';

/** Knows what it is told, and reads the store where it sees that something was lost. */
class Consumer {
  readonly known = new Set<number>();
  readonly cursor = new ChangeCursor();
  readonly #store: SimStore;

  constructor(store: SimStore, bus: EventBus) {
    this.#store = store;
    bus.subscribe('gantry.v1.things.>', (_, payload) => {
      const message = decodeChange(payload)!;
      const verdict = this.cursor.change(message, message.previous);
      if (verdict === 'next') this.known.add(message.revision);
      if (verdict === 'gap') this.#read();
    });
    bus.subscribe(progressSubject, (_, payload) => {
      const { epoch, last, start, revision } = decodeProgress(payload)!;
      if (this.cursor.progress(epoch, last.things ?? start, revision) === 'gap') this.#read();
    });
  }

  #read(): void {
    for (const { revision } of this.#store.changes) this.known.add(revision);
    this.cursor.readTo(this.#store.revision);
  }
}

let scenes = 0;

test('whichever call of the store, the bus or the lease fails, everybody comes to know all changes', async () => {
  await eachFault(async (faults) => {
    const clock = new FakeClock();
    const store = new SimStore();
    await using bus = new InProcessBus(`relay-faults-${scenes++}`);
    const consumer = new Consumer(store, bus);
    let token = 0;
    const leases = new MemoryEphemeral(clock, async () => ++token);
    const stop = new AbortController();
    const running = runRelay(
      {
        store: faults.wrap(store),
        leases: faults.wrap(leases),
        bus: faults.wrap(bus),
        clock,
        log: silentLogger,
        metrics: createRelayMetrics(createMetrics('relay')),
      },
      { holder: 'test' },
      stop.signal,
    );
    for (let round = 0; round < 24; round++) {
      if (round % 4 === 0) store.write('things/a/x', `{"round":${round}}`);
      for (let turns = 0; turns < 5; turns++) await turn();
      clock.advance(700);
    }
    for (let turns = 0; turns < 5; turns++) await turn();
    expect(consumer.cursor.revision).toBe(store.revision);
    expect([...consumer.known].sort()).toEqual(store.changes.map(({ revision }) => revision));
    stop.abort();
    await running;
  });
});

import type { Event } from '@gantry/model/gen/gantry.core.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { eachFault } from '@gantry/runtime/testing/faults.ts';
import { describe, expect, test } from 'vitest';
import { EventRecorder } from './event-recorder.ts';

const pod = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: name },
});

/** The events that were written, as the api would hold them. */
class Written {
  readonly events = new Map<string, Event>();

  async create(event: Event): Promise<Event> {
    this.events.set(event.metadata.name, event);
    return event;
  }

  async patch(_kind: string, { name }: { readonly name: string }, { body }: { readonly body: object }): Promise<Event> {
    const event = { ...this.events.get(name)!, ...body };
    this.events.set(name, event);
    return event;
  }

  recorder(writer: object = this, clock = new FakeClock()): EventRecorder {
    return new EventRecorder(writer as never, { component: 'test', clock, log: silentLogger });
  }

  get told(): string[] {
    return [...this.events.values()].map(({ reason, count, involvedObject }) => {
      return `${involvedObject?.name} ${reason} ${count}`;
    });
  }
}

describe('EventRecorder', () => {
  test('writes an event once, and a count for each time that it happens again', async () => {
    const written = new Written();
    const recorder = written.recorder();
    for (let time = 0; time < 3; time++) {
      recorder.record(pod('a'), 'Normal', 'Pulled', 'the image is here');
      await recorder.flush();
    }
    recorder.record(pod('a'), 'Normal', 'Started', 'it runs');
    await recorder.flush();
    expect(written.told).toEqual(['a Pulled 3', 'a Started 1']);
    expect([...written.events.values()][0]).toMatchObject({ lastTimestamp: '2026-01-01T00:00:00Z', type: 'Normal' });
  });

  test('slows down an object that says too much, by the monotonic clock', async () => {
    const clock = new FakeClock();
    const written = new Written();
    const recorder = written.recorder(written, clock);
    const say = async (from: number, times: number): Promise<void> => {
      for (let index = from; index < from + times; index++) recorder.record(pod('a'), 'Normal', 'Said', `${index}`);
      await recorder.flush();
    };
    await say(0, 40);
    expect(written.events.size).toBe(25);
    clock.stepWall(3_600_000);
    await say(40, 5);
    expect(written.events.size).toBe(25);
    clock.advance(300_000);
    await say(50, 5);
    expect(written.events.size).toBe(26);
  });

  test('whichever write fails, the others are made, and nothing is thrown', async () => {
    await eachFault(async (faults) => {
      const written = new Written();
      const recorder = written.recorder(faults.wrap(written));
      for (const name of ['a', 'b', 'c']) {
        recorder.record(pod(name), 'Normal', 'Pulled', 'the image is here');
        recorder.record(pod(name), 'Warning', 'Failed', 'it does not run');
      }
      await recorder.flush();
      const lost = faults.failed === undefined ? 0 : 1;
      expect(written.events.size).toBeGreaterThanOrEqual(6 - lost);
      await recorder[Symbol.asyncDispose]();
    });
  });
});

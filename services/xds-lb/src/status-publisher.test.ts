import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { eachFault } from '@gantry/runtime/testing/faults.ts';
import { expect, it } from 'vitest';
import { StatusPublisher } from './status-publisher.ts';
import { service } from './testing/fixtures.ts';

/** Lets everything run that waits for no time. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function publisher(answer: (name: string) => Error | undefined): {
  publisher: StatusPublisher;
  clock: FakeClock;
  written: string[];
} {
  const clock = new FakeClock();
  const written: string[] = [];
  const updateStatus = async ({ metadata }: Service): Promise<void> => {
    written.push(metadata.name!);
    const error = answer(metadata.name!);
    if (error) throw error;
  };
  return { publisher: new StatusPublisher({ updateStatus }, { clock, log: silentLogger }), clock, written };
}

it('writes each status once', async () => {
  const { publisher: tested, written } = publisher(() => undefined);
  await using _ = tested;
  tested.want([service('a', []), service('b', [])]);
  await settle();
  expect(written).toEqual(['a', 'b']);
});

it('leaves a conflict to the next change', async () => {
  const { publisher: tested, written, clock } = publisher(() => new GantryError('Conflict', 'changed'));
  await using _ = tested;
  tested.want([service('a', [])]);
  await settle();
  clock.advance(60_000);
  await settle();
  expect(written).toEqual(['a']);
});

it('tries again, after a wait, what failed', async () => {
  let failing = true;
  const error = new GantryError('ServiceUnavailable', 'down');
  const { publisher: tested, written, clock } = publisher(() => (failing ? error : undefined));
  await using _ = tested;
  tested.want([service('a', [])]);
  await settle();
  expect(written).toEqual(['a']);
  failing = false;
  clock.advance(1_000);
  await settle();
  expect(written).toEqual(['a', 'a']);
});

it('forgets what is no longer wanted', async () => {
  const error = new GantryError('ServiceUnavailable', 'down');
  const { publisher: tested, written, clock } = publisher((name) => (name === 'a' ? error : undefined));
  await using _ = tested;
  tested.want([service('a', [])]);
  await settle();
  tested.want([service('b', [])]);
  clock.advance(1_000);
  await settle();
  expect(written).toEqual(['a', 'b']);
});

it('stops in the middle of a wait', async () => {
  const { publisher: tested, written } = publisher(() => new GantryError('ServiceUnavailable', 'down'));
  tested.want([service('a', [])]);
  await settle();
  await tested[Symbol.asyncDispose]();
  expect(written).toEqual(['a']);
});

it('writes every status in the end, whichever write fails and however', async () => {
  await eachFault(async (faults) => {
    const written = new Set<string>();
    const writer = {
      updateStatus: async ({ metadata }: Service): Promise<void> => {
        written.add(metadata.name!);
      },
    };
    const clock = new FakeClock();
    await using tested = new StatusPublisher(faults.wrap(writer), { clock, log: silentLogger });
    tested.want([service('a', []), service('b', []), service('c', [])]);
    await settle();
    clock.advance(1_000);
    await settle();
    expect([...written].sort()).toEqual(['a', 'b', 'c']);
  });
});

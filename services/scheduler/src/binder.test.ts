import type { ItemResult } from '@gantry/client/api.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { describe, expect, test } from 'vitest';
import { Binder, type BinderOptions, type SchedulingCalls } from './binder.ts';
import type { Placement } from './decisions.ts';
import { World } from './testing/world.ts';

const { signal } = new AbortController();

/** Placements of pods p0, p1, … on one node. */
function placementsOf(count: number): readonly Placement[] {
  const world = new World();
  world.node('a');
  for (let index = 0; index < count; index++) world.pod(`p${index}`);
  return world.cycle().placements;
}

const taken: ItemResult = { code: 0, reason: '', message: '', resourceVersion: 1 };

/** A binder over calls that all succeed, but for the ones given. Notes what the scheduler is told. */
function binderWith(calls: Partial<SchedulingCalls>, options: Partial<BinderOptions> = {}) {
  const told: string[] = [];
  const note = (what: string, name: string): void => void told.push(`${what} ${name}`);
  const binder = new Binder({
    calls: {
      bind: async (bindings) => bindings.map(() => taken),
      reportUnschedulable: async () => [],
      evict: async () => {},
      ...calls,
    },
    name: 'gantry-scheduler',
    maxInFlight: 2,
    timeoutMs: 1_000,
    onBound: ({ pod }) => note('bound', pod.name),
    onRefused: ({ pod }, { reason }) => note(`refused (${reason})`, pod.name),
    onEvictionRefused: ({ name }) => note('stays', name),
    log: silentLogger,
    ...options,
  });
  return { binder, told };
}

describe('Binder', () => {
  test('takes a call that fails for a refusal of each pod', async () => {
    const bind = async (): Promise<ItemResult[]> => {
      throw new GantryError('ServiceUnavailable', 'no connection');
    };
    const { binder, told } = binderWith({ bind });
    binder.bind(placementsOf(2), signal);
    await binder.settled();
    expect(told.sort()).toEqual(['refused (ServiceUnavailable) p0', 'refused (ServiceUnavailable) p1']);
    expect(binder.inFlight).toBe(0);
  });

  test('an answer that cannot be taken costs its pod alone', async () => {
    const bound: string[] = [];
    const { binder, told } = binderWith(
      {},
      {
        onBound: ({ pod }) => {
          if (pod.name === 'p1') throw new Error('unexpected');
          bound.push(pod.name);
        },
      },
    );
    binder.bind(placementsOf(3), signal);
    await binder.settled();
    expect(bound.sort()).toEqual(['p0', 'p2']);
    expect(told).toEqual([]);
  });

  test('answers that are missing count as refusals', async () => {
    const { binder, told } = binderWith({ bind: async () => [] });
    binder.bind(placementsOf(1), signal);
    await binder.settled();
    expect(told).toEqual(['refused (InternalError) p0']);
  });

  test('goes on evicting after an eviction whose refusal cannot be taken', async () => {
    const asked: string[] = [];
    const evict = async ({ name }: { name: string }): Promise<void> => {
      asked.push(name);
      throw new GantryError('TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.");
    };
    const onEvictionRefused = (): void => {
      throw new Error('unexpected');
    };
    const { binder } = binderWith({ evict }, { onEvictionRefused });
    const pods = placementsOf(40).map(({ entry }) => entry.pod);
    binder.evict(
      pods.map((victim) => ({ victim, by: victim, breaksBudget: false })),
      signal,
    );
    await binder.settled();
    expect(asked).toHaveLength(40);
  });

  test('goes on after a report that could not be sent, and says it again', async () => {
    let sent = 0;
    const reportUnschedulable = async (): Promise<ItemResult[]> => {
      if (++sent === 1) throw new GantryError('ServiceUnavailable', 'no connection');
      return [];
    };
    const world = new World();
    world.pod('p');
    const { waiting } = world.cycle();
    const { binder } = binderWith({ reportUnschedulable });
    binder.report(waiting, signal);
    await binder.settled();
    expect(waiting[0]!.entry.reported).toBe('');
    binder.report(waiting, signal);
    await binder.settled();
    expect(sent).toBe(2);
  });
});

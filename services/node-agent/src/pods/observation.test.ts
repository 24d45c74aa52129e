import { FakeClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { describe, expect, it } from 'vitest';
import type { ObservedSandbox } from '../runtime/runtime.ts';
import { eventually } from '../testing/agent-kit.ts';
import { PodWorld, podOf } from '../testing/pod-world.ts';
import { Observation } from './observation.ts';

function fixture() {
  const clock = new FakeClock();
  const changes: string[][] = [];
  const state: { sandboxes: readonly ObservedSandbox[]; looks: number; lookMs: number; away: boolean } = {
    sandboxes: [],
    looks: 0,
    lookMs: 0,
    away: false,
  };
  const observer = {
    observe: async () => {
      state.looks++;
      clock.advance(state.lookMs);
      if (state.away) throw new Error('containerd is gone');
      return state.sandboxes;
    },
    async *changes(signal: AbortSignal): AsyncGenerator<void> {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  };
  const observation = new Observation(observer, {
    clock,
    log: silentLogger,
    times: { idleMs: 1_000, gapMs: 10 },
    onChange: (uids) => void changes.push([...uids]),
  });
  /** Lets time go on until something holds. */
  const until = (what: string, holds: () => boolean): Promise<true> =>
    eventually(what, () => {
      clock.advance(100);
      return holds();
    }) as Promise<true>;
  return { clock, changes, state, observation, until };
}

describe('an observation', () => {
  it('shares one look among all who ask before it begins', async () => {
    const { observation, state, until } = fixture();
    await until('the first look', () => state.looks === 1);
    const asked = [observation.refresh(), observation.refresh(), observation.refresh()];
    await until('the second look', () => state.looks === 2);
    expect(new Set(await Promise.all(asked)).size).toBe(1);
    await observation[Symbol.asyncDispose]();
  });

  it('leaves a runtime alone for longer after a look that took long', async () => {
    const { observation, state, clock, until } = fixture();
    const pass = async (ms: number): Promise<void> => {
      await new Promise(setImmediate);
      clock.advance(ms);
      await new Promise(setImmediate);
    };
    state.lookMs = 30;
    await until('the first look', () => state.looks === 1);
    for (const [lookMs, gapMs] of [
      [1, 120],
      [500, 10],
      [0, 150],
    ] as const) {
      const { looks } = state;
      state.lookMs = lookMs;
      const asked = observation.refresh();
      await pass(gapMs - 1);
      expect(state.looks).toBe(looks);
      await pass(1);
      expect(state.looks).toBe(looks + 1);
      await asked;
    }
    await observation[Symbol.asyncDispose]();
  });

  it('tells of pods that look different, and of no others', async () => {
    const { observation, state, changes, until } = fixture();
    await until('the first look', () => changes.length === 1);
    const world = new PodWorld(podOf());
    world.settle();
    state.sandboxes = world.view().sandboxes;
    await until('the pod is seen', () => changes.length === 2);
    const { looks } = state;
    await until('more looks', () => state.looks > looks + 2);
    state.sandboxes = [];
    await until('its end is seen', () => changes.length === 3);
    expect(changes).toEqual([[], ['uid-1'], ['uid-1']]);
    await observation[Symbol.asyncDispose]();
  });

  it('tries again while the runtime is away, and says so when that lasts', async () => {
    const { observation, state, clock, until } = fixture();
    await until('the first look', () => state.looks === 1);
    state.away = true;
    await until('a look that fails', () => state.looks === 2);
    expect(observation.problem).toBeUndefined();
    clock.advance(5_000);
    await until('the problem', () => observation.problem !== undefined);
    expect(observation.problem).toContain('containerd is gone');
    state.away = false;
    await until('it is well again', () => observation.problem === undefined);
    await observation[Symbol.asyncDispose]();
  });
});

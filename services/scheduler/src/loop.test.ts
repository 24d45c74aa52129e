import { setImmediate as nextTurn } from 'node:timers/promises';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { eachFault, type FaultInjector } from '@gantry/runtime/testing/faults.ts';
import { expect, test } from 'vitest';
import { Binder, type SchedulingCalls } from './binder.ts';
import { SchedulingLoop } from './loop.ts';
import { World } from './testing/world.ts';

/** A running loop over a real scheduler. `failing` names the parts that throw once. */
function runningLoop(failing: 'cycle' | 'observer' | 'hasWork') {
  const world = new World();
  const clock = new FakeClock();
  const stop = new AbortController();
  const bound: string[] = [];
  const failures: unknown[] = [];
  let armed = true;
  const throwOnce = (part: typeof failing): void => {
    if (part !== failing || !armed) return;
    armed = false;
    throw new Error(`${part} failed`);
  };
  const scheduler = new Proxy(world.scheduler, {
    get(target, property) {
      if (property === 'cycle' || property === 'hasWork') {
        return (nowMs: number) => {
          throwOnce(property);
          return target[property](nowMs);
        };
      }
      return Reflect.get(target, property, target);
    },
  });
  const binder = new Binder({
    calls: {
      bind: async (bindings) => {
        bound.push(...bindings.map(({ name }) => name));
        return bindings.map(() => ({ code: 0, reason: '', message: '', resourceVersion: 1 }));
      },
      reportUnschedulable: async () => [],
      evict: async () => {},
    },
    name: 'gantry-scheduler',
    maxInFlight: 1,
    timeoutMs: 1_000,
    onBound: (entry) => scheduler.bound(entry),
    onRefused: (entry) => scheduler.refused(entry, clock.monotonic()),
    onEvictionRefused: () => {},
    log: silentLogger,
  });
  const loop = new SchedulingLoop(scheduler, binder, clock, {
    cycle: () => throwOnce('observer'),
    failed: (error) => failures.push(error),
  });
  const done = loop.run(stop.signal);
  return { world, clock, loop, bound, failures, done, stop };
}

test.each(['cycle', 'observer', 'hasWork'] as const)('goes on after an exception in its %s', async (failing) => {
  const { world, clock, loop, bound, failures, done, stop } = runningLoop(failing);
  world.node('a');
  world.pod('p');
  loop.wake();
  for (let turn = 0; turn < 10; turn++) {
    await nextTurn();
    clock.advance(1_000);
  }
  expect(failures).toHaveLength(1);
  expect(bound).toEqual(['p']);
  world.pod('q');
  loop.wake();
  for (let turn = 0; turn < 5; turn++) await nextTurn();
  expect(bound).toEqual(['p', 'q']);
  stop.abort();
  await done;
});

test('a step of the wall clock keeps no pod waiting', async () => {
  const { world, clock, loop, bound, done, stop } = runningLoop('cycle');
  world.node('a');
  world.pod('p');
  loop.wake();
  await nextTurn();
  clock.stepWall(-7_200_000);
  for (let turn = 0; turn < 10; turn++) {
    await nextTurn();
    clock.advance(1_000);
  }
  expect(bound).toEqual(['p']);
  stop.abort();
  await done;
});

/** A loop and an api that knows what is bound, with a fault somewhere between them. Asserts that every pod gets its node all the same. */
async function schedulesAll(faults: FaultInjector): Promise<void> {
  const world = new World();
  const clock = new FakeClock();
  const stop = new AbortController();
  const bound = new Map<string, string>();
  const calls = faults.wrap<SchedulingCalls>({
    bind: async (bindings) =>
      bindings.map(({ name, nodeName }) => {
        if (bound.has(name)) return { code: 9, reason: 'Conflict', message: 'it has a node', resourceVersion: 0 };
        bound.set(name, nodeName);
        return { code: 0, reason: '', message: '', resourceVersion: 1 };
      }),
    reportUnschedulable: async () => [],
    evict: async () => {},
  });
  const faulty = faults.wrap(clock);
  const binder = new Binder({
    calls,
    name: 'gantry-scheduler',
    maxInFlight: 1,
    timeoutMs: 1_000,
    onBound: (entry) => world.scheduler.bound(entry),
    onRefused: (entry) => world.scheduler.refused(entry, clock.monotonic()),
    onEvictionRefused: () => {},
    log: silentLogger,
  });
  const loop = new SchedulingLoop(world.scheduler, binder, faulty, { cycle: () => {}, failed: () => {} });
  const done = loop.run(stop.signal);
  const names = ['p', 'q', 'r', 'too-large'];
  for (const name of names) world.pod(name, { requests: { cpu: name === 'too-large' ? '8' : '1' } });
  world.node('a');
  loop.wake();
  for (let turn = 0; turn < 20; turn++) {
    await nextTurn();
    clock.advance(5_000);
    // The api tells of what is bound, as the feed does.
    if (turn % 5 === 4) for (const [name, nodeName] of bound) world.pod(name, { requests: { cpu: '1' }, nodeName });
    loop.wake();
  }
  stop.abort();
  await done;
  expect([...bound.keys()].sort()).toEqual(['p', 'q', 'r']);
  for (const name of bound.keys()) expect(world.scheduler.pod(name)).toMatchObject({ state: 'bound' });
}

test('binds every pod that fits, whichever call fails', async () => {
  expect(await eachFault(schedulesAll)).toBeGreaterThan(10);
});

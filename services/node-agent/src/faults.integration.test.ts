import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { eachFault, type FaultInjector } from '@gantry/runtime/testing/faults.ts';
import { expect, it } from 'vitest';
import { openHollowRuntime } from './runtime/hollow/driver.ts';
import type { Runtime } from './runtime/runtime.ts';
import { type NodeAgent, startNodeAgent } from './service.ts';
import { eventually, podWhen, testConfig } from './testing/agent-kit.ts';
import { FakeApi } from './testing/fake-api.ts';
import { podOf } from './testing/pod-world.ts';

/** Time that passes this many times as fast, so that no test waits for a backoff. */
const speed = 200;
const fastClock: Clock = {
  now: () => Date.now() * speed,
  monotonic: () => performance.now() * speed,
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms / speed);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};

function faultyRuntime(runtime: Runtime, faults: FaultInjector): Runtime {
  return {
    info: runtime.info,
    sandboxes: faults.wrap(runtime.sandboxes),
    containers: faults.wrap(runtime.containers),
    observer: faults.wrap(runtime.observer),
    images: faults.wrap(runtime.images),
    streams: runtime.streams,
    stats: faults.wrap(runtime.stats),
    [Symbol.asyncDispose]: () => runtime[Symbol.asyncDispose](),
  };
}

/** Starts the agent as a supervisor does: again, where that fails. */
async function started(start: () => Promise<NodeAgent>): Promise<NodeAgent> {
  return start().catch(start);
}

const isReady = (pod: ReturnType<typeof podOf>): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;

it('an agent runs and ends its pods whatever one of its calls fails, and no failure reaches the process', async () => {
  const runs = await eachFault(async (faults) => {
    const rootDir = await mkdtemp(join(tmpdir(), 'gantry-faults-'));
    const api = new FakeApi();
    const hollow = openHollowRuntime(
      { startMs: 1, addressPrefix: '10.200.7', cpuCount: 4, memoryBytes: 2 ** 33 },
      { clock: fastClock },
    );
    const config = testConfig(rootDir, {
      nodeTimes: { heartbeatMs: 20_000, healthMs: 20_000, reportMs: 60_000 },
      observation: { idleMs: 2_000, gapMs: 1 },
    });
    const deps = {
      client: faults.wrap(api),
      runtime: faultyRuntime(hollow, faults),
      clock: fastClock,
      log: silentLogger,
    };
    const agent = await started(() => startNodeAgent(config, deps));
    try {
      for (const name of ['web', 'other']) {
        const volumes = [{ name: 'settings', configMap: { name: 'settings', optional: true } }];
        api.put(podOf({ volumes }, { name, uid: `uid-${name}` }));
      }
      for (const name of ['web', 'other']) await podWhen(api, name, 'is ready', isReady);
      api.deletePod('web', 1, fastClock.now());
      await eventually('the end', () => api.peek('Pod', 'web') === undefined);
      await agent.ready;
    } finally {
      await agent[Symbol.asyncDispose]();
      await rm(rootDir, { recursive: true, force: true });
    }
  });
  expect(runs).toBeGreaterThan(30);
}, 120_000);

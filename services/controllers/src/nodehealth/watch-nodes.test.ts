import { FakeClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { eachFault } from '@gantry/runtime/testing/faults.ts';
import { describe, expect, it } from 'vitest';
import { fakeView } from '../testing/fake-view.ts';
import { aNode } from '../testing/objects.ts';
import { NodeMonitor } from './monitor.ts';
import { type NodeWatchDeps, watchNodes } from './watch-nodes.ts';
import { defaultEvictionSettings } from './zones.ts';

/** A watch over node `a`, which is heard, and node `b`, which is not. */
function watchDeps(wrap: (client: NodeWatchDeps['client']) => NodeWatchDeps['client'] = (client) => client) {
  const monitor = new NodeMonitor({ confirmMs: 3_000, recoveryMs: 15_000 }, defaultEvictionSettings);
  const client = wrap({
    listHeartbeats: async () => ({ heartbeats: [{ nodeName: 'a', receivedAtMs: 0 }], resourceVersion: 9 }),
  });
  const reconciled = new Set<string>();
  const view = fakeView([aNode('a'), aNode('b')]);
  const clock = new FakeClock();
  const reconcileNode = (name: string): void => void reconciled.add(name);
  return { client, view, monitor, clock, log: silentLogger, pollMs: 1_000, reconcileNode, reconciled };
}

/** Lets a watch go on for so many looks. */
async function run(deps: ReturnType<typeof watchDeps>, looks: number): Promise<void> {
  const stop = new AbortController();
  const done = watchNodes(deps, stop.signal);
  for (let look = 0; look < looks; look++) {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    deps.clock.advance(deps.pollMs);
  }
  stop.abort();
  await done;
}

describe('watchNodes', () => {
  it('has nodes reconciled that are lost', async () => {
    const deps = watchDeps();
    await run(deps, 30);
    expect([...deps.reconciled]).toEqual(['b']);
    expect(deps.monitor.heartbeats.contactWith(aNode('b'))).toBe('lost');
  });

  it('goes on whichever call fails, and loses nobody by a call that failed', async () => {
    await eachFault(async (faults) => {
      const deps = watchDeps((client) => faults.wrap(client));
      await run(deps, 30);
      expect(deps.monitor.heartbeats.contactWith(aNode('a'))).not.toBe('lost');
      expect(deps.monitor.heartbeats.contactWith(aNode('b'))).not.toBe('heard');
      await run(deps, 30);
      expect([...deps.reconciled]).toEqual(['b']);
    });
  });
});

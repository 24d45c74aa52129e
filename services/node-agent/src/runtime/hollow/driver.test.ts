import { FakeClock } from '@gantry/runtime/clock.ts';
import { describe, expect, it } from 'vitest';
import { runtimeContract } from '../contract.ts';
import { openHollowRuntime } from './driver.ts';

const config = { startMs: 0, addressPrefix: '10.200.7', cpuCount: 4, memoryBytes: 2 ** 34 };

runtimeContract('hollow', async () => {
  const runtime = openHollowRuntime(config);
  await runtime.images.pull('busybox');
  return {
    runtime,
    image: 'busybox',
    runsCommands: false,
    [Symbol.asyncDispose]: () => runtime[Symbol.asyncDispose](),
  };
});

const sandbox = { podUid: 'u', namespace: 'default', name: 'web', attempt: 0, hostname: 'web', logDirectory: '/none' };
const container = { name: 'main', attempt: 0, image: 'busybox', logPath: 'main/0.log' };

describe('hollow runtime', () => {
  it('takes its time by the clock', async () => {
    const clock = new FakeClock();
    const runtime = openHollowRuntime({ ...config, startMs: 500 }, { clock });
    const running = runtime.sandboxes.run(sandbox);
    clock.advance(499);
    expect(await runtime.observer.observe()).toEqual([]);
    clock.advance(1);
    const id = await running;
    expect(await runtime.observer.observe()).toMatchObject([{ id, ready: true }]);
  });

  it('lets a container end when told to', async () => {
    const runtime = openHollowRuntime(config);
    await runtime.images.pull('busybox');
    const id = await runtime.containers.create(await runtime.sandboxes.run(sandbox), container);
    await runtime.containers.start(id);
    runtime.exitContainer(id, 3);
    const [observed] = await runtime.observer.observe();
    expect(observed?.containers[0]?.state).toMatchObject({ kind: 'exited', exitCode: 3, reason: 'Error' });
  });

  it('gives every pod an address of its own', async () => {
    const runtime = openHollowRuntime({ ...config, addressPrefix: '10.200' });
    for (let index = 0; index < 600; index++) await runtime.sandboxes.run({ ...sandbox, podUid: `u${index}` });
    const addresses = (await runtime.observer.observe()).map((each) => each.ips[0]);
    expect(new Set(addresses).size).toBe(600);
  });
});

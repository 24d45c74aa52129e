import { startTestApi, type TestApi, testCredentials } from '@gantry/api/testing/harness.ts';
import { explain } from '@gantry/cli/commands/explain.ts';
import { connect } from '@gantry/client/client.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { defaultSchedulerConfig } from '@gantry/scheduler/config.ts';
import { startScheduler } from '@gantry/scheduler/service.ts';
import { nodeNamed, podNamed } from '@gantry/scheduler/testing/builders.ts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

// `gantry explain` through a real api to the scheduler that has the pod.

let owned: AsyncDisposableStack;
let running: TestApi;

beforeEach(async () => {
  owned = new AsyncDisposableStack();
  running = owned.use(await startTestApi());
});

afterEach(() => owned.disposeAsync());

function start(shard = { index: 0, count: 1 }): void {
  const config = { ...defaultSchedulerConfig, identity: `test-${shard.index}`, shard };
  owned.use(
    startScheduler(config, {
      client: running.client,
      clock: systemClock,
      log: silentLogger,
      credentials: testCredentials,
    }),
  );
}

async function explained(name: string, output: 'table' | 'yaml' = 'table'): Promise<string> {
  let written = '';
  const write = (text: string): void => {
    written += text;
  };
  using client = connect(running.api.address, { whenAway: 'fail' });
  const signal = AbortSignal.timeout(10_000);
  const context = { client, namespace: 'default', output: { write, note: write }, clock: systemClock, signal };
  await explain(context, ['pod', name], { output });
  return written;
}

/** Asks again until the scheduler leads, and has heard of the pod and tried it. */
function eventually(name: string, expected: string | RegExp): Promise<void> {
  return vi.waitFor(async () => expect(await explained(name)).toMatch(expected), { timeout: 20_000, interval: 50 });
}

test('a pod that waits and one that is bound are explained', async () => {
  await expect(explained('web')).rejects.toMatchObject({ reason: 'NotFound', message: 'pods "web" not found' });
  await running.client.create(podNamed('web', { requests: { cpu: '500m' } }));
  await running.client.create(podNamed('big', { requests: { cpu: '4' } }));
  await running.client.create(podNamed('foreign', { schedulerName: 'other' }));
  await expect(explained('web')).rejects.toThrow('no scheduler says where it can be asked');
  await running.client.create(nodeNamed('a', { cpu: '1' }));
  start();
  await eventually('web', /Node: +a; judged below/);
  await eventually('big', /State: +parked after 1 failed attempt/);
  expect(await explained('big')).toContain('cpu: 4 requested, at most 500m free on one node');
  expect(await explained('web', 'yaml')).toMatch(/^namespace: default\nname: web\n/);
  await expect(explained('foreign')).rejects.toThrow('left to the scheduler "other"');
  const web = await running.client.get('Pod', { namespace: 'default', name: 'web' });
  await running.client.updateStatus({ ...web, status: { ...web.status, phase: 'Succeeded' } });
  await expect(explained('web')).rejects.toThrow('pod "web" has ended (Succeeded): it needs no node');
});

test('of several schedulers the one answers that looks after the pod', async () => {
  const names = Array.from({ length: 6 }, (_, index) => `p${index}`);
  for (const name of names) await running.client.create(podNamed(name, { requests: { cpu: '4' } }));
  await running.client.create(nodeNamed('a', { cpu: '1' }));
  start({ index: 0, count: 2 });
  start({ index: 1, count: 2 });
  for (const name of names) await eventually(name, /State: +parked/);
});

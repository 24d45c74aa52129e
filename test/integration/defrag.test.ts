import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestApi, type TestApi, testCredentials } from '@gantry/api/testing/harness.ts';
import { defrag } from '@gantry/cli/commands/defrag.ts';
import { connect } from '@gantry/client/client.ts';
import { defaultControllersConfig, startControllers } from '@gantry/controllers/service.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { startHollowNodes } from '@gantry/node-agent/hollow-nodes.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { defaultSchedulerConfig } from '@gantry/scheduler/config.ts';
import { startScheduler } from '@gantry/scheduler/service.ts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

// `gantry defrag` on a cluster with everything but containers: api, controllers, scheduler, and agents of hollow nodes.

let owned: AsyncDisposableStack;
let running: TestApi;

beforeEach(async () => {
  owned = new AsyncDisposableStack();
  const rootDir = await mkdtemp(join(tmpdir(), 'gantry-defrag-'));
  owned.defer(() => rm(rootDir, { recursive: true, force: true }));
  running = owned.use(await startTestApi());
  const deps = { client: running.client, clock: systemClock, log: silentLogger, credentials: testCredentials };
  owned.use(startControllers({ ...defaultControllersConfig, identity: 'test' }, deps));
  owned.use(startScheduler({ ...defaultSchedulerConfig, identity: 'test' }, deps));
  const size = { count: 4, cpuCount: 4, memoryBytes: 8 * 2 ** 30 };
  const nodeTimes = { heartbeatMs: 1_000, healthMs: 1_000, reportMs: 10_000 };
  owned.use(await startHollowNodes({ ...size, namePrefix: 'n', rootDir, startMs: 20, nodeTimes }, deps));
});

afterEach(() => owned.disposeAsync());

async function apply(...objects: readonly object[]): Promise<void> {
  for (const object of objects) await running.client.apply(JSON.stringify(object));
}

function deployment(name: string, replicas: number, spec: object = {}): object {
  const template = {
    metadata: { labels: { app: name } },
    spec: {
      containers: [{ name: 'main', image: 'pause:3', resources: { requests: { cpu: '900m' } } }],
      terminationGracePeriodSeconds: 0,
      ...spec,
    },
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: { replicas, selector: { matchLabels: { app: name } }, template },
  };
}

async function runDefrag(execute: boolean): Promise<string> {
  let written = '';
  const write = (text: string): void => {
    written += text;
  };
  using client = connect(running.api.address, { whenAway: 'fail' });
  const signal = AbortSignal.timeout(40_000);
  const context = { client, namespace: 'default', output: { write, note: write }, clock: systemClock, signal };
  await defrag(context, { execute, output: 'table' });
  return written;
}

function isReady({ metadata, status }: Pod): boolean {
  const ready = status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True');
  return ready === true && metadata.deletionTimestamp === undefined;
}

/** Nodes with pods, once so many are ready. */
async function nodesInUse(replicas: number): Promise<string[]> {
  return vi.waitFor(
    async () => {
      const { items } = await running.client.list('Pod', { namespace: 'default' });
      expect([items.length, items.filter(isReady).length]).toEqual([replicas, replicas]);
      return [...new Set(items.map(({ spec }) => spec.nodeName!))].sort();
    },
    { timeout: 20_000, interval: 50 },
  );
}

/** Follows how many pods of an app are ready, and remembers the fewest. */
function followReady(app: string): { readonly fewest: () => number } {
  const stop = new AbortController();
  owned.defer(() => stop.abort());
  const ready = new Set<string>();
  let fewest = Number.POSITIVE_INFINITY;
  const follow = async (): Promise<void> => {
    const query = { namespace: 'default', labelSelector: `app=${app}`, resourceVersion: 0 };
    let isCurrent = false;
    for await (const event of running.client.watch('Pod', query, stop.signal)) {
      if (event.type === 'BOOKMARK') isCurrent = true;
      else if (event.type !== 'DELETED' && isReady(event.object)) ready.add(event.object.metadata.uid!);
      else ready.delete(event.object.metadata.uid!);
      if (isCurrent) fewest = Math.min(fewest, ready.size);
    }
  };
  follow().catch(() => {});
  return { fewest: () => fewest };
}

test('a fragmented cluster needs fewer nodes afterwards, and its budget is kept', async () => {
  await apply(deployment('web', 6), {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web', namespace: 'default' },
    spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'web' } } },
  });
  expect(await nodesInUse(6)).toEqual(['n-0', 'n-1', 'n-2', 'n-3']);
  await vi.waitFor(
    async () => {
      const budget = await running.client.get('PodDisruptionBudget', { namespace: 'default', name: 'web' });
      expect(budget.status?.disruptionsAllowed).toBe(1);
      expect(await runDefrag(false)).toMatch(/^1 node can be freed by moving 1 pod:\n/);
    },
    { timeout: 20_000, interval: 100 },
  );
  expect(await nodesInUse(6)).toHaveLength(4);

  const web = followReady('web');
  expect(await runDefrag(true)).toMatch(/is evicted from n-\d\n.* has one in its place on n-\d\n$/);
  expect(await nodesInUse(6)).toHaveLength(3);
  await vi.waitFor(async () => expect(await runDefrag(true)).toContain('has one in its place'), {
    timeout: 20_000,
    interval: 100,
  });
  expect(await nodesInUse(6)).toHaveLength(2);
  // At first all, then never less than all but one.
  expect(web.fewest()).toBe(5);

  await vi.waitFor(async () => {
    const nothing = await runDefrag(true);
    expect(nothing).toMatch(/^No node can be freed.\n/);
    expect(nothing).toMatch(/n-\d, n-\d +are free already\n/);
  });
});

test('several pods leave their nodes in one run where no budget is about them', async () => {
  await apply(deployment('batch', 5));
  expect(await nodesInUse(5)).toHaveLength(4);
  await vi.waitFor(async () => expect(await runDefrag(false)).toContain('2 nodes can be freed by moving 2 pods'));
  const steps = await runDefrag(true);
  expect(steps.match(/has one in its place/g)).toHaveLength(2);
  expect(await nodesInUse(5)).toHaveLength(2);
});

test('pods with data on their node stay, and the plan says so', async () => {
  await apply(deployment('scratch', 4, { volumes: [{ name: 'scratch', emptyDir: {} }] }));
  await nodesInUse(4);
  const why = /n-\d, n-\d, n-\d and 1 more +have pods with data on the node \(emptyDir or hostPath\)\n/;
  await vi.waitFor(async () => expect(await runDefrag(true)).toMatch(why));
});

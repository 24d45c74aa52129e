import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestApi, type TestApi, testCredentials } from '@gantry/api/testing/harness.ts';
import type { Instance, NodeProvider } from '@gantry/cloud-provider/provider.ts';
import { atSocket, serveProvider } from '@gantry/cloud-provider/serve.ts';
import { defaultClusterAutoscalerSettings } from '@gantry/controllers/clusterautoscaler/settings.ts';
import { defaultControllersConfig, startControllers } from '@gantry/controllers/service.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { type HollowNodes, startHollowNodes } from '@gantry/node-agent/hollow-nodes.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { defaultSchedulerConfig } from '@gantry/scheduler/config.ts';
import { startScheduler } from '@gantry/scheduler/service.ts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

// Nodes come for pods that wait and go when they are not needed: api, controllers, scheduler, and a provider behind gRPC that starts and
// stops agents of hollow nodes.

const cpuCount = 4;
const memoryBytes = 8 * 2 ** 30;
const maxSize = 5;
const second = 1_000;

let owned: AsyncDisposableStack;
let running: TestApi;
let provider: PlayedProvider;

/** A provider with one group, whose machines are hollow nodes of this process. */
class PlayedProvider implements NodeProvider {
  readonly #start: (name: string) => Promise<HollowNodes>;
  readonly machines = new Map<string, Promise<HollowNodes>>();
  /** Calls that changed something, in order. */
  readonly changes: string[] = [];
  #made = 0;

  constructor(start: (name: string) => Promise<HollowNodes>) {
    this.#start = start;
  }

  async nodeGroups() {
    return [{ id: 'group', minSize: 0, maxSize, debug: '' }];
  }

  async nodeGroupForNode() {
    return undefined;
  }

  async targetSize() {
    return this.machines.size;
  }

  async increaseSize(_group: string, count: number) {
    this.changes.push(`+${count}`);
    for (let at = 0; at < count; at++) {
      const name = `machine-${this.#made++}`;
      this.machines.set(name, this.#start(name));
    }
  }

  async deleteNodes(_group: string, nodes: readonly { readonly providerID: string }[]) {
    this.changes.push(`-${nodes.length}`);
    for (const { providerID } of nodes) {
      const name = providerID.replace('played://', '');
      const machine = this.machines.get(name);
      if (machine === undefined) throw new GantryError('NotFound', `no machine ${name}`);
      this.machines.delete(name);
      await (await machine)[Symbol.asyncDispose]();
    }
  }

  async decreaseTargetSize() {
    throw new GantryError('FailedPrecondition', 'all machines are there');
  }

  async instances(): Promise<Instance[]> {
    return [...this.machines.keys()].map((name) => ({ id: `played://${name}`, state: 'running' }));
  }

  async template() {
    const allocatable = { cpu: `${cpuCount}`, memory: `${memoryBytes}`, pods: '110' };
    const metadata = { name: 'template', labels: { group: 'group' } };
    return {
      node: { apiVersion: 'v1', kind: 'Node', metadata, spec: {}, status: { allocatable } } as const,
      resourceSlices: [],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.machines.values()].map(async (machine) => (await machine)[Symbol.asyncDispose]()));
  }
}

beforeEach(async () => {
  owned = new AsyncDisposableStack();
  const rootDir = await mkdtemp(join(tmpdir(), 'gantry-nodes-'));
  owned.defer(() => rm(rootDir, { recursive: true, force: true }));
  running = owned.use(await startTestApi());
  const deps = { client: running.client, clock: systemClock, log: silentLogger, credentials: testCredentials };
  const nodeTimes = { heartbeatMs: second, healthMs: second, reportMs: 10 * second };
  provider = owned.use(
    new PlayedProvider(async (namePrefix) => {
      const size = { count: 1, cpuCount, memoryBytes };
      const labels = (): Record<string, string> => ({ group: 'group' });
      const nodes = await startHollowNodes({ ...size, labels, namePrefix, rootDir, startMs: 20, nodeTimes }, deps);
      // A cloud's controller would do that.
      const body = { spec: { providerID: `played://${namePrefix}` } };
      await running.client.patch('Node', { name: nodes.names[0]! }, { type: 'merge', body });
      return nodes;
    }),
  );
  const socket = join(rootDir, 'provider.sock');
  owned.use(await serveProvider(provider, { at: atSocket(socket), log: silentLogger }));
  owned.use(startScheduler({ ...defaultSchedulerConfig, identity: 'test' }, deps));
  const { group } = defaultClusterAutoscalerSettings;
  const settings = {
    ...defaultClusterAutoscalerSettings,
    ...{ scanIntervalMs: second, scaleDownDelayAfterAddMs: 0, nodeDeleteDelayAfterTaintMs: second },
    group: { ...group, scaleDownUnneededMs: 2 * second },
  };
  const at = { address: `unix:${socket}`, insecure: false, timeoutMs: 5 * second };
  const config = { ...defaultControllersConfig, identity: 'test', clusterAutoscaler: { provider: at, settings } };
  owned.use(startControllers(config, deps));
});

afterEach(() => owned.disposeAsync());

function deployment(replicas: number, cpu: string): string {
  const container = { name: 'main', image: 'pause:3', resources: { requests: { cpu } } };
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: { containers: [container], terminationGracePeriodSeconds: 0 } };
  return JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: { replicas, selector: { matchLabels: labels }, template },
  });
}

function isReady({ metadata, status }: Pod): boolean {
  const ready = status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True');
  return ready === true && metadata.deletionTimestamp === undefined;
}

async function settled(check: () => Promise<void>): Promise<void> {
  await vi.waitFor(check, { timeout: 40 * second, interval: 100 });
}

async function podsReady(count: number): Promise<Pod[]> {
  const { items } = await running.client.list('Pod', { namespace: 'default' });
  expect([items.length, items.filter(isReady).length]).toEqual([count, count]);
  return items;
}

async function eventsOf(reason: string): Promise<string[]> {
  const { items } = await running.client.list('Event', {});
  return items.filter((event) => event.reason === reason).map((event) => event.message ?? '');
}

test('nodes come for pods that wait, once, and go when pods do; the last pods move together', async () => {
  await running.client.apply(deployment(9, '1'));
  await settled(async () => void (await podsReady(9)));
  // Nothing of a node is lost to others here: four pods each would need a whole node.
  expect(provider.changes).toEqual(['+3']);
  expect((await eventsOf('TriggeredScaleUp'))[0]).toBe('pod triggered scale-up: [{group 0->3 (max: 5)}]');

  await running.client.apply(deployment(2, '1'));
  await settled(async () => {
    await podsReady(2);
    expect(provider.machines.size).toBe(1);
    expect((await running.client.list('Node', {})).items).toHaveLength(1);
  });
  expect(provider.changes.filter((change) => change.startsWith('+'))).toEqual(['+3']);
  expect(await eventsOf('ScaleDownFailed')).toEqual([]);

  await running.client.apply(deployment(0, '1'));
  await settled(async () => {
    expect(provider.machines.size).toBe(0);
    expect((await running.client.list('Node', {})).items).toEqual([]);
  });
});

test('pods that no node would take, and those beyond the size of the group, say so', async () => {
  await running.client.apply(deployment(1, '5'));
  await settled(async () => {
    expect(await eventsOf('NotTriggerScaleUp')).toEqual(["pod didn't trigger scale-up: 1 Insufficient cpu"]);
  });
  expect(provider.changes).toEqual([]);
  await running.client.apply(deployment(6, '3'));
  await settled(async () => {
    expect(provider.machines.size).toBe(maxSize);
    expect(await eventsOf('NotTriggerScaleUp')).toContain("pod didn't trigger scale-up: 1 max node group size reached");
  });
});

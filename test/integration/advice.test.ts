import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultApiConfig } from '@gantry/api/config.ts';
import { startApi } from '@gantry/api/service.ts';
import { topAdvice } from '@gantry/cli/commands/top-advice.ts';
import { type Client, connect } from '@gantry/client/client.ts';
import { type Credentials, certificateCredentials } from '@gantry/client/credentials.ts';
import { defaultControllersConfig, startControllers } from '@gantry/controllers/service.ts';
import { openBus } from '@gantry/events/open.ts';
import { amountOf } from '@gantry/model/amounts.ts';
import type { ContainerAdvice } from '@gantry/model/gen/gantry.advice.v1.ts';
import { startHollowNodes } from '@gantry/node-agent/hollow-nodes.ts';
import { issueInto, loadAuthority } from '@gantry/pki/files.ts';
import { adminSubject, nodeSubject, type Subject, serviceSubject } from '@gantry/pki/subject.ts';
import { CertificateHolder, pathsIn, readCertificates } from '@gantry/runtime/certificates.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { defaultSchedulerConfig } from '@gantry/scheduler/config.ts';
import { startScheduler } from '@gantry/scheduler/service.ts';
import { openStore } from '@gantry/store/open.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';

// Advice from usage that hollow nodes play, by way of their agents, the api and the controllers; and its way back into the pods that run.

let owned: AsyncDisposableStack;
let client: Client;
/** The controllers' own: what it may do is what their role says. */
let controllers: Client;
const namespace = 'default';
const soon = { timeout: 40_000, interval: 100 };
const played = 'gantry.dev/hollow-usage';

beforeEach(async () => {
  owned = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'gantry-advice-'));
  owned.defer(() => rm(folder, { recursive: true, force: true }));
  const authority = await loadAuthority(join(folder, 'pki'), Date.now());
  const credentialsOf = async (subject: Subject): Promise<Credentials> => {
    const path = join(folder, 'pki', subject.commonName.replaceAll(':', '-'));
    await issueInto({ [path]: subject }, authority, Date.now());
    return certificateCredentials(new CertificateHolder(readCertificates(pathsIn(path))));
  };
  const store = owned.use(await openStore('sqlite::memory:'));
  const bus = owned.use(await openBus('memory:'));
  const credentials = await credentialsOf(serviceSubject('api'));
  const config = { ...defaultApiConfig, listen: '127.0.0.1:0' };
  const api = owned.use(await startApi(config, { store, bus, log: silentLogger, credentials }));
  const connectAs = async (subject: Subject): Promise<Client> =>
    owned.use(connect(api.address, { credentials: await credentialsOf(subject) }));
  client = await connectAs(adminSubject);
  controllers = await connectAs(serviceSubject('controllers'));
  const deps = { client, clock: systemClock, log: silentLogger };
  owned.use(startScheduler({ ...defaultSchedulerConfig, identity: 'test' }, deps));
  const proofs = new Map<string, Credentials>();
  for (const name of ['n-0', 'n-1']) proofs.set(name, await credentialsOf(nodeSubject(name, ['127.0.0.1'])));
  const size = { count: 2, namePrefix: 'n', cpuCount: 8, memoryBytes: 8 * 2 ** 30, startMs: 20 };
  const nodeTimes = { heartbeatMs: 1_000, healthMs: 1_000, reportMs: 10_000 };
  const statistics = { credentialsOf: (name: string) => proofs.get(name)!, everyMs: 600 };
  owned.use(await startHollowNodes({ ...size, rootDir: join(folder, 'nodes'), nodeTimes, statistics }, deps));
});
afterEach(() => owned.disposeAsync());

function startAdvisor(): AsyncDisposable {
  const advice = { sampleMs: 300, writeMs: 300, maxWorkloads: 10 };
  return startControllers(
    { ...defaultControllersConfig, identity: 'test', advice },
    { client: controllers, clock: systemClock, log: silentLogger },
  );
}

const deployment = {
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace } },
  spec: {
    ...{ replicas: 2, selector: { matchLabels: { app: 'web' } } },
    template: {
      metadata: { labels: { app: 'web' }, annotations: { [played]: 'cpu=200m,memory=300Mi' } },
      spec: {
        containers: [{ name: 'main', image: 'web:1', resources: { requests: { cpu: '2', memory: '1Gi' } } }],
      },
    },
  },
} as const;

async function advised(): Promise<ContainerAdvice | undefined> {
  const { items } = await client.list('ResourceAdvice', { namespace });
  return items.find(({ metadata }) => metadata.name === 'deployment.web')?.containers?.[0];
}

/** Runs `gantry top` and gives what it prints. */
async function top(names: readonly string[], flags: Partial<Parameters<typeof topAdvice>[2]>): Promise<string> {
  let text = '';
  const write = (more: string): void => {
    text += more;
  };
  const output = { write, note: () => {} };
  const context = { client, namespace, output, clock: systemClock, signal: new AbortController().signal };
  const defaults = { allNamespaces: false, output: 'table', autoscaled: false, dryRun: false } as const;
  await topAdvice(context, names, { ...defaults, ...flags });
  return text;
}

test('what pods use becomes advice that outlives its author, and the pods that run follow it in place', async () => {
  const first = startAdvisor();
  await client.create(deployment as never);
  await expect.poll(async () => (await advised())?.samples ?? 0, soon).toBeGreaterThanOrEqual(4);
  await first[Symbol.asyncDispose]();
  const before = (await advised())!;
  expect(before.requests).toEqual({ cpu: '2', memory: '1Gi' });
  const [cpu, memory] = [amountOf('cpu', before.target!.cpu!), amountOf('memory', before.target!.memory!) / 2 ** 20];
  // 15 % above what is played, within a bucket.
  expect(cpu).toBeGreaterThanOrEqual(200 * 1.1);
  expect(cpu).toBeLessThanOrEqual(200 * 1.35);
  expect(memory).toBeGreaterThanOrEqual(300 * 1.1);
  expect(memory).toBeLessThanOrEqual(300 * 1.3);

  owned.use(startAdvisor());
  await expect.poll(async () => (await advised())?.samples ?? 0, soon).toBeGreaterThan(Number(before.samples) + 1);
  const table = await top([], {});
  expect(table).toMatch(/deployment\/web +main +cpu +2 /);

  expect(await top(['deployment/web'], { apply: 'pods', dryRun: true })).toContain('resized (dry run)');
  const target = (await advised())!.target!;
  await top(['deployment/web'], { apply: 'pods' });
  const statuses = async () =>
    (await client.list('Pod', { namespace })).items.map(({ status }) => {
      const [container] = status?.containerStatuses ?? [];
      const conditions = (status?.conditions ?? []).filter(({ type }) => type.startsWith('PodResize')).length;
      const { allocatedResources, resources, restartCount } = container ?? {};
      return { allocatedResources, inForce: resources?.requests, restartCount, conditions };
    });
  const resized = { allocatedResources: target, inForce: target, restartCount: 0, conditions: 0 };
  await expect.poll(statuses, soon).toEqual([resized, resized]);
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultApiConfig } from '@gantry/api/config.ts';
import { startApi } from '@gantry/api/service.ts';
import { type Client, connect } from '@gantry/client/client.ts';
import { type Credentials, certificateCredentials } from '@gantry/client/credentials.ts';
import { defaultControllersConfig, startControllers } from '@gantry/controllers/service.ts';
import { openBus } from '@gantry/events/open.ts';
import type { Deployment } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { HorizontalPodAutoscaler } from '@gantry/model/gen/gantry.autoscaling.v2.ts';
import { startHollowNodes } from '@gantry/node-agent/hollow-nodes.ts';
import { defaultNodeTimes } from '@gantry/node-agent/node/registrar.ts';
import { type Authority, issueInto, loadAuthority } from '@gantry/pki/files.ts';
import { adminSubject, nodeSubject, type Subject, serviceSubject } from '@gantry/pki/subject.ts';
import { CertificateHolder, pathsIn, readCertificates } from '@gantry/runtime/certificates.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { defaultSchedulerConfig } from '@gantry/scheduler/config.ts';
import { startScheduler } from '@gantry/scheduler/service.ts';
import { openStore } from '@gantry/store/open.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';

// Replicas that follow the use of cpu, as hollow nodes play it: node agents, api, scheduler and controllers as they are, with short times.

const patience = { timeout: 60_000, interval: 200 };
const namespace = 'default';
const usage = 'gantry.dev/hollow-usage';
const owned = new AsyncDisposableStack();
let folder: string;
let authority: Authority;
let client: Client;

async function credentialsOf(subject: Subject): Promise<Credentials> {
  const path = join(folder, 'pki', subject.commonName.replaceAll(':', '-'));
  await issueInto({ [path]: subject }, authority, Date.now());
  return certificateCredentials(new CertificateHolder(readCertificates(pathsIn(path))));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gantry-autoscaling-'));
  owned.defer(() => rm(folder, { recursive: true, force: true }));
  authority = await loadAuthority(join(folder, 'pki'), Date.now());
  const store = owned.use(await openStore('sqlite::memory:'));
  const bus = owned.use(await openBus('memory:'));
  const parts = { bus, clock: systemClock, log: silentLogger };
  const identity = { credentials: await credentialsOf(serviceSubject('api')), signer: authority };
  const config = { ...defaultApiConfig, listen: '127.0.0.1:0' };
  const api = owned.use(await startApi(config, { store, ...parts, ...identity, rootCertificate: authority.cert }));
  const as = async (subject: Subject): Promise<Client> =>
    owned.use(connect(api.address, { credentials: await credentialsOf(subject) }));
  client = await as(adminSubject);
  const proof = await credentialsOf(nodeSubject('n-0', ['127.0.0.1']));
  const size = { count: 1, namePrefix: 'n', cpuCount: 8, memoryBytes: 2 ** 33, startMs: 0 };
  const statistics = { credentialsOf: () => proof, everyMs: 500 };
  const nodes = { ...size, rootDir: join(folder, 'nodes'), nodeTimes: defaultNodeTimes, statistics };
  owned.use(await startHollowNodes(nodes, { client, clock: systemClock, log: silentLogger }));
  const autoscaling = {
    ...{ syncPeriodMs: 500, downscaleStabilizationMs: 2_000, tolerance: 0.1 },
    ...{ cpuInitializationPeriodMs: 1_000, initialReadinessDelayMs: 0 },
  };
  const controllers = { ...defaultControllersConfig, identity: 'test', autoscaling };
  owned.use(startControllers(controllers, { ...parts, client: await as(serviceSubject('controllers')) }));
  const scheduler = { ...parts, client: await as(serviceSubject('scheduler')) };
  owned.use(startScheduler({ ...defaultSchedulerConfig, identity: 'test' }, scheduler));
}, 60_000);
afterAll(() => owned.disposeAsync());

function deployment(cpu: string): Deployment {
  const resources = { requests: { cpu: '100m' } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { name: '', labels: { app: 'web' }, annotations: { [usage]: `cpu=${cpu}` } },
        spec: { containers: [{ name: 'web', image: 'web:1', resources }] },
      },
    },
  };
}

const autoscaler: HorizontalPodAutoscaler = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web', namespace },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    maxReplicas: 4,
    metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }],
  },
};

const replicas = async (): Promise<number | undefined> =>
  (await client.get('Deployment', { namespace, name: 'web' })).status?.readyReplicas;

test('replicas follow the use of cpu, up and down', async () => {
  await client.create(deployment('90m'));
  await client.create(autoscaler);
  await expect.poll(replicas, patience).toBe(4);
  const { status } = await client.get('HorizontalPodAutoscaler', { namespace, name: 'web' });
  const [metric] = status?.currentMetrics ?? [];
  // Counters are read at times of their own: a percent more or less is none.
  expect(metric?.resource?.current.averageUtilization).toBeGreaterThan(70);
  expect(metric?.resource?.current.averageUtilization).toBeLessThan(110);
  for (const pod of (await client.list('Pod', { namespace })).items) {
    const { name } = pod.metadata;
    const body = { metadata: { annotations: { [usage]: 'cpu=10m' } } };
    await client.patch('Pod', { namespace, name }, { type: 'merge', body });
  }
  await expect.poll(replicas, patience).toBe(1);
}, 150_000);

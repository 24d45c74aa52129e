import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { defaultApiConfig } from '@gantry/api/config.ts';
import { startApi } from '@gantry/api/service.ts';
import { type Client, connect } from '@gantry/client/client.ts';
import { type Credentials, certificateCredentials } from '@gantry/client/credentials.ts';
import { openBus } from '@gantry/events/open.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { startHollowNodes } from '@gantry/node-agent/hollow-nodes.ts';
import { defaultNodeTimes } from '@gantry/node-agent/node/registrar.ts';
import { type Authority, issueInto, loadAuthority } from '@gantry/pki/files.ts';
import { adminSubject, nodeSubject, type Subject, serviceSubject } from '@gantry/pki/subject.ts';
import { CertificateHolder, pathsIn, readCertificates } from '@gantry/runtime/certificates.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { openStore } from '@gantry/store/open.ts';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { clientBinary } from '../e2e/clients/kubectl.ts';

// Usage as kubectl, Prometheus and metrics-server ask for it, of an api and node agents that know one another by certificates. The nodes are
// hollow: usage is what the pods' annotations say.

const patience = { timeout: 30_000, interval: 200 };
const owned = new AsyncDisposableStack();
let folder: string;
let authority: Authority;
let admin: Client;
let restPort: number;
/** Token of the service account default/scraper. */
let token: string;

async function folderOf(subject: Subject): Promise<string> {
  const path = join(folder, 'pki', subject.commonName.replaceAll(':', '-'));
  await issueInto({ [path]: subject }, authority, Date.now());
  return path;
}

async function credentialsOf(subject: Subject): Promise<Credentials> {
  return certificateCredentials(new CertificateHolder(readCertificates(pathsIn(await folderOf(subject)))));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gantry-statistics-'));
  owned.defer(() => rm(folder, { recursive: true, force: true }));
  authority = await loadAuthority(join(folder, 'pki'), Date.now());
  const store = owned.use(await openStore('sqlite::memory:'));
  const bus = owned.use(await openBus('memory:'));
  const credentials = await credentialsOf(serviceSubject('api'));
  const config = { ...defaultApiConfig, listen: '127.0.0.1:0', rest: '127.0.0.1:0' };
  const deps = { store, bus, log: silentLogger, credentials, signer: authority, rootCertificate: authority.cert };
  const api = owned.use(await startApi(config, deps));
  restPort = api.restPort!;
  admin = owned.use(connect(api.address, { credentials: await credentialsOf(adminSubject) }));
  const names = ['n-0', 'n-1'];
  const proofs = new Map<string, Credentials>();
  for (const name of names) proofs.set(name, await credentialsOf(nodeSubject(name, ['127.0.0.1'])));
  const size = { count: names.length, namePrefix: 'n', cpuCount: 4, memoryBytes: 2 ** 33, startMs: 0 };
  const statistics = { credentialsOf: (name: string) => proofs.get(name)!, everyMs: 600 };
  const nodes = { ...size, rootDir: join(folder, 'nodes'), nodeTimes: defaultNodeTimes, statistics };
  owned.use(await startHollowNodes(nodes, { client: admin, clock: systemClock, log: silentLogger }));
  await admin.create({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'scraper', namespace: 'default' },
  } as KubeObject);
  await addPod('web', 'n-0', 'cpu=500m,memory=64Mi');
  await addPod('db', 'n-1', 'cpu=250m,memory=128Mi');
  const asked = { expirationSeconds: 3_600 };
  token = (await admin.requestToken({ namespace: 'default', name: 'scraper' }, asked)).status.token;
}, 60_000);
afterAll(() => owned.disposeAsync());

async function addPod(name: string, nodeName: string, usage: string): Promise<void> {
  const metadata = {
    name,
    namespace: 'default',
    labels: { app: name },
    annotations: { 'gantry.dev/hollow-usage': usage },
  };
  const containers = ['main', 'side'].map((container) => ({ name: container, image: 'app:1' }));
  const spec = { containers, serviceAccountName: 'scraper', automountServiceAccountToken: false };
  const { metadata: made } = await admin.create({ apiVersion: 'v1', kind: 'Pod', metadata, spec } as KubeObject);
  await admin.bind([{ namespace: 'default', name, uid: made.uid!, nodeName }], 'test');
}

/** Runs kubectl as the administrator, and resolves to what it prints. */
async function kubectl(...args: string[]): Promise<string> {
  const { ca, cert, key } = pathsIn(await folderOf(adminSubject));
  const proof = [
    `--server=https://127.0.0.1:${restPort}`,
    `--certificate-authority=${ca}`,
    `--client-certificate=${cert}`,
  ];
  const flags = [...proof, `--client-key=${key}`, `--cache-dir=${join(folder, 'cache')}`];
  const { stdout } = await promisify(execFile)(clientBinary('1.37', 'kubectl'), [...flags, ...args]);
  return stdout;
}

const rows = (text: string): string[][] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd().split(/ {2,}/));

describe('kubectl top', () => {
  test('pods', async () => {
    await vi.waitFor(async () => expect(rows(await kubectl('top', 'pods'))).toHaveLength(3), patience);
    const [header, ...pods] = rows(await kubectl('top', 'pods', '--sort-by=cpu'));
    expect(header).toEqual(['NAME', 'CPU(cores)', 'MEMORY(bytes)']);
    expect(pods.map(([name]) => name)).toEqual(['web', 'db']);
    expect(pods.map(([, , memory]) => memory)).toEqual(['128Mi', '256Mi']);
  });

  test('containers, by labels, in all namespaces', async () => {
    const lines = rows(await kubectl('top', 'pods', '--containers', '-A', '-l', 'app=web'));
    expect(lines.map((cells) => cells.slice(0, 3))).toEqual([
      ['NAMESPACE', 'POD', 'NAME'],
      ['default', 'web', 'main'],
      ['default', 'web', 'side'],
    ]);
  });

  test('nodes', async () => {
    await vi.waitFor(async () => expect(await kubectl('top', 'nodes')).not.toContain('unknown'), patience);
    const [header, ...nodes] = rows(await kubectl('top', 'nodes'));
    expect(header![0]).toBe('NAME');
    expect(nodes.map(([name, , , memory]) => [name, memory])).toEqual([
      ['n-0', '128Mi'],
      ['n-1', '256Mi'],
    ]);
  });

  test('a pod that there is not', async () => {
    await expect(kubectl('top', 'pod', 'absent')).rejects.toThrow(/NotFound|not found/);
  });
});

test('the objects are printed and explained', async () => {
  expect(rows(await kubectl('get', 'pods.metrics.k8s.io'))[0]).toEqual(['NAME', 'CPU', 'MEMORY', 'WINDOW']);
  expect(await kubectl('explain', 'pods.containers', '--api-version=metrics.k8s.io/v1beta1')).toMatch(/usage/);
  expect(await kubectl('get', 'apiservice', 'v1beta1.metrics.k8s.io')).toMatch(/Local +True/);
});

describe('nodes/proxy', () => {
  test.each(['n-0', 'n-0:10250'])('%s leads to the paths of the node', async (node) => {
    const raw = (path: string) => kubectl('get', '--raw', `/api/v1/nodes/${node}/proxy${path}`);
    expect(await raw('/healthz')).toBe('ok');
    expect(await raw('/metrics/resource')).toMatch(/^container_memory_working_set_bytes\{.*pod="web"\} 67108864 /m);
    expect(JSON.parse(await raw('/stats/summary')).pods).toMatchObject([{ podRef: { name: 'web' } }]);
  });

  test('asks for the right to it', async () => {
    const path = '/api/v1/nodes/n-0/proxy/metrics';
    await expect(kubectl('get', '--raw', path, '--as=jane')).rejects.toThrow(
      /nodes "n-0" is forbidden: User "jane" cannot get resource "nodes\/proxy"/,
    );
    await kubectl('create', 'clusterrole', 'proxies', '--verb=get', '--resource=nodes/proxy');
    await kubectl('create', 'clusterrolebinding', 'jane', '--clusterrole=proxies', '--user=jane');
    await vi.waitFor(
      async () => expect(await kubectl('get', '--raw', path, '--as=jane')).toMatch(/kubelet_running_pods/),
      patience,
    );
  });
});

test('a node lets in whose token the api allows it, as Prometheus and metrics-server come', async () => {
  const { metadata } = await admin.get('Node', { name: 'n-0' });
  const address = metadata.annotations!['gantry.dev/agent-address']!;
  const scrape = async (path: string, bearer?: string): Promise<string> => {
    const { ca } = pathsIn(await folderOf(adminSubject));
    const proof = bearer === undefined ? [] : ['--header', `Authorization: Bearer ${bearer}`];
    // The node's certificate holds its name.
    const resolve = `n-0:${address.split(':')[1]}:127.0.0.1`;
    const args = ['--silent', '--cacert', ca, '--resolve', resolve, '--write-out', '\n%{http_code}', ...proof];
    const { stdout } = await promisify(execFile)('curl', [...args, `https://n-0:${address.split(':')[1]}${path}`]);
    return stdout;
  };
  expect(await scrape('/metrics/resource')).toBe('Unauthorized\n401');
  expect(await scrape('/metrics/resource', token)).toMatch(
    /^Forbidden \(user=system:serviceaccount:default:scraper, verb=get, resource=nodes, subresource\(s\)=\[metrics\]\)\n\n403$/,
  );
  await kubectl('create', 'clusterrole', 'scrapes', '--verb=get', '--resource=nodes/metrics');
  await kubectl('create', 'clusterrolebinding', 'scraper', '--clusterrole=scrapes', '--serviceaccount=default:scraper');
  // The node keeps a review for ten seconds.
  await vi.waitFor(
    async () => expect(await scrape('/metrics/resource', token)).toMatch(/^pod_cpu_usage_seconds_total/m),
    patience,
  );
  expect(await scrape('/pods', token)).toMatch(/\n403$/);
});

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificateCredentials } from '@gantry/client/credentials.ts';
import { createAuthority, issue, type KeyPair } from '@gantry/pki/authority.ts';
import { nodeSubject, type Subject, serviceSubject } from '@gantry/pki/subject.ts';
import { CertificateHolder } from '@gantry/runtime/certificates.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openHollowRuntime } from '../runtime/hollow/driver.ts';
import { startNodeAgent } from '../service.ts';
import { eventually, testConfig } from '../testing/agent-kit.ts';
import { FakeApi } from '../testing/fake-api.ts';
import { podOf } from '../testing/pod-world.ts';

// A node's port as Prometheus, metrics-server and the api see it: TLS, proofs, rights and paths.

const owned = new AsyncDisposableStack();
const api = new FakeApi();
let authority: KeyPair;
let port: number;

beforeAll(async () => {
  const rootDir = await mkdtemp(join(tmpdir(), 'gantry-kubelet-'));
  owned.defer(() => rm(rootDir, { recursive: true, force: true }));
  authority = await createAuthority('ca', Date.now());
  const certificates = { ca: authority.cert, ...(await certificateOf(nodeSubject('node-1', ['127.0.0.1']))) };
  const credentials = certificateCredentials(new CertificateHolder(certificates));
  const runtime = owned.use(
    openHollowRuntime({ startMs: 0, addressPrefix: '10.1.1', cpuCount: 4, memoryBytes: 2 ** 33 }),
  );
  const config = testConfig(rootDir, { listen: { host: '127.0.0.1', port: 0 }, statisticsMs: 600 });
  const deps = { client: api, runtime, clock: systemClock, log: silentLogger, credentials };
  const agent = owned.use(await startNodeAgent(config, deps));
  port = Number(agent.address!.split(':').at(-1));
  await agent.ready;
  const resources = { limits: { memory: '128Mi' } };
  const annotations = { 'gantry.dev/hollow-usage': 'cpu=500m,memory=64Mi' };
  api.put(podOf({ containers: [{ name: 'main', image: 'app:1', resources }] }, { name: 'web', uid: 'u', annotations }));
  api.review = async ({ token, user, subresources }) => {
    if (token === 'known') return { authenticated: true, user: 'jane', allowed: subresources.includes('metrics') };
    if (user === 'prometheus') return { authenticated: true, user, allowed: true };
    return { authenticated: false, user: '', allowed: false };
  };
  await eventually('usage is known', async () =>
    (await ask('/metrics/resource', asApi)).text.includes('pod_cpu_usage'),
  );
});
afterAll(() => owned.disposeAsync());

const certificateOf = (subject: Subject) => issue(authority, subject, Date.now());
let apiPair: { readonly cert: string; readonly key: string } | undefined;
/** Proof of the api. */
async function asApi(): Promise<object> {
  apiPair ??= await certificateOf(serviceSubject('api'));
  return apiPair;
}
const nobody = async (): Promise<object> => ({});
const bearer = (token: string) => async (): Promise<object> => ({ headers: { authorization: `Bearer ${token}` } });

async function ask(path: string, proof: () => Promise<object>, method = 'GET') {
  const call = request({ host: '127.0.0.1', port, path, method, ca: authority.cert, agent: false, ...(await proof()) });
  call.end();
  const [answer] = (await once(call, 'response')) as [IncomingMessage];
  const text = Buffer.concat(await Array.fromAsync(answer as AsyncIterable<Buffer>)).toString();
  return { code: answer.statusCode, text, type: answer.headers['content-type'] };
}

describe('the door', () => {
  test('is shut to nobody, and to tokens that the api does not know', async () => {
    expect(await ask('/metrics', nobody)).toMatchObject({ code: 401, text: 'Unauthorized' });
    expect(await ask('/healthz', nobody)).toMatchObject({ code: 401 });
    expect(await ask('/metrics', bearer('wrong'))).toMatchObject({ code: 401 });
  });

  test('is open for what the api allows a token, and for no more', async () => {
    expect(await ask('/metrics/cadvisor', bearer('known'))).toMatchObject({ code: 200 });
    expect(await ask('/pods', bearer('known'))).toEqual({
      ...{ code: 403, type: 'text/plain; charset=utf-8' },
      text: 'Forbidden (user=jane, verb=get, resource=nodes, subresource(s)=[pods proxy])\n',
    });
  });

  test('knows certificates of the authority, and the api', async () => {
    const pair = await certificateOf({ commonName: 'prometheus', uses: ['client'] });
    expect(await ask('/metrics', async () => pair)).toMatchObject({ code: 200 });
    expect(await ask('/pods', asApi)).toMatchObject({ code: 200 });
    const other = await createAuthority('other', Date.now());
    const strange = await issue(other, serviceSubject('api'), Date.now());
    expect(await ask('/pods', async () => strange)).toMatchObject({ code: 401 });
  });

  test('is shut while the api does not answer', async () => {
    const before = api.review;
    api.review = () => Promise.reject(new Error('away'));
    expect(await ask('/metrics', bearer('another'))).toMatchObject({ code: 500 });
    api.review = before;
    expect(await ask('/metrics', bearer('another'))).toMatchObject({ code: 401 });
  });
});

describe('the paths', () => {
  test('/healthz, unknown ones, and methods that change something', async () => {
    expect(await ask('/healthz', asApi)).toMatchObject({ code: 200, text: 'ok' });
    expect(await ask('/run', asApi)).toMatchObject({ code: 404 });
    expect(await ask('/pods', asApi, 'POST')).toMatchObject({ code: 405 });
  });

  test('/metrics/resource has the metrics by which metrics-server tells usage', async () => {
    const { text, type } = await ask('/metrics/resource', asApi);
    expect(type).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text).toMatch(/^# TYPE container_cpu_usage_seconds_total counter$/m);
    expect(text).toMatch(
      /^container_cpu_usage_seconds_total\{container="main",namespace="default",pod="web"\} [\d.]+ \d{13}$/m,
    );
    expect(text).toMatch(
      /^container_memory_working_set_bytes\{container="main",namespace="default",pod="web"\} 67108864 \d{13}$/m,
    );
    expect(text).toMatch(/^container_start_time_seconds\{.*\} [\d.]+$/m);
    expect(text).toMatch(/^pod_cpu_usage_seconds_total\{namespace="default",pod="web"\} /m);
    expect(text).toMatch(/^node_memory_working_set_bytes 67108864 \d{13}$/m);
    expect(text).toMatch(/^resource_scrape_error 0$/m);
  });

  test('/metrics/cadvisor, /metrics and /metrics/probes', async () => {
    const { text } = await ask('/metrics/cadvisor', asApi);
    expect(text).toMatch(
      /^container_memory_working_set_bytes\{container="main",id="\/gantry\/node-1\/podu\/[^"]+",image="app:1",name="[^"]+",namespace="default",pod="web"\} 67108864 \d+$/m,
    );
    expect(text).toMatch(/^container_cpu_usage_seconds_total\{container="",id="\/",.*,cpu="total"\} /m);
    expect(text).toMatch(/^machine_cpu_cores 4$/m);
    const { text: own } = await ask('/metrics', asApi);
    expect(own).toMatch(/^kubelet_running_pods 1$/m);
    expect(own).toMatch(/^gantry_uncaught_errors_total/m);
    expect(await ask('/metrics/probes', asApi)).toMatchObject({ code: 200 });
  });

  test('/stats/summary', async () => {
    const { node, pods } = JSON.parse((await ask('/stats/summary', asApi)).text);
    expect(node).toMatchObject({ nodeName: 'node-1', memory: { workingSetBytes: 2 ** 26 }, fs: { capacityBytes: 0 } });
    expect(pods).toMatchObject([
      {
        podRef: { name: 'web', namespace: 'default', uid: 'u' },
        containers: [
          {
            name: 'main',
            cpu: { usageCoreNanoSeconds: expect.any(Number) },
            memory: { workingSetBytes: 2 ** 26, availableBytes: 2 ** 26 },
            rootfs: { usedBytes: 0 },
          },
        ],
        memory: { workingSetBytes: 2 ** 26 },
      },
    ]);
    const { pods: less } = JSON.parse((await ask('/stats/summary?only_cpu_and_memory=true', asApi)).text);
    expect(Object.keys(less[0].containers[0])).toEqual(['name', 'startTime', 'cpu', 'memory']);
  });

  test("/pods has the node's pods with their status, /runningpods those that run", async () => {
    const { kind, items } = JSON.parse((await ask('/pods', asApi)).text);
    expect([kind, items[0].metadata.name, items[0].status.phase]).toEqual(['PodList', 'web', 'Running']);
    const running = JSON.parse((await ask('/runningpods/', asApi)).text);
    expect(running.items).toMatchObject([{ spec: { containers: [{ name: 'main', image: 'app:1' }] } }]);
  });
});

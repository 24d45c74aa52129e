import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
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
let logsDir: string;

beforeAll(async () => {
  const rootDir = await mkdtemp(join(tmpdir(), 'gantry-kubelet-'));
  owned.defer(() => rm(rootDir, { recursive: true, force: true }));
  logsDir = join(rootDir, 'logs');
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
    if (token === 'logs') return { authenticated: true, user: 'joe', allowed: subresources.includes('log') };
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
  const { 'content-type': type, location } = answer.headers;
  return { code: answer.statusCode, text, type, ...(location === undefined ? {} : { location }) };
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

  test('/metrics/slis has the results of questions for health', async () => {
    await ask('/healthz', asApi);
    const { text } = await ask('/metrics/slis', bearer('known'));
    expect(text).toMatch(/^kubernetes_healthcheck\{name="runtime",type="healthz"\} 1$/m);
    expect(text).toMatch(/^kubernetes_healthchecks_total\{name="ping",status="success",type="healthz"\} [1-9]\d*$/m);
    expect(await ask('/metrics/slis', bearer('logs'))).toMatchObject({ code: 403 });
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

describe('logs', () => {
  const log = '/logs/pods/default_web_u/main/0.log';
  const line = '2026-01-02T03:04:05.000000001Z stdout F';

  beforeAll(async () => {
    await mkdir(join(logsDir, 'default_web_u/main'), { recursive: true });
    await writeFile(join(logsDir, 'default_web_u/main/0.log'), `${line} one\n${line} two\n`);
    await writeFile(join(logsDir, '..', 'secret'), 'secret');
    await symlink('main/0.log', join(logsDir, 'default_web_u/within'));
    await symlink('../../secret', join(logsDir, 'default_web_u/out'));
    await symlink('/etc', join(logsDir, 'default_web_u/etc'));
  });

  test('of the node are listed, and sent as text', async () => {
    const { text, type } = await ask('/logs/', bearer('logs'));
    expect([type, text]).toEqual(['text/html; charset=utf-8', expect.stringContaining('<a href="./pods/">pods/</a>')]);
    expect((await ask('/logs/pods/', asApi)).text).toContain('<a href="./default_web_u/">default_web_u/</a>');
    expect(await ask(log, bearer('logs'))).toEqual({
      ...{ code: 200, type: 'text/plain; charset=utf-8', text: `${line} one\n${line} two\n` },
    });
    expect((await ask('/logs/pods/default_web_u/within', asApi)).text).toContain('one');
    expect(await ask('/logs/pods', asApi)).toMatchObject({ code: 301, location: 'pods/' });
    expect(await ask(log, asApi, 'HEAD')).toMatchObject({ code: 200, text: '' });
  });

  test.each([
    ['/logs/syslog', 404],
    ['/logs/pods/nosuch', 404],
    [`${log}/`, 404],
    ['/logs/../pods', 403],
    ['/logs/..%2fsecret', 400],
    ['/logs/pods/..%2f..%2fsecret', 400],
    ['/logs/pods/%2e%2e/%2e%2e/secret', 403],
    ['/logs/pods/default_web_u/out', 404],
    ['/logs/pods/default_web_u/etc/', 404],
    ['/logs/pods/default_web_u/etc/hostname', 404],
    ['/logs/pods/a%00b', 400],
    ['/logs/%zz', 400],
  ])('no path leads out of the folder: %s gives %i', async (path, code) => {
    const answer = await ask(path, bearer('logs'));
    expect(answer.code).toBe(code);
    expect(answer.text).not.toContain('secret');
  });

  test('of the node need the right to nodes/log', async () => {
    for (const path of ['/logs/', log]) {
      expect(await ask(path, bearer('known'))).toMatchObject({
        ...{ code: 403, text: 'Forbidden (user=jane, verb=get, resource=nodes, subresource(s)=[log])\n' },
      });
      expect(await ask(path, nobody)).toMatchObject({ code: 401 });
    }
  });

  test('of a container are sent by the options of the query', async () => {
    const of = '/containerLogs/default/web/main';
    expect(await ask(of, asApi)).toMatchObject({ code: 200, text: 'one\ntwo\n' });
    expect((await ask(`${of}?tailLines=1`, asApi)).text).toBe('two\n');
    expect((await ask(`${of}?tail=1&timestamps=true`, asApi)).text).toMatch(/^2026-01-02T03:04:05.*Z two\n$/);
    expect((await ask(`${of}?tail=all&limitBytes=5`, asApi)).text).toBe('one\nt');
    expect((await ask(`${of}?sinceTime=2036-01-01T00:00:00Z`, asApi)).text).toBe('');
    for (const query of ['tailLines=x', 'sinceTime=x', 'stream=Stderr']) {
      expect(await ask(`${of}?${query}`, asApi)).toMatchObject({ code: 400 });
    }
    expect(await ask(`${of}?tailLines=-1`, asApi)).toMatchObject({ code: 422 });
    expect(await ask(`${of}?previous=true`, asApi)).toMatchObject({
      code: 400,
      text: expect.stringContaining('previous'),
    });
    expect(await ask('/containerLogs/default/web/other', asApi)).toMatchObject({
      ...{ code: 404, text: 'container "other" not found in pod "web"' },
    });
    expect(await ask('/containerLogs/default/no/main', asApi)).toMatchObject({
      ...{ code: 404, text: 'pod "no" does not exist' },
    });
    expect(await ask('/containerLogs/default/web', asApi)).toMatchObject({ code: 404 });
    expect(await ask(of, bearer('logs'))).toMatchObject({ code: 403 });
  });

  test('of a container that is followed go on, until the caller is gone', async () => {
    const path = '/containerLogs/default/web/main?follow=true&tailLines=1';
    const call = request({ host: '127.0.0.1', port, path, ca: authority.cert, agent: false, ...(await asApi()) });
    call.end();
    const [answer] = (await once(call, 'response')) as [IncomingMessage];
    const chunks = (answer as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    expect(String((await chunks.next()).value)).toBe('two\n');
    await appendFile(join(logsDir, 'default_web_u/main/0.log'), `${line} three\n`);
    expect(String((await chunks.next()).value)).toBe('three\n');
    call.destroy();
  });
});

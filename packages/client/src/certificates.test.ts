import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueInto, loadAuthority } from '@gantry/pki/files.ts';
import { nodeSubject, type Subject, serviceSubject } from '@gantry/pki/subject.ts';
import { CertificateHolder, pathsIn, readCertificates } from '@gantry/runtime/certificates.ts';
import { serviceNames } from '@gantry/runtime/identities.ts';
import { createMetrics, serveDiagnostics } from '@gantry/runtime/metrics.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ConnectOptions, connect } from './client.ts';
import { certificateCredentials, noCredentials, tokenCredentials } from './credentials.ts';
import { type Admit, admitPeers, callerOf, diagnosticsDoor } from './guard.ts';
import { placementService } from './protos.ts';
import { serveGrpc } from './serve.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gantry-mtls-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Certificates of a subject that an authority of that name issued. */
async function certificatesOf(subject: Subject, authorityName = 'authority', name = subject.commonName) {
  const authority = await loadAuthority(join(folder, authorityName), Date.now());
  const path = join(folder, authorityName, name);
  await issueInto({ [path]: subject }, authority, Date.now());
  return new CertificateHolder(readCertificates(pathsIn(path)));
}

const secret = 'a-secret-of-this-test';

/** A scheduler that answers with the name of who calls it. */
async function serveScheduler(source: CertificateHolder, admit?: Admit) {
  const credentials = certificateCredentials(source, () => secret);
  const handlers = {
    ExplainPod: (call: Parameters<typeof callerOf>[0], answer: (error: null, value: object) => void) =>
      answer(null, { name: callerOf(call).certificate?.commonName ?? 'nobody' }),
    Defragment: () => {},
  };
  const server = await serveGrpc([{ name: 'PlacementService', definition: placementService, handlers }], {
    host: '127.0.0.1',
    port: 0,
    maxRequestBytes: 1_024,
    credentials,
    admit: admit ?? admitPeers(credentials, [serviceNames.api]),
  });
  const ask = async (options: ConnectOptions): Promise<string> => {
    using client = connect(`127.0.0.1:${server.port}`, { whenAway: 'fail', peer: serviceNames.scheduler, ...options });
    return (await client.placement.explainPod({ namespace: 'default', name: 'web' })).name;
  };
  return { ask, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

test('a service answers the peers that it is for by their certificates, and refuses all others', async () => {
  await using server = await serveScheduler(await certificatesOf(serviceSubject('scheduler')));
  const api = await certificatesOf(serviceSubject('api'));
  expect(await server.ask({ credentials: certificateCredentials(api) })).toBe(serviceNames.api);
  // A node of the same authority.
  const node = certificateCredentials(await certificatesOf(nodeSubject('node-1', [])));
  await expect(server.ask({ credentials: node })).rejects.toMatchObject({
    reason: 'Forbidden',
    message: 'forbidden: "system:node:node-1" may not call this port, which is for system:apiserver',
  });
  // The same name of another authority: the server believes nothing of it.
  const { cert, key } = (await certificatesOf(serviceSubject('api'), 'other')).current;
  const stranger = new CertificateHolder({ cert, key, ca: api.current.ca });
  await expect(server.ask({ credentials: certificateCredentials(stranger) })).rejects.toMatchObject({
    reason: 'Unauthorized',
    message: expect.stringMatching(/presents no token and no certificate/),
  });
  // A certificate for servers alone, the token of administrators, nothing at all, and no TLS.
  const forServers = await certificatesOf({ ...serviceSubject('api'), uses: ['server'] }, 'authority', 'for-servers');
  const ca = () => api.current.ca;
  for (const credentials of [
    certificateCredentials(forServers),
    tokenCredentials(() => secret, ca),
    { ...noCredentials, dial: tokenCredentials(() => secret, ca).dial },
  ]) {
    await expect(server.ask({ credentials })).rejects.toMatchObject({ reason: 'Unauthorized' });
  }
  await expect(server.ask({ credentials: tokenCredentials(() => secret) })).rejects.toMatchObject({
    reason: 'ServiceUnavailable',
  });
});

test('a client believes a server of the authority by the name that it calls, and no other', async () => {
  await using server = await serveScheduler(await certificatesOf(serviceSubject('scheduler')));
  const api = await certificatesOf(serviceSubject('api'));
  await expect(server.ask({ credentials: certificateCredentials(api), peer: serviceNames.api })).rejects.toMatchObject({
    reason: 'ServiceUnavailable',
    message: expect.stringMatching(/names "system:kube-scheduler"/),
  });
  const misled = new CertificateHolder({
    ...api.current,
    ca: (await certificatesOf(serviceSubject('api'), 'other')).current.ca,
  });
  await expect(server.ask({ credentials: certificateCredentials(misled) })).rejects.toMatchObject({
    reason: 'ServiceUnavailable',
  });
});

test('certificates change while a server listens and a client calls', async () => {
  const scheduler = await certificatesOf(serviceSubject('scheduler'));
  const api = await certificatesOf(serviceSubject('api'));
  await using server = await serveScheduler(scheduler);
  const credentials = certificateCredentials(api);
  expect(await server.ask({ credentials })).toBe(serviceNames.api);
  // Everything of another authority: each side alone is no longer believed, both are.
  const [newScheduler, newApi] = [
    await certificatesOf(serviceSubject('scheduler'), 'next'),
    await certificatesOf(serviceSubject('api'), 'next'),
  ];
  scheduler.set(newScheduler.current);
  await expect(server.ask({ credentials })).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
  api.set(newApi.current);
  expect(await server.ask({ credentials })).toBe(serviceNames.api);
});

test('metrics are for certificates of those who may read them, and for the token; health is open to all', async () => {
  const credentials = certificateCredentials(await certificatesOf(serviceSubject('scheduler')), () => secret);
  const options = { host: '127.0.0.1', port: 0, registry: createMetrics('test'), ready: () => true };
  await using server = await serveDiagnostics(options, diagnosticsDoor(credentials));
  const { ca } = credentials.certificates!.current;
  const ask = (path: string, with_: object = {}): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port: server.port, path, ca, agent: false, ...with_ }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).on('error', reject);
    });
  const by = async (organization: string, authority?: string) => {
    const subject = { commonName: organization, organizations: [organization], uses: ['client'] } as const;
    const { cert, key } = (await certificatesOf(subject, authority)).current;
    return { cert, key };
  };
  expect(await ask('/healthz')).toBe(200);
  expect(await ask('/readyz')).toBe(200);
  expect(await ask('/metrics')).toBe(401);
  expect(await ask('/metrics', await by('system:monitoring'))).toBe(200);
  expect(await ask('/metrics', await by('system:masters'))).toBe(200);
  expect(await ask('/metrics', await by('system:nodes'))).toBe(401);
  expect(await ask('/metrics', await by('system:masters', 'other'))).toBe(401);
  expect(await ask('/metrics', { headers: { authorization: `Bearer ${secret}` } })).toBe(200);
  expect(await ask('/metrics', { headers: { authorization: 'Bearer guessed-at-random' } })).toBe(401);
  expect(await ask('/elsewhere')).toBe(401);
  // Without credentials nobody is let in but where the operator vouches for the network.
  const plain = async (open: boolean): Promise<number> => {
    await using bare = await serveDiagnostics(options, diagnosticsDoor(undefined, open));
    return (await fetch(`http://127.0.0.1:${bare.port}/metrics`)).status;
  };
  expect([await plain(false), await plain(true)]).toEqual([401, 200]);
});

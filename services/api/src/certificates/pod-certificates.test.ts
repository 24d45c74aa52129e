import { createAuthority, type KeyPair } from '@gantry/pki/authority.ts';
import { makeRequest, signRequest } from '@gantry/pki/request.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApi, type TestApi } from '../testing/harness.ts';

// Requests of pods' certificates over the REST edge, as a signer works on them.

const path = '/apis/certificates.k8s.io/v1/namespaces/default/podcertificaterequests';
const hourMs = 3_600_000;
let running: TestApi;
let base: string;
let authority: KeyPair;
beforeAll(async () => {
  authority = await createAuthority('signer', Date.now());
  running = await startTestApi({ rest: '127.0.0.1:0', trustNetwork: false });
  base = `http://127.0.0.1:${running.api.restPort}`;
});
afterAll(() => running?.[Symbol.asyncDispose]());

async function ask(method: string, url: string, body?: object, bearer = 'the-token-of-the-tests') {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const response = await fetch(base + url, {
    method,
    headers: { authorization: `Bearer ${bearer}`, 'content-type': type },
    ...(body && { body: JSON.stringify(body) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into as clients do
  return { code: response.status, body: JSON.parse(await response.text()) as any };
}

const derOf = (pem: string): string => pem.replaceAll(/-----[^-]+-----|\s/g, '');

/** Makes a request; resolves with its PKCS #10 text. */
async function create(name: string, change: object = {}) {
  const { request } = await makeRequest('pod', []);
  const parties = {
    podName: 'p',
    podUID: 'a',
    serviceAccountName: 's',
    serviceAccountUID: 'b',
    nodeName: 'n',
    nodeUID: 'c',
  };
  const spec = { signerName: 'example.com/pods', ...parties, stubPKCS10Request: derOf(request), ...change };
  return { request, answer: await ask('POST', path, { metadata: { name }, spec }) };
}

/** A status with a certificate for a request that begins now. */
async function issued(request: string, lifetimeMs = 2 * hourMs) {
  const nowMs = Math.floor(Date.now() / 1_000) * 1_000;
  const chain = await signRequest(authority, request, { use: 'client', lifetimeMs }, nowMs + hourMs);
  const { X509Certificate } = await import('node:crypto');
  const { validFromDate, validToDate } = new X509Certificate(chain);
  const time = (date: Date): string => date.toISOString().replace(/\.\d+Z/, 'Z');
  return {
    conditions: [condition('Issued')],
    certificateChain: chain,
    notBefore: time(validFromDate),
    beginRefreshAt: time(new Date(validFromDate.getTime() + hourMs)),
    notAfter: time(validToDate),
  };
}

const condition = (type: string) => ({
  type,
  status: 'True',
  reason: 'Test',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
});

test('a request is completed, and refused where its key or its times do not do', async () => {
  expect((await create('fine')).answer).toMatchObject({ code: 201, body: { spec: { maxExpirationSeconds: 86_400 } } });
  const refused = async (change: object): Promise<string> => (await create('refused', change)).answer.body.message;
  expect(await refused({ stubPKCS10Request: 'AAAA' })).toContain('must be a valid PKCS#10 CSR');
  expect(await refused({ stubPKCS10Request: '' })).toContain('exactly one of (stubPKCS10Request)');
  expect(await refused({ maxExpirationSeconds: 60 })).toContain('must be in the range [3600, 7862400]');
  expect(await refused({ signerName: 'kubernetes.io/x', maxExpirationSeconds: 90_000 })).toContain('[3600, 86400]');
  expect(await refused({ podUID: '' })).toContain('spec.podUID: Invalid value: "": must not be empty');
  expect(await refused({ unverifiedUserAnnotations: { plain: '' } })).toContain('must be a domain-prefixed key');
  const other = await ask('PATCH', `${path}/fine`, { spec: { podName: 'other' } });
  expect(other.body.message).toContain('spec: Invalid value');
});

test('it ends once: with a certificate that fits, or with none', async () => {
  const { request } = await create('good');
  const status = (await issued(request)) as Awaited<ReturnType<typeof issued>>;
  const set = async (change: object) => ask('PATCH', `${path}/good/status`, { status: { ...status, ...change } });
  const strange = await makeRequest('pod', []);
  expect((await set(await issued(strange.request))).body.message).toContain(
    'was not issued to the requested public key',
  );
  expect((await set({ notAfter: '2030-01-01T00:00:00Z' })).body.message).toContain('the NotAfter time encoded');
  expect((await set({ beginRefreshAt: status.notAfter })).body.message).toContain('10 minutes before status.notAfter');
  expect((await set({ conditions: [] })).body.message).toContain('status is immutable unless transitioning');
  expect((await set({ conditions: [condition('Denied')] })).body.message).toContain('must be empty when denying');
  expect((await set({ conditions: [condition('Other')] })).body.message).toContain('Unsupported value: "Other"');
  expect(await set({})).toMatchObject({ code: 200, body: { status: { notAfter: status.notAfter } } });
  expect((await set({ certificateChain: '' })).body.message).toContain(
    'immutable after PodCertificateRequest is issued',
  );
});

test('nobody ends it whom no role lets sign for its signer', async () => {
  const { request } = await create('guarded');
  const account = { namespace: 'default', name: 'signer' };
  await running.client.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: account });
  const { token } = (await running.client.requestToken(account, {})).status;
  const parts = ['podcertificaterequests', 'podcertificaterequests/status'];
  const write = { apiGroups: ['certificates.k8s.io'], resources: parts, verbs: ['get', 'patch'] };
  const sign = {
    apiGroups: ['certificates.k8s.io'],
    resources: ['signers'],
    verbs: ['sign'],
    resourceNames: ['example.com/*'],
  };
  const head = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'signer' } };
  await running.client.create({ ...head, kind: 'ClusterRole', rules: [write] });
  await running.client.create({
    ...head,
    kind: 'ClusterRoleBinding',
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'signer' },
    subjects: [{ kind: 'ServiceAccount', ...account }],
  });
  const status = await issued(request);
  const end = () => ask('PATCH', `${path}/guarded/status`, { status }, token);
  await expect
    .poll(async () => (await end()).body.message)
    .toContain('is not permitted to "sign" for signer "example.com/pods"');
  await running.client.update({ ...head, kind: 'ClusterRole', rules: [write, sign] });
  await expect.poll(async () => (await end()).code).toBe(200);
});

test('a bundle of trust holds certificates of authorities, each once, under the name of its signer', async () => {
  const bundles = '/apis/certificates.k8s.io/v1/clustertrustbundles';
  const make = (name: string, trustBundle: string, signerName?: string) =>
    ask('POST', bundles, { metadata: { name }, spec: { signerName, trustBundle } });
  const refusal = async (...given: Parameters<typeof make>): Promise<string> => (await make(...given)).body.message;
  expect(await make('example.com:pods:v1', authority.cert, 'example.com/pods')).toMatchObject({ code: 201 });
  expect(await make('plain', authority.cert)).toMatchObject({ code: 201 });
  expect(await refusal('a:b', authority.cert)).toContain('without signer name must not have ":" in its name');
  expect(await refusal('other', authority.cert, 'example.com/pods')).toContain('prefix example.com:pods:');
  expect(await refusal('twice', authority.cert.repeat(2))).toContain('duplicate trust anchor (indices [0 1])');
  expect(await refusal('none', 'text')).toContain('at least one trust anchor must be provided');
  expect(await refusal('key', authority.key)).toContain('entry 0 has bad block type');
  const { request } = await makeRequest('leaf', []);
  const leaf = await signRequest(authority, request, { use: 'client', lifetimeMs: hourMs }, Date.now());
  expect(await refusal('leaf', leaf)).toContain('entry 0 does not have the CA bit set');
  const moved = await ask('PATCH', `${bundles}/plain`, { spec: { signerName: 'example.com/pods' } });
  expect(moved.code).toBe(422);
});

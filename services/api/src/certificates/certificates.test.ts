import { X509Certificate } from 'node:crypto';
import { createAuthority, type KeyPair } from '@gantry/pki/authority.ts';
import { makeRequest } from '@gantry/pki/request.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApi, type TestApi } from '../testing/harness.ts';

// Certificate requests over the REST edge, as `kubectl certificate approve` works on them.

let running: TestApi;
let base: string;
let authority: KeyPair;
beforeAll(async () => {
  authority = await createAuthority('gantry', Date.now());
  running = await startTestApi({ rest: '127.0.0.1:0', trustNetwork: false }, undefined, { signer: authority });
  base = `http://127.0.0.1:${running.api.restPort}/apis/certificates.k8s.io/v1/certificatesigningrequests`;
});
afterAll(() => running?.[Symbol.asyncDispose]());

async function ask(method: string, path: string, body?: object, bearer = 'the-token-of-the-tests') {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const response = await fetch(base + path, {
    method,
    headers: { authorization: `Bearer ${bearer}`, 'content-type': type },
    ...(body && { body: JSON.stringify(body) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into as clients do
  return { code: response.status, body: JSON.parse(await response.text()) as any };
}

async function create(
  name: string,
  commonName: string,
  organizations: string[] = [],
  signerName = 'kubernetes.io/kube-apiserver-client',
) {
  const { request } = await makeRequest(commonName, organizations);
  const spec = {
    request: Buffer.from(request).toString('base64'),
    signerName,
    usages: ['client auth', 'digital signature'],
  };
  return ask('POST', '', { metadata: { name }, spec });
}

const approve = { status: { conditions: [{ type: 'Approved', status: 'True', reason: 'Test' }] } };
const certificateOf = async (name: string): Promise<string | undefined> =>
  (await ask('GET', `/${name}`)).body.status.certificate;

test('a request is signed once it is approved, and says who made it', async () => {
  const { code, body } = await create('ann', 'ann', ['devs']);
  expect({ code, body }).toMatchObject({ code: 201, body: { spec: { username: 'system:admin' }, status: {} } });
  const known = await ask('GET', '/ann/approval');
  const approval = await ask('PUT', '/ann/approval', {
    ...known.body,
    ...approve,
    spec: { ...known.body.spec, username: 'eve' },
  });
  expect(approval).toMatchObject({ code: 200, body: { spec: { username: 'system:admin' } } });
  expect(approval.body.status.conditions).toMatchObject([{ type: 'Approved', lastTransitionTime: expect.any(String) }]);
  await expect.poll(() => certificateOf('ann')).toBeDefined();
  const certificate = new X509Certificate(Buffer.from((await certificateOf('ann'))!, 'base64'));
  expect(certificate.verify(new X509Certificate(authority.cert).publicKey)).toBe(true);
  expect(certificate.subject.split('\n').sort()).toEqual(['CN=ann', 'O=devs']);
});

test('an approval cannot be written in any other way, nor taken back, nor bring a certificate', async () => {
  await create('eve', 'eve', [], 'example.com/other');
  const status = { conditions: [{ type: 'Approved', status: 'True' }] };
  expect(await ask('PATCH', '/eve', { status })).toMatchObject({ code: 200, body: { status: {} } });
  expect(await ask('PATCH', '/eve/status', { status })).toMatchObject({ code: 422 });
  const all = { status: { ...status, certificate: 'eA==' } };
  expect(await ask('PATCH', '/eve/approval', all)).toMatchObject({
    code: 200,
    body: { status: { conditions: [{ type: 'Approved' }] } },
  });
  expect(await certificateOf('eve')).toBeUndefined();
  expect(await ask('PATCH', '/eve/approval', { status: { conditions: [] } })).toMatchObject({ code: 422 });
  expect(await ask('PATCH', '/eve/nothing', all)).toMatchObject({ code: 404 });
});

test('a request says who made it, whatever it says itself and by whichever way it comes', async () => {
  const { request } = await makeRequest('eve', []);
  const manifest = (name: string) => ({
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: {
      request: Buffer.from(request).toString('base64'),
      signerName: 'example.com/other',
      usages: ['client auth'],
      username: 'system:node:n1',
      groups: ['system:nodes'],
    },
  });
  await running.client.apply(JSON.stringify(manifest('applied')));
  await running.client.createBatch([manifest('batch')]);
  const response = await fetch(`${base}/server-side?fieldManager=test`, {
    method: 'PATCH',
    headers: { authorization: 'Bearer the-token-of-the-tests', 'content-type': 'application/apply-patch+yaml' },
    body: JSON.stringify(manifest('server-side')),
  });
  expect(response.status).toBe(201);
  for (const name of ['applied', 'batch', 'server-side']) {
    const { spec } = (await ask('GET', `/${name}`)).body;
    expect(spec, name).toMatchObject({ username: 'system:admin', groups: ['system:masters', 'system:authenticated'] });
  }
});

test('nobody is given a certificate of the group that may do everything', async () => {
  expect(await create('root', 'root', ['system:masters'])).toMatchObject({
    code: 403,
    body: {
      message:
        'certificatesigningrequests.certificates.k8s.io "root" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
    },
  });
});

test('approving and signing take a permission for the signer', async () => {
  const account = { namespace: 'default', name: 'approver' };
  await running.client.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: account });
  const { token } = (await running.client.requestToken(account, {})).status;
  const rule = (resources: string[], more: object) => ({ apiGroups: ['certificates.k8s.io'], resources, ...more });
  const parts = ['approval', 'status'].map((part) => `certificatesigningrequests/${part}`);
  const role = (rules: object[]) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'approver' },
    rules: [rule(['certificatesigningrequests', ...parts], { verbs: ['get', 'update', 'patch'] }), ...rules],
  });
  await running.client.create(role([]));
  await running.client.create({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'approver' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'approver' },
    subjects: [{ kind: 'ServiceAccount', ...account }],
  });
  await create('bob', 'bob', [], 'example.com/other');
  const asBob = () => ask('PATCH', '/bob/approval', approve, token);
  const refusal = 'user not permitted to approve requests with signerName "example.com/other"';
  await expect.poll(async () => (await asBob()).body.message).toContain(refusal);
  const signed = { status: { certificate: Buffer.from(authority.cert).toString('base64') } };
  expect((await ask('PATCH', '/bob/status', signed, token)).body.message).toContain('user not permitted to sign');
  await running.client.update(role([rule(['signers'], { verbs: ['approve'], resourceNames: ['example.com/*'] })]));
  await expect.poll(async () => (await asBob()).code).toBe(200);
  expect((await ask('PATCH', '/bob/status', signed, token)).body.message).toContain('user not permitted to sign');
});

test('over gRPC a part is patched as such, and no other part gives a way to the whole object', async () => {
  await create('carl', 'carl');
  const patch = (subresource: string, body: object = approve) =>
    running.client.patch('CertificateSigningRequest', { name: 'carl' }, { type: 'merge', body, subresource });
  expect((await patch('approval')).status?.conditions).toMatchObject([{ type: 'Approved' }]);
  await expect(patch('other')).rejects.toThrow('could not find the requested resource');
  await expect(patch('scale', { metadata: { labels: { a: 'b' } } })).rejects.toThrow('Unsupported value: "scale"');
});

import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestApi, type TestApi } from '@gantry/api/testing/harness.ts';
import { createAuthority, type KeyPair } from '@gantry/pki/authority.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createUser } from './user.ts';

let authority: KeyPair;
let running: TestApi;
let folder: string;
beforeAll(async () => {
  authority = await createAuthority('gantry', Date.now());
  running = await startTestApi({}, undefined, { signer: authority, rootCertificate: authority.cert });
  const { client } = running;
  await client.create({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'kube-root-ca.crt', namespace: 'default' },
  });
  await client.create({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['192.0.2.1'] }],
    ports: [{ name: 'https', port: 6443, protocol: 'TCP' }],
  });
});
afterAll(() => running?.[Symbol.asyncDispose]());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gantry-user-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const make = (name: string, flags: { readonly group?: string[]; readonly days?: number } = {}) =>
  createUser(
    {
      client: running.client,
      namespace: 'default',
      output: { write: () => {}, note: () => {} },
      clock: systemClock,
      signal: new AbortController().signal,
    },
    name,
    { group: [], days: 30, kubeconfig: join(folder, 'kubeconfig'), ...flags },
  );

test("a user's kubeconfig holds a certificate of its name and groups, for its owner alone", async () => {
  await make('ann', { group: ['devs', 'ops'] });
  const path = join(folder, 'kubeconfig');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const { clusters, users } = parse(await readFile(path, 'utf8'));
  const text = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');
  expect(clusters[0].cluster).toMatchObject({ server: 'https://192.0.2.1:6443', 'tls-server-name': 'kubernetes' });
  expect(text(clusters[0].cluster['certificate-authority-data'])).toBe(authority.cert);
  const certificate = new X509Certificate(text(users[0].user['client-certificate-data']));
  expect(certificate.subject.split('\n').sort()).toEqual(['CN=ann', 'O=devs', 'O=ops']);
  expect(certificate.verify(new X509Certificate(authority.cert).publicKey)).toBe(true);
});

test('a file that is there stays, and nobody is made an administrator', async () => {
  await make('ann');
  const before = await readFile(join(folder, 'kubeconfig'), 'utf8');
  await expect(make('eve')).rejects.toThrow('exists already');
  expect(await readFile(join(folder, 'kubeconfig'), 'utf8')).toBe(before);
  await expect(make('root', { group: ['system:masters'] })).rejects.toThrow('is not allowed');
});

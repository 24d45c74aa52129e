import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@gantry/client/client.ts';
import { certificateCredentials } from '@gantry/client/credentials.ts';
import { openBus } from '@gantry/events/open.ts';
import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { issueInto, loadAuthority } from '@gantry/pki/files.ts';
import { adminSubject, nodeSubject, type Subject, serviceSubject } from '@gantry/pki/subject.ts';
import { CertificateHolder, pathsIn, readCertificates } from '@gantry/runtime/certificates.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { openStore } from '@gantry/store/open.ts';
import { Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultApiConfig } from '../config.ts';
import type { RunningApi } from '../running.ts';
import { startApi } from '../service.ts';
import { podNamed } from '../testing/harness.ts';
import { clientCertificate } from './x509.ts';

describe('a certificate', () => {
  const certificate = {
    commonName: 'ann',
    organizations: ['dev', 'ops'],
    fingerprint: 'ab12',
    notAfterMs: Date.parse('2027-01-01T00:00:00Z'),
  };
  const caller = { peer: '10.0.0.1:1', metadata: new Metadata() };
  const at = (time: string) => clientCertificate(() => Date.parse(time));

  test('names the user by its common name, and the groups by its organizations', () => {
    expect(at('2026-06-01T00:00:00Z')({ ...caller, certificate })).toEqual({
      name: 'ann',
      groups: ['dev', 'ops', 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/credential-id': ['X509SHA256=ab12'] },
    });
    expect(at('2026-06-01T00:00:00Z')(caller)).toBeUndefined();
  });

  test('that ended names nobody, also where its connection goes on', () => {
    expect(() => at('2027-01-01T00:00:00Z')({ ...caller, certificate })).toThrow(
      'Unauthorized: the certificate of ann ended at 2027-01-01T00:00:00.000Z',
    );
  });
});

describe('the api', () => {
  const owned = new AsyncDisposableStack();
  let folder: string;
  let api: RunningApi;

  /** Certificates that an authority of that name issued. */
  async function certificatesOf(subject: Subject, authorityName = 'authority') {
    const path = join(folder, authorityName, subject.commonName);
    await issueInto({ [path]: subject }, await loadAuthority(join(folder, authorityName), Date.now()), Date.now());
    return new CertificateHolder(readCertificates(pathsIn(path)));
  }

  const clientOf = async (subject: Subject) =>
    owned.use(connect(api.address, { credentials: certificateCredentials(await certificatesOf(subject)) }));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gantry-x509-'));
    owned.defer(() => rm(folder, { recursive: true }));
    const store = owned.use(await openStore('sqlite::memory:'));
    const bus = owned.use(await openBus('memory:'));
    const credentials = certificateCredentials(await certificatesOf(serviceSubject('api')));
    const config = { ...defaultApiConfig, listen: '127.0.0.1:0', rest: '127.0.0.1:0' };
    api = owned.use(await startApi(config, { store, bus, log: silentLogger, credentials }));
  });
  afterAll(() => owned.disposeAsync());

  test('lets a service do over gRPC what its role says, and no more', async () => {
    const admin = await clientOf(adminSubject);
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'default' } };
    const created = await admin.create({ ...service, spec: { ports: [{ port: 80 }] } } as Service);
    const xds = await clientOf(serviceSubject('xdsLb'));
    const ingress = [{ ip: '192.0.2.1' }];
    const shown = await xds.updateStatus({ ...created, status: { loadBalancer: { ingress } } });
    expect(shown.status?.loadBalancer?.ingress).toMatchObject(ingress);
    await expect(xds.update({ ...shown, metadata: { ...shown.metadata, labels: { a: 'b' } } })).rejects.toMatchObject({
      reason: 'Forbidden',
      message: expect.stringContaining('User "system:gantry:xds-lb" cannot update resource "services" in API group ""'),
    });
    await expect(xds.list('Secret')).rejects.toMatchObject({ reason: 'Forbidden' });
  });

  test('lets a node speak over gRPC for itself and its own pods alone', async () => {
    const admin = await clientOf(adminSubject);
    const node = await clientOf(nodeSubject('n1', ['127.0.0.1']));
    const forbidden = { reason: 'Forbidden' };
    await admin.create({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace: 'default' },
    });
    expect(await node.heartbeat('n1', 60_000)).toMatchObject({ reportStatus: true });
    await expect(node.heartbeat('n2', 60_000)).rejects.toMatchObject({
      ...forbidden,
      message: 'nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"',
    });
    const pod = async (name: string, nodeName: string) => {
      const made = podNamed(name);
      const { metadata } = await admin.create({ ...made, spec: { ...made.spec, nodeName } });
      return { namespace: 'default', name, uid: metadata.uid!, status: { phase: 'Running' }, terminated: false };
    };
    const [mine, theirs] = [await pod('mine', 'n1'), await pod('theirs', 'n2')];
    const [own, other] = await node.reportPods('n1', [mine, theirs]);
    expect(own).toMatchObject({ code: 0 });
    expect(other).toMatchObject(forbidden);
    await expect(node.reportPods('n2', [theirs])).rejects.toMatchObject(forbidden);
    await expect
      .poll(() => node.get('Pod', { namespace: 'default', name: 'mine' }).catch(() => undefined))
      .toBeDefined();
    await expect(node.get('Pod', { namespace: 'default', name: 'theirs' })).rejects.toMatchObject(forbidden);
    await expect(node.list('Secret')).rejects.toMatchObject(forbidden);
    const binding = { namespace: 'default', name: 'mine', uid: mine.uid, nodeName: 'n1', gpuDevices: [] };
    await expect(node.bind([binding], 'n1')).rejects.toMatchObject(forbidden);
  });

  test('knows clients by their certificates over REST, and nobody by one of another authority', async () => {
    const { ca } = (await certificatesOf(adminSubject)).current;
    const ask = (path: string, by: object = {}): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const asked = request({ host: '127.0.0.1', port: api.restPort, path, ca, agent: false, ...by }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        asked.on('error', reject).end();
      });
    const by = async (subject: Subject, authority?: string) => {
      const { cert, key } = (await certificatesOf(subject, authority)).current;
      return { cert, key };
    };
    const secrets = '/api/v1/secrets';
    expect(await ask(secrets, await by(adminSubject))).toBe(200);
    expect(await ask(secrets, await by(serviceSubject('xdsLb')))).toBe(403);
    expect(await ask('/api/v1/services', await by(serviceSubject('xdsLb')))).toBe(200);
    expect(await ask(secrets)).toBe(403);
    expect(await ask(secrets, await by(adminSubject, 'other'))).toBe(403);
    expect(await ask('/readyz')).toBe(200);
  });
});

import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultApiConfig } from '@gantry/api/config.ts';
import type { RunningApi } from '@gantry/api/running.ts';
import { startApi } from '@gantry/api/service.ts';
import { type Client, connect } from '@gantry/client/client.ts';
import { type Credentials, certificateCredentials } from '@gantry/client/credentials.ts';
import { admitPeers } from '@gantry/client/guard.ts';
import { placementService } from '@gantry/client/protos.ts';
import { serveGrpc } from '@gantry/client/serve.ts';
import { openBus } from '@gantry/events/open.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { joinCluster } from '@gantry/node-agent/identity/join.ts';
import { type Authority, issueInto, loadAuthority } from '@gantry/pki/files.ts';
import { adminSubject, type Subject, serviceSubject } from '@gantry/pki/subject.ts';
import { CertificateHolder, pathsIn, readCertificates } from '@gantry/runtime/certificates.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { nodeUserName, serviceNames } from '@gantry/runtime/identities.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { openStore } from '@gantry/store/open.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';

// A node comes to its certificates as on a machine of its own: by a bootstrap token, and by requests that the api signs.

const owned = new AsyncDisposableStack();
let folder: string;
let authority: Authority;
let api: RunningApi;
let admin: Client;

async function credentialsOf(subject: Subject): Promise<Credentials> {
  const path = join(folder, 'pki', subject.commonName);
  await issueInto({ [path]: subject }, authority, Date.now());
  return certificateCredentials(new CertificateHolder(readCertificates(pathsIn(path))));
}

function binding(role: string, group: string): KubeObject {
  const apiGroup = 'rbac.authorization.k8s.io';
  return {
    apiVersion: `${apiGroup}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: `${role}-${group}`.replaceAll(':', '-') },
    roleRef: { apiGroup, kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup, kind: 'Group', name: group }],
  } as KubeObject;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gantry-join-'));
  owned.defer(() => rm(folder, { recursive: true }));
  authority = await loadAuthority(join(folder, 'pki'), Date.now());
  const store = owned.use(await openStore('sqlite::memory:'));
  const bus = owned.use(await openBus('memory:'));
  const credentials = await credentialsOf(serviceSubject('api'));
  const config = { ...defaultApiConfig, listen: '127.0.0.1:0', rest: '127.0.0.1:0' };
  api = owned.use(await startApi(config, { store, bus, log: silentLogger, credentials, signer: authority }));
  admin = owned.use(connect(api.address, { credentials: await credentialsOf(adminSubject) }));
  await admin.create(binding('system:node-bootstrapper', 'system:bootstrappers'));
  await admin.create(binding('system:node-bootstrapper', 'system:nodes'));
  await admin.create(
    binding('system:certificates.k8s.io:certificatesigningrequests:nodeclient', 'system:bootstrappers'),
  );
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  await admin.create({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    data: {
      'token-id': base64('abcdef'),
      'token-secret': base64('0123456789abcdef'),
      'usage-bootstrap-authentication': base64('true'),
    },
  } as KubeObject);
});
afterAll(() => owned.disposeAsync());

function joining(name: string, bootstrapToken: string | undefined, signal = AbortSignal.timeout(20_000)) {
  const options = { nodeName: name, addresses: ['127.0.0.1'], folder: join(folder, name), authority: authority.cert };
  const dial = (credentials: Credentials) => connect(api.address, { credentials, whenAway: 'fail' });
  const deps = { connect: dial, clock: systemClock, log: silentLogger };
  return joinCluster({ ...options, bootstrapToken }, deps, signal);
}

/** Approves a node's request to a signer, as `kubectl certificate approve` does. */
async function approve(signer: string, node: string): Promise<number> {
  const waiting = (await admin.list('CertificateSigningRequest')).items.filter(
    ({ spec, status }) =>
      spec.signerName === signer && spec.username === nodeUserName(node) && !status?.conditions?.length,
  );
  const { ca, cert, key } = (await credentialsOf(adminSubject)).certificates!.current;
  for (const { metadata, spec } of waiting) {
    const conditions = [{ type: 'Approved', status: 'True', reason: 'Test', message: 'by the test' }];
    const body = {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata,
      spec,
      status: { conditions },
    };
    const path = `/apis/certificates.k8s.io/v1/certificatesigningrequests/${metadata.name}/approval`;
    const options = { host: '127.0.0.1', port: api.restPort, path, method: 'PUT', ca, cert, key, agent: false };
    const code = await new Promise<number | undefined>((resolve, reject) => {
      const asked = request({ ...options, headers: { 'content-type': 'application/json' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.on('error', reject).end(JSON.stringify(body));
    });
    expect(code).toBe(200);
  }
  return waiting.length;
}

test('a node joins by a bootstrap token, and comes back by its certificate alone', async () => {
  await expect(joining('worker', undefined)).rejects.toMatchObject({
    reason: 'FailedPrecondition',
    message: expect.stringMatching(/no certificate in .*worker, and no bootstrap token/),
  });
  await expect(joining('worker', 'abcdef.guessed-at-random')).rejects.toMatchObject({ reason: 'Unauthorized' });
  await using identity = await joining('worker', 'abcdef.0123456789abcdef');
  using client = connect(api.address, { credentials: identity.credentials });
  const { metadata } = await client.create({
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'seen' },
    spec: (await admin.list('CertificateSigningRequest')).items[0]!.spec,
  } as KubeObject);
  const seen = await admin.get('CertificateSigningRequest', { name: metadata.name! });
  expect(seen.spec).toMatchObject({
    username: nodeUserName('worker'),
    groups: ['system:nodes', 'system:authenticated'],
  });
  expect((await stat(join(folder, 'worker/client/tls.key'))).mode & 0o777).toBe(0o600);
  await using again = await joining('worker', undefined);
  expect(again.credentials.certificates?.current.cert).toBe(identity.credentials.certificates?.current.cert);
});

test('the port of a node lets the api in once its certificate is approved, and nobody before', async () => {
  await using identity = await joining('server', 'abcdef.0123456789abcdef');
  const { credentials } = identity;
  const handlers = {
    ExplainPod: (_: unknown, answer: (error: null, value: object) => void) => answer(null, { name: 'yes' }),
    Defragment: () => {},
  };
  await using server = await serveGrpc([{ name: 'PlacementService', definition: placementService, handlers }], {
    host: '127.0.0.1',
    port: 0,
    maxRequestBytes: 1_024,
    credentials,
    admit: admitPeers(credentials, [serviceNames.api]),
  });
  const own = await credentialsOf(serviceSubject('api'));
  const ask = async (peer: string): Promise<string> => {
    using client = connect(`127.0.0.1:${server.port}`, { credentials: own, whenAway: 'fail', peer });
    return (await client.placement.explainPod({ namespace: 'd', name: 'x' }, { timeoutMs: 2_000 })).name;
  };
  await expect(ask(nodeUserName('server'))).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
  await expect.poll(() => approve('kubernetes.io/kubelet-serving', 'server'), { timeout: 10_000 }).toBeGreaterThan(0);
  await expect.poll(() => ask(nodeUserName('server')).catch(String), { timeout: 10_000 }).toBe('yes');
  // Another node's name is not believed of it.
  await expect(ask(nodeUserName('worker'))).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
  expect((await readdir(join(folder, 'server'))).sort()).toEqual(['client', 'server']);
});

import { once } from 'node:events';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { certificateCredentials, noCredentials } from '@gantry/client/credentials.ts';
import type { Node } from '@gantry/model/gen/gantry.core.v1.ts';
import { createAuthority, issue, type KeyPair } from '@gantry/pki/authority.ts';
import { nodeSubject, serviceSubject } from '@gantry/pki/subject.ts';
import { CertificateHolder } from '@gantry/runtime/certificates.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeBackend } from './node-port.ts';

const owned = new AsyncDisposableStack();
let authority: KeyPair;
/** Address of a node's agent that tells the name in its caller's certificate. */
let address: string;

beforeAll(async () => {
  authority = await createAuthority('ca', Date.now());
  const pair = await issue(authority, nodeSubject('worker', ['127.0.0.1']), Date.now());
  const server = createServer(
    { ...pair, ca: authority.cert, requestCert: true, rejectUnauthorized: false },
    (incoming, response) => {
      const { subject } = (
        incoming.socket as never as { getPeerCertificate(): { subject: { CN: string } } }
      ).getPeerCertificate();
      response.end(`${incoming.url} for ${subject.CN}`);
    },
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  owned.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => owned.disposeAsync());

async function deps(nodeName = 'worker', ip = '10.0.0.7') {
  const object = {
    ...{
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: nodeName, annotations: { 'gantry.dev/agent-address': address } },
    },
    status: {
      addresses: [{ type: 'InternalIP', address: ip }],
      daemonEndpoints: { kubeletEndpoint: { Port: 12_345 } },
    },
  } as Node;
  const certificates = { ca: authority.cert, ...(await issue(authority, serviceSubject('api'), Date.now())) };
  const store = {
    get: async (key: string) => (key === `nodes/_/${nodeName}` ? { key, value: '', revision: 1 } : undefined),
  };
  const cache = { decode: () => ({ object }) };
  return { store, cache, credentials: certificateCredentials(new CertificateHolder(certificates)) } as never;
}

async function get(backend: Awaited<ReturnType<typeof nodeBackend>>): Promise<string> {
  const call = request({ path: '/metrics', createConnection: backend.connect });
  call.end();
  const [answer] = await once(call, 'response');
  return Buffer.concat(await Array.fromAsync(answer as AsyncIterable<Buffer>)).toString();
}

describe('the port of a node', () => {
  test.each(['worker', 'worker:10250', 'worker:12345', 'https:worker:10250'])(
    '%s is its agent, which the api proves itself to',
    async (id) => {
      const backend = await nodeBackend(await deps(), id);
      expect(backend).toMatchObject({ host: address, scheme: 'https' });
      expect(await get(backend)).toBe('/metrics for system:apiserver');
    },
  );

  test('is not that of another node which took its address over', async () => {
    await expect(get(await nodeBackend(await deps('other'), 'other'))).rejects.toThrow(
      /certificate names "system:node:worker"/,
    );
  });

  test('may be any other one at its address', async () => {
    expect(await nodeBackend(await deps(), 'worker:9100')).toMatchObject({ host: '10.0.0.7:9100', scheme: 'http' });
    expect(await nodeBackend(await deps(), 'https:worker:443')).toMatchObject({ scheme: 'https' });
  });

  test.each(['127.0.0.1', '169.254.169.254', '0.0.0.0', '::1', 'fe80::1'])(
    "at %s, the api's own, is refused",
    async (ip) => {
      const refused = nodeBackend(await deps('worker', ip), 'worker:9100');
      await expect(refused).rejects.toMatchObject({ reason: 'BadRequest', message: 'address not allowed' });
    },
  );

  test.each([
    ['absent', 'NotFound', 'nodes "absent" not found'],
    ['worker:http', 'BadRequest', 'invalid node request "worker:http"'],
    ['worker:70000', 'BadRequest', 'invalid node request "worker:70000"'],
    ['a:b:c:d', 'BadRequest', 'invalid node request "a:b:c:d"'],
  ])('%s is refused', async (id, reason, message) => {
    await expect(nodeBackend(await deps(), id)).rejects.toMatchObject({ reason, message });
  });

  test('needs a certificate of the api', async () => {
    const without = { ...((await deps()) as object), credentials: noCredentials } as never;
    await expect(nodeBackend(without, 'worker')).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
  });
});

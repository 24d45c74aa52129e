import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificateCredentials } from '@gantry/client/credentials.ts';
import { admitPeers } from '@gantry/client/guard.ts';
import { issueInto, loadAuthority } from '@gantry/pki/files.ts';
import { serviceSubject, thisMachine } from '@gantry/pki/subject.ts';
import { followCertificates, pathsIn } from '@gantry/runtime/certificates.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { expect, it } from 'vitest';
import { connectProvider } from './client.ts';
import { serveProvider } from './serve.ts';
import { playProvider } from './testing/played-provider.ts';

it('autoscaler and provider know one another by certificates, and the server by its host', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'provider-tls-'));
  const issued = async (authority: string, name: string, reached = thisMachine): Promise<string> => {
    const path = join(folder, authority, name);
    const subject = { ...serviceSubject('xdsLb', reached), commonName: name };
    await issueInto({ [path]: subject }, await loadAuthority(join(folder, authority), Date.now()), Date.now());
    return path;
  };
  const certificates = followCertificates(pathsIn(await issued('ca', 'provider')));
  const credentials = certificateCredentials(certificates);
  const port = { host: '127.0.0.1', port: 0, credentials, admit: admitPeers(credentials, ['autoscaler']) };
  const provider = playProvider([{ id: 'g', minSize: 0, maxSize: 5, debug: '', size: 1 }]);
  await using server = await serveProvider(provider, { at: port, log: silentLogger });
  const ask = async (path: string | undefined, host = '127.0.0.1', insecure = false): Promise<number> => {
    const paths = path === undefined ? undefined : { ...pathsIn(path), ca: join(folder, 'ca', 'ca.crt') };
    using client = connectProvider({
      ...{ address: `${host}:${server.port}`, certificates: paths, insecure, timeoutMs: 5_000 },
    });
    return await client.targetSize('g');
  };
  expect(await ask(await issued('ca', 'autoscaler'))).toBe(1);
  // Somebody else of the same authority; the right name of another authority; nobody.
  await expect(ask(await issued('ca', 'somebody'))).rejects.toMatchObject({ reason: 'Forbidden' });
  await expect(ask(await issued('other', 'autoscaler'))).rejects.toMatchObject({ reason: 'Unauthorized' });
  await expect(ask(undefined, '127.0.0.1', true)).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
  await expect(ask(undefined)).rejects.toThrow('key, cert and cacert are needed');
  // A server at a host that its certificate does not name.
  await using elsewhere = await serveProvider(provider, {
    at: {
      ...port,
      credentials: certificateCredentials(
        followCertificates(pathsIn(await issued('ca', 'far', { dns: ['cloud.example.com'], ips: [] }))),
      ),
    },
    log: silentLogger,
  });
  using client = connectProvider({
    address: `127.0.0.1:${elsewhere.port}`,
    certificates: { ...pathsIn(join(folder, 'ca', 'autoscaler')), ca: join(folder, 'ca', 'ca.crt') },
    insecure: false,
    timeoutMs: 5_000,
  });
  await expect(client.targetSize('g')).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
  certificates[Symbol.dispose]();
  await rm(folder, { recursive: true, force: true });
});

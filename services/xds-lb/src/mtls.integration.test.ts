import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificateCredentials } from '@gantry/client/credentials.ts';
import { issueInto, loadAuthority } from '@gantry/pki/files.ts';
import { nodeSubject, type Subject, serviceSubject } from '@gantry/pki/subject.ts';
import { CertificateHolder, type CertificatePaths, pathsIn, readCertificates } from '@gantry/runtime/certificates.ts';
import { serviceDnsName } from '@gantry/runtime/identities.ts';
import { adsSecrets } from 'envoy-control-plane-ts/process/tls.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endpoint, service, slice } from './testing/fixtures.ts';
import { pythonClient, startGrpcEcho, xdsBootstrap } from './testing/grpc-echo.ts';
import { type Harness, startHarness, startTestEnvoy, stateDir } from './testing/harness.ts';

const owned = new AsyncDisposableStack();
let folder: string;
let harness: Harness;

/** Files of a certificate that an authority of that name issued. */
async function filesOf(subject: Subject, authorityName = 'authority'): Promise<CertificatePaths> {
  const path = join(folder, authorityName, subject.commonName);
  await issueInto({ [path]: subject }, await loadAuthority(join(folder, authorityName), Date.now()), Date.now());
  return pathsIn(path);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gantry-xds-'));
  owned.defer(() => rm(folder, { recursive: true }));
  const own = new CertificateHolder(readCertificates(await filesOf(serviceSubject('xdsLb'))));
  harness = owned.use(await startHarness({ trustNetwork: false }, certificateCredentials(own)));
  harness.nodes.set([]);
  harness.services.set([service('greeter', [{ name: 'grpc', port: 50051 }], { type: 'ClusterIP' })]);
  harness.endpointSlices.set([]);
});
afterAll(() => owned.disposeAsync());

describe('the port of xds-lb', () => {
  /** An Envoy with a certificate, that takes its configuration from the server of a name. */
  async function envoyWith(files: CertificatePaths, serverName = serviceDnsName('xdsLb')) {
    const secretsDir = await mkdtemp(join(folder, 'secrets-'));
    for (const [name, content] of Object.entries(adsSecrets(files))) {
      await writeFile(join(secretsDir, name), JSON.stringify(content));
    }
    return startTestEnvoy(harness.xdsLb.xdsAddress, 'delta', { secretsDir, serverName });
  }
  const nodes = (): (string | undefined)[] => harness.xdsLb.clients().map(({ node }) => node?.id);

  it('gives the configuration to an Envoy that has a certificate of their group', async () => {
    await using envoy = await envoyWith(await filesOf(serviceSubject('envoy')));
    await envoy.ready(AbortSignal.timeout(20_000));
    expect(nodes()).toEqual(['test-delta']);
  });

  it('gives nothing to other services, to another authority’s Envoy, and to who speaks no TLS', async () => {
    const { ca } = await filesOf(serviceSubject('envoy'));
    const strangers = [
      await envoyWith(await filesOf({ ...nodeSubject('node-1', []), organizations: ['system:nodes'] })),
      await envoyWith({ ...(await filesOf(serviceSubject('envoy'), 'other')), ca }),
      await startTestEnvoy(harness.xdsLb.xdsAddress),
      // The server is not the one that this Envoy means.
      await envoyWith(await filesOf(serviceSubject('envoy')), serviceDnsName('api')),
    ];
    const waits = strangers.map((envoy) =>
      envoy.ready(AbortSignal.timeout(4_000)).then(
        () => 'ready',
        () => 'waits',
      ),
    );
    expect(await Promise.all(waits)).toEqual(['waits', 'waits', 'waits', 'waits']);
    expect(nodes()).toEqual([]);
    await Promise.all(strangers.map((envoy) => envoy[Symbol.asyncDispose]()));
  });

  it('serves a proxyless gRPC client that has one too', async () => {
    await using echo = await startGrpcEcho('one');
    harness.endpointSlices.set([slice('greeter', { name: 'grpc', port: echo.port }, [endpoint('127.0.0.1')])]);
    const { ca, cert, key } = await filesOf(serviceSubject('envoy'));
    const config = { ca_certificate_file: ca, certificate_file: cert, private_key_file: key, refresh_interval: '600s' };
    const bootstrap = xdsBootstrap(harness.xdsLb.xdsAddress, 'python', { type: 'tls', config });
    await using client = await pythonClient(`${stateDir}/venv/bin/python`, 'xds:///greeter.default:50051', bootstrap);
    await expect.poll(() => client.call(), { timeout: 20_000 }).toBe('ok one');
    expect(nodes()).toEqual(['python']);
  });
});

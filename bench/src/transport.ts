/**
 * Cost of TLS with certificates on both sides: creates and gets per second through the api's gRPC, in clear text and over mTLS, in turns so
 * that a busy machine slows both down. The api runs in this process, as in `gantry up`, so client and server share its one thread.
 *
 *     scripts/node bench/src/transport.ts [--seconds 2] [--rounds 3]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultApiConfig } from '@gantry/api/config.ts';
import { startApi } from '@gantry/api/service.ts';
import { type Client, connect } from '@gantry/client/client.ts';
import { type Credentials, certificateCredentials, tokenCredentials } from '@gantry/client/credentials.ts';
import { openBus } from '@gantry/events/open.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { issueInto, loadAuthority } from '@gantry/pki/files.ts';
import { adminSubject, type Subject, serviceSubject } from '@gantry/pki/subject.ts';
import { CertificateHolder, pathsIn, readCertificates } from '@gantry/runtime/certificates.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { openStore } from '@gantry/store/open.ts';
import { readArguments } from './arguments.ts';
import { measure } from './measure.ts';

interface Transport {
  readonly name: string;
  readonly server: Credentials;
  readonly client: Credentials;
}

function podNamed(name: string): Pod {
  const resources = { requests: { cpu: '100m', memory: '64Mi' } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: 'bench' } },
    spec: { containers: [{ name: 'web', image: 'registry.example/web:1.2.3', resources }] },
  };
}

/** Both transports, with certificates in a folder. */
async function transportsIn(folder: string): Promise<Transport[]> {
  const authority = await loadAuthority(folder, Date.now());
  const certified = async (subject: Subject): Promise<Credentials> => {
    const path = join(folder, subject.commonName);
    await issueInto({ [path]: subject }, authority, Date.now());
    return certificateCredentials(new CertificateHolder(readCertificates(pathsIn(path))));
  };
  const token = tokenCredentials(() => 'the-token-of-the-benchmark');
  return [
    { name: 'clear text', server: token, client: token },
    { name: 'mTLS', server: await certified(serviceSubject('api')), client: await certified(adminSubject) },
  ];
}

/** A client of an api of its own over a transport. */
async function clientOver({ server, client }: Transport, url: string, stack: AsyncDisposableStack): Promise<Client> {
  const store = stack.use(await openStore(url));
  const bus = stack.use(await openBus('memory:'));
  const deps = { store, bus, log: silentLogger, credentials: server };
  const api = stack.use(await startApi({ ...defaultApiConfig, listen: '127.0.0.1:0' }, deps));
  return stack.use(connect(api.address, { credentials: client }));
}

const { seconds, rounds } = readArguments('Cost of mTLS for calls of the api.', {
  seconds: { type: 'number', about: 'seconds a figure', default: 2 },
  rounds: { type: 'number', about: 'figures of each transport', default: 3 },
});
const folder = mkdtempSync(join(tmpdir(), 'gantry-bench-'));
await using stack = new AsyncDisposableStack();
stack.defer(() => rmSync(folder, { recursive: true, force: true }));
const transports = await transportsIn(folder);
const clients = new Map<Transport, Client>();
for (const [index, transport] of transports.entries()) {
  const client = await clientOver(transport, `sqlite:${join(folder, `${index}.db`)}`, stack);
  clients.set(transport, client);
  // Pods run as it; no controller makes it here.
  await client.create({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'default' },
  });
  await measure(8, 0.5, (call) => client.create(podNamed(`warm-${call}`)));
}
for (const inFlight of [1, 32]) {
  for (let round = 1; round <= rounds; round++) {
    for (const transport of transports) {
      const client = clients.get(transport)!;
      const name = (call: number): string => `pod-${inFlight}-${round}-${call}`;
      const works = {
        create: (call: number) => client.create(podNamed(name(call))),
        get: () => client.get('Pod', { namespace: 'default', name: 'warm-0' }),
      };
      for (const [what, work] of Object.entries(works)) {
        const { perSecond, p50Ms, p99Ms, cpuMs } = await measure(inFlight, seconds, work);
        const figures = `${perSecond.toFixed(0).padStart(6)}/s   p50 ${p50Ms.toFixed(2)} ms   p99 ${p99Ms.toFixed(2)} ms   CPU ${cpuMs.toFixed(3)} ms`;
        console.log(
          `${transport.name.padEnd(10)} ${what.padEnd(6)} ${String(inFlight).padStart(2)} in flight  ${figures}`,
        );
      }
    }
  }
}

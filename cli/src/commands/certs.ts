import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { issueInto, keepCertificates, loadAuthority, type Wanted } from '@gantry/pki/files.ts';
import {
  adminSubject,
  nodeSubject,
  type Reached,
  type ServiceName,
  serviceSubject,
  thisMachine,
} from '@gantry/pki/subject.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { ensurePrivateFolder } from '@gantry/runtime/private-files.ts';
import type { Output } from '../context.ts';

export interface CertsFlags {
  /** Folder of the authority's certificate and key; `authority` in the folder of certificates if absent. */
  readonly authority?: string;
  /** Further names and addresses of the services. */
  readonly host: readonly string[];
  /** Nodes whose agents get a certificate. */
  readonly node: readonly string[];
  /** Go on, and renew each in time. */
  readonly keep: boolean;
}

/** Folders of the services' certificates. */
const folders: Readonly<Record<string, ServiceName>> = {
  api: 'api',
  scheduler: 'scheduler',
  controllers: 'controllers',
  'xds-lb': 'xdsLb',
  envoy: 'envoy',
  redis: 'redis',
  nats: 'nats',
};

/**
 * Makes an authority, and issues the certificates of a cluster's parts: a folder each, with ca.crt, tls.crt and tls.key. Those that are there and
 * good stay.
 */
export async function certs(path: string, flags: CertsFlags, output: Output, signal: AbortSignal): Promise<void> {
  const root = resolve(path);
  await ensurePrivateFolder(root);
  const authority = await loadAuthority(resolve(flags.authority ?? join(root, 'authority')), systemClock.now());
  const wanted = wantedIn(root, flags);
  const tell = (issued: readonly string[]): void => {
    for (const folder of issued) output.write(`${folder}\n`);
  };
  tell(await issueInto(wanted, authority, systemClock.now()));
  if (!flags.keep) return;
  await using _kept = await keepCertificates(wanted, authority, {
    clock: systemClock,
    onRenewed: tell,
    onError: (error) =>
      output.note(`gantry: certificates could not be renewed and will be tried again: ${String(error)}\n`),
  });
  if (signal.aborted) return;
  await new Promise<void>((stop) => signal.addEventListener('abort', () => stop(), { once: true }));
}

function wantedIn(root: string, { host, node }: CertsFlags): Wanted {
  const reached: Reached = {
    dns: [...thisMachine.dns, ...host.filter((name) => isIP(name) === 0)],
    ips: [...thisMachine.ips, ...host.filter((name) => isIP(name) !== 0)],
  };
  return Object.fromEntries([
    ...Object.entries(folders).map(([folder, service]) => [join(root, folder), serviceSubject(service, reached)]),
    ...node.map((name) => [join(root, `node-${name}`), nodeSubject(name, thisMachine.ips)]),
    // The last one: where it is there, all are.
    [join(root, 'admin'), adminSubject],
  ]);
}

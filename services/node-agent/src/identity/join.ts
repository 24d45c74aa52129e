/** The node's identity: certificates that it asks the api for, first by a bootstrap token and then by the certificate before. */

import { join } from 'node:path';
import { type Credentials, certificateCredentials, tokenCredentials } from '@gantry/client/credentials.ts';
import { isRenewable, storeCertificates } from '@gantry/pki/files.ts';
import { type BackoffPolicy, backoffMs } from '@gantry/runtime/backoff.ts';
import { CertificateHolder, type Certificates, pathsIn, readCertificates } from '@gantry/runtime/certificates.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { type RequestApi, requestCertificate } from './request.ts';

/** How a node comes to its certificates. */
export interface JoinOptions {
  readonly nodeName: string;
  /** Addresses under which the api reaches the agent. */
  readonly addresses: readonly string[];
  /** Folder of the node's keys and certificates. */
  readonly folder: string;
  /** The cluster's authority, in PEM. */
  readonly authority: string;
  /** Proof before there is a certificate; undefined on a node that has joined before. */
  readonly bootstrapToken: string | undefined;
}

export interface JoinDeps {
  /** A client of the api with credentials. */
  readonly connect: (credentials: Credentials) => RequestApi & Disposable;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The node's credentials, whose certificates are renewed until it is disposed of. */
export interface NodeIdentity extends AsyncDisposable {
  readonly credentials: Credentials;
}

type Use = 'client' | 'server';

/** Between two looks at a certificate's age. */
const lookMs = 3_600_000;
const backoff: BackoffPolicy = { initialMs: 1_000, maxMs: 60_000, factor: 2, jitter: 0.2 };

/**
 * Joins the cluster: resolves once the node has a certificate to call the api with. That of its own port follows when somebody approved it; until
 * then the port lets nobody in. Keys never leave the node. Rejects with FailedPrecondition where there is neither certificate nor bootstrap token.
 * @param signal Ends the waiting.
 */
export async function joinCluster(options: JoinOptions, deps: JoinDeps, signal: AbortSignal): Promise<NodeIdentity> {
  const { authority, bootstrapToken } = options;
  const bootstrap = tokenCredentials(
    () => bootstrapToken ?? '',
    () => authority,
  );
  const known = knownCertificates(options, 'client', deps.clock.now());
  if (known === undefined && bootstrapToken === undefined) {
    const message = `node ${options.nodeName} has no certificate in ${options.folder}, and no bootstrap token to ask for one`;
    throw new GantryError('FailedPrecondition', message);
  }
  const own = new CertificateHolder(known ?? (await request(options, deps, 'client', bootstrap, signal)));
  const serving = new CertificateHolder<Certificates | undefined>(
    knownCertificates(options, 'server', deps.clock.now()),
  );
  const credentials = certificateCredentials(own, undefined, serving);
  const stop = new AbortController();
  const keepers = [
    keep(own, (until) => request(options, deps, 'client', credentials, until), deps, stop.signal),
    keep(serving, (until) => request(options, deps, 'server', credentials, until), deps, stop.signal),
  ];
  return {
    credentials,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await Promise.all(keepers);
    },
  };
}

/** Renews a certificate at two thirds of its life, until the signal fires. */
async function keep(
  holder: Pick<CertificateHolder<Certificates | undefined>, 'current'> & { set(certificates: Certificates): void },
  renew: (signal: AbortSignal) => Promise<Certificates>,
  { clock, log }: JoinDeps,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 0; !signal.aborted; ) {
    const { current } = holder;
    let waitMs = lookMs;
    if (current === undefined || isRenewable(current.cert, clock.now())) {
      try {
        holder.set(await renew(signal));
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ error }, 'a certificate of the node could not be renewed and will be asked for again');
        waitMs = backoffMs(backoff, ++failures);
      }
    }
    await clock.sleep(waitMs, signal).catch(() => undefined);
  }
}

async function request(
  options: JoinOptions,
  { connect, clock }: JoinDeps,
  use: Use,
  credentials: Credentials,
  signal: AbortSignal,
): Promise<Certificates> {
  const { nodeName, addresses, authority } = options;
  using api = connect(credentials);
  const issued = await requestCertificate(api, { nodeName, use, addresses }, clock, signal);
  const certificates = { ...issued, ca: authority };
  await storeCertificates(folderOf(options, use), certificates);
  return certificates;
}

/** The certificate of an earlier start, if the authority is the same and it still holds. */
function knownCertificates(options: JoinOptions, use: Use, nowMs: number): Certificates | undefined {
  try {
    const found = readCertificates(pathsIn(folderOf(options, use)));
    return found.ca === options.authority && !isRenewable(found.cert, nowMs) ? found : undefined;
  } catch {
    return undefined;
  }
}

function folderOf({ folder }: JoinOptions, use: Use): string {
  return join(folder, use);
}

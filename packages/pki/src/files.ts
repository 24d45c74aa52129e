import { X509Certificate } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Certificates, pathsIn, readCertificates } from '@gantry/runtime/certificates.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { ensurePrivateFolder } from '@gantry/runtime/private-files.ts';
import type { KeyPair } from './authority.ts';
import type { Subject } from './subject.ts';

/** Between two looks at the certificates' ages. The shortest lifetime that is worth renewing is many times as long. */
const lookMs = 3_600_000;
/** A look that failed, as on a full disk, is repeated after this. */
const retryMs = 60_000;

/** The cluster's authority with the files of its certificate and key. */
export interface Authority extends KeyPair {
  /** Path of the certificate, which clients are given. */
  readonly certPath: string;
}

/** The authority in a folder. Throws FailedPrecondition where there is none. */
export async function readAuthority(folder: string): Promise<Authority> {
  const certPath = join(folder, 'ca.crt');
  const known = await readPair(certPath, join(folder, 'ca.key'));
  if (known !== undefined) return { ...known, certPath };
  throw new GantryError('FailedPrecondition', `no authority: ${folder} holds no ca.crt with its ca.key`);
}

/** The authority in a folder, made at the first start, for its owner alone. */
export async function loadAuthority(folder: string, nowMs: number): Promise<Authority> {
  const certPath = join(folder, 'ca.crt');
  const keyPath = join(folder, 'ca.key');
  const known = await readPair(certPath, keyPath);
  if (known !== undefined) return { ...known, certPath };
  // A folder of somebody else's, such as a Secret's, stays as it is.
  await ensurePrivateFolder(folder);
  const made = await (await issuing()).createAuthority('gantry', nowMs);
  // The key first: a certificate is never there without its key.
  await writePrivately(keyPath, made.key);
  await writePrivately(certPath, made.cert);
  return { ...made, certPath };
}

/** Certificates that are to be in folders, one a folder. */
export type Wanted = Readonly<Record<string, Subject>>;

/**
 * Puts a certificate into each folder: issued where there is none, and anew where it is another subject's or two thirds of its life are over.
 * @returns The folders whose certificate is new.
 */
export async function issueInto(wanted: Wanted, authority: Authority, nowMs: number): Promise<string[]> {
  const issued: string[] = [];
  for (const [folder, subject] of Object.entries(wanted)) {
    if (isGood(folder, authority, subject, nowMs)) continue;
    const { cert, key } = await (await issuing()).issue(authority, subject, nowMs);
    await storeCertificates(folder, { ca: authority.cert, cert, key });
    issued.push(folder);
  }
  return issued;
}

/** Puts certificates into a folder of their own, for its owner alone: ca.crt, tls.crt and tls.key. */
export async function storeCertificates(folder: string, { ca, cert, key }: Certificates): Promise<void> {
  await ensurePrivateFolder(folder);
  const paths = pathsIn(folder);
  await writePrivately(paths.ca, ca);
  await writePrivately(paths.key, key);
  await writePrivately(paths.cert, cert);
}

/** Whether two thirds of a certificate's life are over. */
export function isRenewable(cert: string, nowMs: number): boolean {
  return nowMs >= renewalMs(new X509Certificate(cert));
}

/** How certificates are kept. */
export interface KeeperDeps {
  readonly clock: Clock;
  /** Told of the folders whose certificate was renewed while it was in use. */
  readonly onRenewed?: (folders: readonly string[]) => void;
  /** Told of a failure; it is tried again. */
  readonly onError: (error: unknown) => void;
}

/** Issues certificates into folders, and renews each at two thirds of its life until it is disposed of. Resolves once all are there. */
export async function keepCertificates(
  wanted: Wanted,
  authority: Authority,
  deps: KeeperDeps,
): Promise<AsyncDisposable> {
  const { clock } = deps;
  await issueInto(wanted, authority, clock.now());
  const stop = new AbortController();
  const kept = keep(wanted, authority, deps, stop.signal);
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await kept;
    },
  };
}

async function keep(wanted: Wanted, authority: Authority, deps: KeeperDeps, signal: AbortSignal): Promise<void> {
  const { clock, onRenewed, onError } = deps;
  for (let waitMs = lookMs; ; ) {
    await clock.sleep(waitMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    try {
      const renewed = await issueInto(wanted, authority, clock.now());
      if (renewed.length > 0) onRenewed?.(renewed);
      waitMs = lookMs;
    } catch (error) {
      onError(error);
      waitMs = retryMs;
    }
  }
}

/** The library that issues certificates takes memory and time to load, and is rarely needed. */
function issuing(): Promise<typeof import('./authority.ts')> {
  return import('./authority.ts');
}

function isGood(folder: string, authority: Authority, subject: Subject, nowMs: number): boolean {
  try {
    const { ca, cert } = readCertificates(pathsIn(folder));
    const certificate = new X509Certificate(cert);
    const isOurs = ca === authority.cert && certificate.verify(new X509Certificate(authority.cert).publicKey);
    return isOurs && isOf(certificate, subject) && !isRenewable(cert, nowMs);
  } catch {
    // There is none, or a damaged one.
    return false;
  }
}

function isOf(certificate: X509Certificate, { commonName, organizations = [], dns = [], ips = [] }: Subject): boolean {
  const subject = [...organizations.map((name) => `O=${name}`), `CN=${commonName}`].join('\n');
  const isNamed = dns.every((name) => certificate.checkHost(name)) && ips.every((ip) => certificate.checkIP(ip));
  return certificate.subject === subject && isNamed;
}

/** Time at which two thirds of a certificate's life are over, in milliseconds since the epoch. */
function renewalMs({ validFrom, validTo }: X509Certificate): number {
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  return from + ((to - from) * 2) / 3;
}

async function readPair(certPath: string, keyPath: string): Promise<KeyPair | undefined> {
  try {
    return { cert: await readFile(certPath, 'utf8'), key: await readFile(keyPath, 'utf8') };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function writePrivately(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

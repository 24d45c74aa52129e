import { X509Certificate } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensurePrivateFolder } from '@gantry/runtime/private-files.ts';
import type { KeyPair, ServerNames } from './authority.ts';

/** Certificates that end sooner than this are issued anew at the next start. */
const renewBeforeMs = 30 * 24 * 3_600_000;

/** The cluster's authority with the files of its certificate and key. */
export interface Authority extends KeyPair {
  /** Path of the certificate, which clients are given. */
  readonly certPath: string;
}

/** The authority in a folder, made at the first start. The folder and its files are their owner's alone. */
export async function loadAuthority(folder: string, nowMs: number): Promise<Authority> {
  await ensurePrivateFolder(folder);
  const known = await readPair(folder, 'ca');
  const pair = known ?? (await (await issuing()).createAuthority('gantry', nowMs));
  if (known === undefined) await writePair(folder, 'ca', pair);
  return { ...pair, certPath: join(folder, 'ca.crt') };
}

/** A server's certificate in a folder: issued where there is none, and anew where it lacks a name or ends soon. */
export async function loadServer(
  folder: string,
  name: string,
  authority: Authority,
  names: ServerNames,
  nowMs: number,
): Promise<KeyPair> {
  const known = await readPair(folder, name);
  if (known !== undefined && isGood(known, authority, names, nowMs)) return known;
  const issued = await (await issuing()).issueServer(authority, names, nowMs);
  await writePair(folder, name, issued);
  return issued;
}

/** The library that issues certificates takes memory and time to load, and is needed at the first start alone. */
function issuing(): Promise<typeof import('./authority.ts')> {
  return import('./authority.ts');
}

function isGood({ cert }: KeyPair, authority: Authority, { dns, ips }: ServerNames, nowMs: number): boolean {
  try {
    const certificate = new X509Certificate(cert);
    const isOurs = certificate.verify(new X509Certificate(authority.cert).publicKey);
    const isNamed = dns.every((name) => certificate.checkHost(name)) && ips.every((ip) => certificate.checkIP(ip));
    return isOurs && isNamed && Date.parse(certificate.validTo) - nowMs > renewBeforeMs;
  } catch {
    // A damaged file is no certificate.
    return false;
  }
}

async function readPair(folder: string, name: string): Promise<KeyPair | undefined> {
  try {
    const [cert, key] = await Promise.all(
      ['crt', 'key'].map((ending) => readFile(join(folder, `${name}.${ending}`), 'utf8')),
    );
    return { cert: cert!, key: key! };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes the key first: a certificate is never there without its key. */
async function writePair(folder: string, name: string, { cert, key }: KeyPair): Promise<void> {
  for (const [ending, text] of [
    ['key', key],
    ['crt', cert],
  ]) {
    const path = join(folder, `${name}.${ending}`);
    await writeFile(`${path}.new`, text!, { mode: 0o600 });
    await rename(`${path}.new`, path);
  }
}

/** The keys that sign service accounts' tokens, in a folder: the newest signs, and all of them go on verifying. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { link, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensurePrivateFolder } from '@gantry/runtime/private-files.ts';

/** A key of tokens. */
export interface TokenKey {
  /** Tells the key in a token's header: the SHA-256 of its public part, as kube-apiserver names keys. */
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** A key signs for so long; the next start after that makes another. */
const signingMs = 365 * 24 * 3_600_000;
/** Size of a key, as kubeadm makes it. */
const modulusBits = 2_048;
const ending = '.key';

/**
 * The keys in a folder, the newest first; one is made where there is none, or where the newest is too old to sign. Whoever gives the
 * folder for reading only, such as a Secret that replicas share, looks after new keys himself.
 */
export async function loadTokenKeys(folder: string, nowMs: number): Promise<readonly TokenKey[]> {
  const known = keyFiles(await readdir(folder).catch(() => []));
  const newest = Math.max(...known.map(madeAtMs), Number.NEGATIVE_INFINITY);
  if (!(newest > nowMs - signingMs)) {
    try {
      await ensurePrivateFolder(folder);
      await makeKey(folder, nowMs);
    } catch (error) {
      if (known.length === 0) throw error;
    }
  }
  return readTokenKeys(folder);
}

/** The keys that are in a folder now, the newest first. Other files in it are passed over. */
export async function readTokenKeys(folder: string): Promise<readonly TokenKey[]> {
  const names = keyFiles(await readdir(folder)).toSorted((a, b) => madeAtMs(b) - madeAtMs(a));
  return Promise.all(names.map(async (name) => tokenKey(createPrivateKey(await readFile(join(folder, name), 'utf8')))));
}

/** A key that is kept nowhere, for tests and for an api whose tokens need not outlive it. */
export async function newTokenKey(): Promise<TokenKey> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: modulusBits });
  return tokenKey(privateKey);
}

function tokenKey(privateKey: KeyObject): TokenKey {
  const publicKey = createPublicKey(privateKey);
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return { id: createHash('sha256').update(der).digest('base64url'), privateKey, publicKey };
}

/** Names are the milliseconds at which keys were made. */
function keyFiles(names: readonly string[]): string[] {
  return names.filter((name) => /^\d{1,16}\.key$/.test(name));
}

function madeAtMs(name: string): number {
  return Number(name.slice(0, -ending.length));
}

async function makeKey(folder: string, nowMs: number): Promise<void> {
  const { privateKey } = await newTokenKey();
  const path = join(folder, `${Math.floor(nowMs)}${ending}`);
  const unfinished = `${path}.${process.pid}.new`;
  await writeFile(unfinished, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  try {
    // Linking fails where another process was faster: its key is as good.
    await link(unfinished, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(unfinished, { force: true });
  }
}

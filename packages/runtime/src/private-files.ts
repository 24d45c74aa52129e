import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';

/** Folders that other users of the machine may neither list nor enter. */
const privateFolder = 0o700;
/** Folders that other users may pass through, and not list: for processes that run as another user below them. */
const passableFolder = 0o711;

/** Makes a folder that is its owner's alone. One that is there and looser, as an earlier version left it, is tightened. */
export function ensurePrivateFolder(path: string): Promise<void> {
  return ensureFolder(path, privateFolder);
}

/** Makes a folder that others may pass through and not list. */
export function ensurePassableFolder(path: string): Promise<void> {
  return ensureFolder(path, passableFolder);
}

async function ensureFolder(path: string, mode: number): Promise<void> {
  await mkdir(path, { recursive: true, mode });
  const { mode: found } = await stat(path);
  if ((found & 0o777 & ~mode) !== 0) await chmod(path, mode);
}

/** A file that holds a random secret of 32 bytes, readable by its owner alone; made where there is none. */
export async function ensureSecretFile(path: string): Promise<void> {
  try {
    await writeFile(path, `${newSecret()}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    await chmod(path, 0o600);
  }
}

/** The secret of such a file, which is made where there is none. */
export async function readSecretFile(path: string): Promise<string> {
  await ensureSecretFile(path);
  return (await readFile(path, 'utf8')).trim();
}

/** 32 random bytes as text that needs no escapes in addresses, files or headers. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

import { randomBytes } from 'node:crypto';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Payload } from './payload.ts';

/** The link that is exchanged; users' files are links through it. */
const dataLink = '..data';
const newDataLink = '..data_tmp';
/** Names of the directories that hold the files: nothing that the link says otherwise is followed. */
const timeDirectory = /^\.\.[0-9a-f_]+$/;

/**
 * Publishes exactly these files in a directory, atomically: they are written into a new directory, and a link to it is exchanged.
 * Readers see the old state or the new one, never a mixture, and files that are gone are gone. The layout is that of Kubernetes:
 * `..data` → `..<time>`, and one link for each first path step. Returns false if nothing changed.
 * @param gid Group of the files, from the pod's fsGroup.
 */
export async function writeAtomically(directory: string, payload: Payload, gid: number | undefined): Promise<boolean> {
  const link = await readlink(join(directory, dataLink)).catch(() => '');
  const old = timeDirectory.test(link) ? link : undefined;
  if (old !== undefined && (await shows(join(directory, old), payload))) {
    await linkFirstSteps(directory, payload);
    return false;
  }
  const fresh = `..${new Date().toISOString().replace(/[^0-9]/g, '_')}${randomBytes(4).toString('hex')}`;
  await writeFiles(join(directory, fresh), payload, gid);
  await rm(join(directory, newDataLink), { force: true });
  await symlink(fresh, join(directory, newDataLink));
  await rename(join(directory, newDataLink), join(directory, dataLink));
  await linkFirstSteps(directory, payload);
  await removeStale(directory, payload, fresh);
  return true;
}

async function writeFiles(directory: string, payload: Payload, gid: number | undefined): Promise<void> {
  await mkdir(directory, { mode: 0o755 });
  await chmod(directory, 0o755);
  for (const [path, { data, mode }] of payload) {
    const file = join(directory, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o755 });
    await writeFile(file, data, { flag: 'wx', mode: 0o600 });
    if (gid !== undefined) await chown(file, process.getuid?.() ?? 0, gid);
    // A group that was given the file may read it.
    await chmod(file, gid === undefined ? mode : mode | 0o040);
  }
}

async function shows(directory: string, payload: Payload): Promise<boolean> {
  if (!(await lstat(directory).catch(() => undefined))?.isDirectory()) return false;
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  if (files.length !== payload.size) return false;
  for (const [path, { data }] of payload) {
    const present = await readFile(join(directory, path)).catch(() => undefined);
    if (present === undefined || !present.equals(data)) return false;
  }
  return true;
}

function firstSteps(payload: Payload): Set<string> {
  return new Set([...payload.keys()].map((path) => path.split('/')[0] ?? path));
}

async function linkFirstSteps(directory: string, payload: Payload): Promise<void> {
  for (const step of firstSteps(payload)) {
    const link = join(directory, step);
    const present = await lstat(link).catch(() => undefined);
    if (present === undefined) await symlink(join(dataLink, step), link);
  }
}

async function removeStale(directory: string, payload: Payload, fresh: string): Promise<void> {
  const wanted = new Set([...firstSteps(payload), dataLink, fresh]);
  for (const entry of await readdir(directory)) {
    if (!wanted.has(entry)) await rm(join(directory, entry), { recursive: true, force: true });
  }
}

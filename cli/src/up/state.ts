/** The state folder of a cluster on this machine, and the secrets in it. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePassableFolder, ensurePrivateFolder } from '@gantry/runtime/private-files.ts';
import { publishCluster } from '../known-clusters.ts';

/** Folders of a running cluster. Disposing of them removes the sockets. */
export interface StateFolders extends AsyncDisposable {
  /** Sockets; nobody else may enter it. */
  readonly run: string;
}

/** Longest path of a folder for sockets: Linux gives a socket's path 107 bytes. */
const maxRunDirBytes = 90;

/** Makes the state folder, for its owner alone; one that is there keeps its mode. */
export async function makeStateFolder(stateDir: string): Promise<void> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
}

/**
 * Prepares the state folder. A new one is private to its owner; an existing one keeps its mode, since others may share it. Everything
 * in it that other users must not read is made private.
 */
export async function prepareState(stateDir: string): Promise<StateFolders> {
  await makeStateFolder(stateDir);
  await ensurePrivateFolder(join(stateDir, 'images'));
  // Containers of the process driver may run as other users, who need access to their own files.
  await ensurePassableFolder(join(stateDir, 'nodes'));
  const inside = join(stateDir, 'run');
  const fits = Buffer.byteLength(inside) <= maxRunDirBytes;
  if (fits) await ensurePrivateFolder(inside);
  const run = fits ? inside : await mkdtemp(join(tmpdir(), 'gantry-run-'));
  return { run, [Symbol.asyncDispose]: () => rm(run, { recursive: true, force: true }) };
}

/**
 * Lets the user's commands find the administrator's certificate while the cluster runs; tells its folder if they cannot.
 * @param folder Folder of the certificate.
 */
export async function announceCluster(
  address: string,
  folder: string,
  progress: (text: string) => void,
): Promise<AsyncDisposable> {
  const published = await publishCluster(address, folder);
  if (!published.found)
    progress(`commands need GANTRY_CERTS=${folder}, as your configuration folder cannot be written`);
  return published;
}

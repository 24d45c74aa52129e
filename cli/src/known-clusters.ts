/** Finds the administrator's certificate of a cluster that the same user runs on this machine. */

import { existsSync, readFileSync } from 'node:fs';
import { readlink, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import {
  type Credentials,
  credentialsFromEnv,
  credentialsIn,
  tokenCredentials,
  tokenFromFile,
} from '@gantry/client/credentials.ts';
import { pathsIn } from '@gantry/runtime/certificates.ts';
import { ensurePrivateFolder, ensureSecretFile } from '@gantry/runtime/private-files.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The secret by which scripts may act as the administrator of a cluster that this process runs. */
export interface ClusterToken {
  /** File with the token, for the cluster's other processes. */
  readonly path: string;
  /** The token as of now. */
  readonly read: () => string;
}

/**
 * The token of the cluster in a state folder: the one in GANTRY_TOKEN_FILE, else that of the folder, which is made at the first
 * start and readable by its owner alone.
 */
export async function clusterToken(stateDir: string, env: Env = process.env): Promise<ClusterToken> {
  const path = env.GANTRY_TOKEN_FILE ? resolve(env.GANTRY_TOKEN_FILE) : join(stateDir, 'token');
  if (!env.GANTRY_TOKEN_FILE) await ensureSecretFile(path);
  return { path, read: tokenFromFile(path) };
}

/** Folder of a cluster's authority and the certificates of its parts. */
export function certificatesDir(stateDir: string): string {
  return join(stateDir, 'pki');
}

/**
 * Lets commands of the same user find a cluster's certificates by the api's address, for as long as it runs: a link in the user's
 * configuration folder. Where that cannot be written, commands are told by hand.
 * @param folder Folder of the administrator's certificate.
 */
export async function publishCluster(
  address: string,
  folder: string,
  env: Env = process.env,
): Promise<AsyncDisposable & { readonly found: boolean }> {
  const link = linkOf(address, env);
  try {
    await ensurePrivateFolder(dirname(link));
    await rm(link, { force: true });
    await symlink(folder, link);
  } catch {
    return { found: false, async [Symbol.asyncDispose]() {} };
  }
  return {
    found: true,
    async [Symbol.asyncDispose]() {
      // Another cluster may have taken the address meanwhile.
      if ((await readlink(link).catch(() => '')) === folder) await rm(link, { force: true });
    },
  };
}

/**
 * Credentials for a server: the token in the file that is named, else those of the environment (GANTRY_CERTS, GANTRY_TOKEN_FILE,
 * GANTRY_TOKEN), else the administrator's certificate of the cluster that this user runs at that address; undefined where there are
 * none. Nothing of a cluster goes to another server than its own.
 */
export function findCredentials(
  server: string,
  tokenFile: string | undefined,
  env: Env = process.env,
): Credentials | undefined {
  const link = server
    .split(',')
    .map((address) => linkOf(address.trim(), env))
    .find((path) => existsSync(path));
  if (tokenFile !== undefined) {
    const ca = authorityFor(tokenFile, env.GANTRY_CERTS || link);
    return tokenCredentials(tokenFromFile(tokenFile), ca === undefined ? undefined : () => readFileSync(ca, 'utf8'));
  }
  return credentialsFromEnv(env) ?? (link === undefined ? undefined : credentialsIn(link));
}

/** File of the authority that issued the server's certificate: in a folder of certificates, or beside the token in a state folder. */
function authorityFor(tokenFile: string, folder: string | undefined): string | undefined {
  const folders = [...(folder ? [folder] : []), certificatesDir(dirname(tokenFile))];
  return folders.map((each) => pathsIn(each).ca).find((path) => existsSync(path));
}

function linkOf(address: string, env: Env): string {
  const configuration = env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config');
  return join(configuration, 'gantry', 'clusters', address.replace(/^localhost:/, '127.0.0.1:').replaceAll('/', '_'));
}

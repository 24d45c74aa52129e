/** Finds the token of a cluster that the same user runs on this machine. */

import { existsSync } from 'node:fs';
import { readlink, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type Credentials, credentialsFromEnv, tokenCredentials, tokenFromFile } from '@gantry/client/credentials.ts';
import { ensurePrivateFolder, ensureSecretFile } from '@gantry/runtime/private-files.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The secret of a cluster that this process runs. */
export interface ClusterToken {
  /** File with the token, for the cluster's other processes. */
  readonly path: string;
  readonly credentials: Credentials;
}

/**
 * The token of the cluster in a state folder: the one in GANTRY_TOKEN_FILE, else that of the folder, which is made at the first
 * start and readable by its owner alone.
 */
export async function clusterToken(stateDir: string, env: Env = process.env): Promise<ClusterToken> {
  const path = env.GANTRY_TOKEN_FILE ? resolve(env.GANTRY_TOKEN_FILE) : join(stateDir, 'token');
  if (!env.GANTRY_TOKEN_FILE) await ensureSecretFile(path);
  return { path, credentials: tokenCredentials(tokenFromFile(path)) };
}

/**
 * Lets commands of the same user find the token by the api's address, for as long as the cluster runs: a link in the user's
 * configuration folder. Where that cannot be written, commands are told the file by hand.
 */
export async function publishToken(
  address: string,
  { path }: Pick<ClusterToken, 'path'>,
  env: Env = process.env,
): Promise<AsyncDisposable & { readonly found: boolean }> {
  const link = linkOf(address, env);
  try {
    await ensurePrivateFolder(dirname(link));
    await rm(link, { force: true });
    await symlink(path, link);
  } catch {
    return { found: false, async [Symbol.asyncDispose]() {} };
  }
  return {
    found: true,
    async [Symbol.asyncDispose]() {
      // Another cluster may have taken the address meanwhile.
      if ((await readlink(link).catch(() => '')) === path) await rm(link, { force: true });
    },
  };
}

/**
 * Credentials for a server: of the file that is named, else of GANTRY_TOKEN_FILE or GANTRY_TOKEN, else of the cluster that this
 * user runs at that address; undefined where there are none. A token goes to no other server than its own.
 */
export function findCredentials(
  server: string,
  tokenFile: string | undefined,
  env: Env = process.env,
): Credentials | undefined {
  if (tokenFile !== undefined) return tokenCredentials(tokenFromFile(tokenFile));
  const given = credentialsFromEnv(env);
  if (given !== undefined) return given;
  const link = server
    .split(',')
    .map((address) => linkOf(address.trim(), env))
    .find((path) => existsSync(path));
  return link === undefined ? undefined : tokenCredentials(tokenFromFile(link));
}

function linkOf(address: string, env: Env): string {
  const configuration = env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config');
  return join(configuration, 'gantry', 'tokens', address.replace(/^localhost:/, '127.0.0.1:').replaceAll('/', '_'));
}

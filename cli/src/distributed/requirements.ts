import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { GantryError } from '@gantry/runtime/errors.ts';

/** The servers that the distributed form starts, by the Debian package of the same name. */
const servers = ['redis-server', 'nats-server'] as const;

/** Directories of administration programs, which a user's PATH may leave out. */
const extraPath = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Paths of redis-server and nats-server. */
export type ServerPaths = Readonly<Record<(typeof servers)[number], string>>;

/** Finds the servers on the PATH. FailedPrecondition that names those which are missing and how to get them. */
export async function findServers(
  path: string = process.env.PATH ?? '',
  administration: readonly string[] = extraPath,
): Promise<ServerPaths> {
  const folders = [...path.split(delimiter).filter((folder) => folder !== ''), ...administration];
  const found = await Promise.all(servers.map(async (name) => [name, await firstExecutable(name, folders)] as const));
  const missing = found.filter(([, file]) => file === undefined).map(([name]) => name);
  if (missing.length > 0) {
    throw new GantryError(
      'FailedPrecondition',
      `${missing.join(' and ')} not found, which the distributed form stands on: as root, apt-get install ${missing.join(' ')}. ` +
        '`gantry up` does without',
    );
  }
  return Object.fromEntries(found) as ServerPaths;
}

async function firstExecutable(name: string, folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const file = join(folder, name);
    const usable = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (usable) return file;
  }
  return undefined;
}

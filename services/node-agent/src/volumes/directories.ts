import { constants } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import type { HostPathVolumeSource } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';

/** Permissions of scratch space: anyone may write, and with an fsGroup new files belong to it. */
const scratchMode = 0o777;
const setGid = 0o2000;

/** Gives the directory of an emptyDir, which exists, to the pod's containers. Throws ELOOP if a link took its place. */
export async function makeScratch(path: string, gid: number | undefined): Promise<void> {
  await using directory = await open(path, constants.O_DIRECTORY | constants.O_NOFOLLOW);
  if (gid !== undefined) await directory.chown(process.getuid?.() ?? 0, gid);
  await directory.chmod(gid === undefined ? scratchMode : scratchMode | setGid);
}

/** Creates or checks a hostPath by its type. Throws Invalid, in Kubernetes' words, for a mismatch. */
export async function checkHostPath({ path, type = '' }: HostPathVolumeSource): Promise<void> {
  if (!path.startsWith('/') || path.split('/').includes('..')) {
    throw new GantryError('Invalid', `hostPath ${JSON.stringify(path)} must be an absolute path without '..'`);
  }
  if (type === 'DirectoryOrCreate') await mkdir(path, { recursive: true, mode: 0o755 });
  if (type === 'FileOrCreate') await (await open(path, 'a', 0o644)).close();
  if (type === '') {
    // The runtime needs something to mount: as with other runtimes, a missing path becomes a directory.
    await stat(path).catch(() => mkdir(path, { recursive: true, mode: 0o755 }));
    return;
  }
  const present = await stat(path).catch(() => undefined);
  const kinds: Readonly<Record<string, boolean | undefined>> = {
    Directory: present?.isDirectory(),
    DirectoryOrCreate: present?.isDirectory(),
    File: present?.isFile(),
    FileOrCreate: present?.isFile(),
    Socket: present?.isSocket(),
    CharDevice: present?.isCharacterDevice(),
    BlockDevice: present?.isBlockDevice(),
  };
  if (kinds[type] !== true) throw new GantryError('Invalid', `hostPath type check failed: ${path} is not a ${type}`);
}

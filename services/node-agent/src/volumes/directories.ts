import { chmod, chown, mkdir, open, realpath, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import type { HostPathVolumeSource } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { safeRelativePath } from './paths.ts';

/** Anyone may write, and with a group new files belong to it: what a container sees as its scratch space. */
const scratchMode = 0o777;
const setGid = 0o2000;

/** Makes the directory of an emptyDir. */
export async function makeScratch(directory: string, gid: number | undefined): Promise<void> {
  await mkdir(directory, { recursive: true });
  if (gid !== undefined) await chown(directory, process.getuid?.() ?? 0, gid);
  await chmod(directory, gid === undefined ? scratchMode : scratchMode | setGid);
}

/** Sees to it that a hostPath is what its type says. Throws Invalid, in Kubernetes' words, where it is not. */
export async function checkHostPath({ path, type = '' }: HostPathVolumeSource): Promise<void> {
  if (!path.startsWith('/') || path.split('/').includes('..')) {
    throw new GantryError('Invalid', `hostPath ${JSON.stringify(path)} must be an absolute path without '..'`);
  }
  if (type === 'DirectoryOrCreate') await mkdir(path, { recursive: true, mode: 0o755 });
  if (type === 'FileOrCreate') await (await open(path, 'a', 0o644)).close();
  if (type === '') {
    // The runtime needs something to mount; as with other runtimes, that is a directory where there is nothing.
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

/**
 * The path inside a volume that a subPath names, made as a directory where nothing is there. Links are followed, and one that leads
 * out of the volume is refused with Invalid.
 */
export async function resolveSubPath(volume: string, subPath: string): Promise<string> {
  const path = join(volume, ...safeRelativePath(subPath));
  const root = await realpath(volume);
  const nearest = await nearestExisting(path, volume);
  assertInside(root, await realpath(nearest), subPath);
  await stat(path).catch(() => mkdir(path, { recursive: true, mode: 0o755 }));
  const resolved = await realpath(path);
  assertInside(root, resolved, subPath);
  return resolved;
}

async function nearestExisting(path: string, volume: string): Promise<string> {
  for (let candidate = path; candidate.length > volume.length; candidate = dirname(candidate)) {
    const there = await stat(candidate).then(
      () => true,
      () => false,
    );
    if (there) return candidate;
  }
  return volume;
}

function assertInside(root: string, path: string, subPath: string): void {
  if (path === root || path.startsWith(`${root}${sep}`)) return;
  throw new GantryError('Invalid', `subPath ${JSON.stringify(subPath)} leads out of its volume`);
}

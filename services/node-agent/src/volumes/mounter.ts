import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { GantryError } from '@gantry/runtime/errors.ts';
import { mountPoints } from '../host/mounts.ts';

/** Bound of one mount or umount, in milliseconds. */
const timeoutMs = 10_000;

/** Mounts of the node's pods. Absent if the driver gives pods no file system of their own. */
export interface Mounter {
  /** Mounts what `source` stands for, a descriptor's path in /proc, on an existing file or directory. */
  bind(source: string, target: string): Promise<void>;
  /** Mounts a file system in memory on an existing directory. */
  tmpfs(target: string, options: { readonly sizeBytes: number | undefined }): Promise<void>;
  /** Takes away every mount at or below a path, the last one first. */
  unmountBelow(path: string): Promise<void>;
}

/** The machine's mounts, by mount(8). */
export const systemMounter: Mounter = {
  // Canonical paths would be resolved anew, by name: the descriptor must be taken as it is.
  bind: (source, target) => command('mount', ['--no-canonicalize', '--bind', source, target]),
  tmpfs: (target, { sizeBytes }) => {
    const options = ['mode=0777', ...(sizeBytes === undefined ? [] : [`size=${sizeBytes}`])].join(',');
    return command('mount', ['-t', 'tmpfs', '-o', options, 'gantry-emptydir', target]);
  },
  async unmountBelow(path) {
    // Detached, because a process that is just ending may still be in there.
    for (const point of (await mountsBelow(path)).toReversed()) await command('umount', ['--lazy', point]);
  },
};

async function mountsBelow(path: string): Promise<string[]> {
  const points = mountPoints(await readFile('/proc/self/mountinfo', 'utf8'));
  return points.filter((point) => point === path || point.startsWith(`${path}/`));
}

async function command(program: string, args: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)(program, args, { timeout: timeoutMs });
  } catch (error) {
    const { stderr = '', message } = error as Error & { readonly stderr?: string };
    throw new GantryError('InternalError', `${program}: ${stderr.trim() || message}`, { cause: error });
  }
}

/**
 * Removes a directory with all that is in it, after the mounts in it were taken away. Rejects while something is still mounted there:
 * a mount shows files that belong to somebody else.
 */
export async function removeTree(path: string, mounter: Mounter | undefined): Promise<void> {
  await mounter?.unmountBelow(path);
  const left = await mountsBelow(path).catch(() => []);
  if (left.length > 0) {
    throw new GantryError('FailedPrecondition', `${path} cannot be removed: ${left[0]} is still mounted`);
  }
  await rm(path, { recursive: true, force: true });
}

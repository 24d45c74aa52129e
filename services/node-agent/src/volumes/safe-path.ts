import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { GantryError } from '@gantry/runtime/errors.ts';
import { safeRelativePath } from './paths.ts';

/** Linux' O_PATH, which Node does not name: opens nothing for reading, so neither pipes block nor devices act. */
const oPath = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW } = constants;

/** Path under which this process, and every other with enough rights, reaches exactly what was opened. */
export function descriptorPath(handle: FileHandle, pid: number | 'self' = 'self'): string {
  return `/proc/${pid}/fd/${handle.fd}`;
}

/**
 * Opens what a subPath names inside a volume. A container that shares the volume may exchange parts of the path at any moment, so the
 * path is resolved once, found to be inside the volume, and then opened component by component without following links: what is
 * opened is inside the volume whatever happens meanwhile. Directories that are missing are made with the volume's own permissions.
 * Throws Invalid for a path that leads out of the volume or changes while it is opened.
 */
export async function openSubPath(volume: string, subPath: string): Promise<FileHandle> {
  const root = await realpath(volume);
  const steps = safeRelativePath(subPath);
  const present = await existingPrefix(root, steps, subPath);
  let handle = await openComponent(root, O_DIRECTORY);
  try {
    for (const step of present.resolved) handle = await descend(handle, step, subPath);
    const mode = (await stat(root)).mode & 0o7777;
    for (const step of present.missing) handle = await makeBelow(handle, step, mode, subPath);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

interface ExistingPrefix {
  /** Components below the root, free of links when they were resolved. */
  readonly resolved: readonly string[];
  readonly missing: readonly string[];
}

/** The longest part of the path that exists, with its links resolved. Throws Invalid if that is outside of the root. */
async function existingPrefix(root: string, steps: readonly string[], subPath: string): Promise<ExistingPrefix> {
  for (let count = steps.length; count >= 0; count--) {
    const path = await realpath(join(root, ...steps.slice(0, count))).catch(() => undefined);
    if (path === undefined) continue;
    if (path !== root && !path.startsWith(root === sep ? sep : `${root}${sep}`)) throw leadsOut(subPath);
    return { resolved: relative(root, path).split(sep).filter(Boolean), missing: steps.slice(count) };
  }
  throw new GantryError('Invalid', `subPath ${JSON.stringify(subPath)}: its volume is gone`);
}

/** Opens one component below a directory and closes the directory. */
async function descend(parent: FileHandle, step: string, subPath: string): Promise<FileHandle> {
  const child = await openComponent(join(descriptorPath(parent), step), 0).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' || error.code === 'ENOTDIR' ? changed(subPath) : error;
  });
  // With O_PATH a link is opened itself instead of being refused.
  if ((await child.stat()).isSymbolicLink()) {
    await child.close();
    throw changed(subPath);
  }
  await parent.close();
  return child;
}

async function makeBelow(parent: FileHandle, step: string, mode: number, subPath: string): Promise<FileHandle> {
  const path = join(descriptorPath(parent), step);
  let made = true;
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
    made = false;
  });
  const child = await descend(parent, step, subPath);
  if (made) await setMode(child, mode);
  return child;
}

function openComponent(path: string, flags: number): Promise<FileHandle> {
  return open(path, oPath | O_NOFOLLOW | flags);
}

/** A descriptor that was opened with O_PATH cannot change what it stands for: the directory is opened once more, through it. */
async function setMode(handle: FileHandle, mode: number): Promise<void> {
  await using directory = await open(`${descriptorPath(handle)}/.`, O_DIRECTORY | O_NOFOLLOW);
  await directory.chmod(mode);
}

function leadsOut(subPath: string): GantryError {
  return new GantryError('Invalid', `subPath ${JSON.stringify(subPath)} leads out of its volume`);
}

function changed(subPath: string): GantryError {
  return new GantryError('Invalid', `subPath ${JSON.stringify(subPath)} changed while it was opened`);
}

import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

const cgroupRoot = '/sys/fs/cgroup';

/**
 * Removes an empty cgroup from every hierarchy that has it (v1 has one for each controller, v2 one in all). Runtimes make the parent
 * that they are given and never remove it. One that is gone, or still in use, is left as it is.
 */
export async function removeCgroup(path: string): Promise<void> {
  for (const directory of await directoriesOf(path)) await rmdir(directory).catch(() => {});
}

/** Removes a cgroup with all that are below it, as far as nothing runs in them. */
export async function removeCgroupTree(path: string): Promise<void> {
  for (const directory of await directoriesOf(path)) await removeTree(directory);
}

async function directoriesOf(path: string): Promise<string[]> {
  const hierarchies = await readdir(cgroupRoot).catch(() => []);
  return [join(cgroupRoot, path), ...hierarchies.map((each) => join(cgroupRoot, each, path))];
}

async function removeTree(directory: string): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(directory, entry.name));
  await rmdir(directory).catch(() => {});
}

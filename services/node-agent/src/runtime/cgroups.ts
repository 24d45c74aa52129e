import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

const cgroupRoot = '/sys/fs/cgroup';

/**
 * Removes an empty cgroup from every hierarchy that has it (v1 has one for each controller, v2 one in all). Runtimes make the parent
 * that they are given and never remove it. One that is gone, or still in use, is left as it is.
 */
export async function removeCgroup(path: string): Promise<void> {
  const hierarchies = await readdir(cgroupRoot).catch(() => []);
  const candidates = [join(cgroupRoot, path), ...hierarchies.map((each) => join(cgroupRoot, each, path))];
  await Promise.all(candidates.map((each) => rmdir(each).catch(() => {})));
}

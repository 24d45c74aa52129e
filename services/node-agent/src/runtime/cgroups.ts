import { existsSync } from 'node:fs';
import { mkdir, readdir, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

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

/** Amounts that everything in a cgroup may have together; no bound where absent. */
export interface CgroupLimits {
  readonly cpuMillicores?: number | undefined;
  readonly memoryBytes?: number | undefined;
}

/** Length of the kernel's accounting period for cpu time, in microseconds, and the least share of it that it takes. */
const cpuPeriodUs = 100_000;
const minCpuQuotaUs = 1_000;

/** Makes a cgroup with limits for all that is below it, in whichever hierarchies the machine has. */
export async function limitCgroup(path: string, limits: CgroupLimits, root: string = cgroupRoot): Promise<void> {
  const { cpuMillicores, memoryBytes } = limits;
  const quotaUs =
    cpuMillicores === undefined
      ? undefined
      : Math.max(minCpuQuotaUs, Math.round((cpuMillicores * cpuPeriodUs) / 1_000));
  if (existsSync(join(root, 'cgroup.controllers'))) {
    await makeUnified(root, path);
    if (quotaUs !== undefined) await writeFile(join(root, path, 'cpu.max'), `${quotaUs} ${cpuPeriodUs}`);
    if (memoryBytes !== undefined) await writeFile(join(root, path, 'memory.max'), String(memoryBytes));
    return;
  }
  const set = async (controller: string, file: string, value: number | undefined): Promise<void> => {
    if (value === undefined) return;
    await mkdir(join(root, controller, path), { recursive: true });
    await writeFile(join(root, controller, path, file), String(value));
  };
  await set('cpu', 'cpu.cfs_period_us', quotaUs === undefined ? undefined : cpuPeriodUs);
  await set('cpu', 'cpu.cfs_quota_us', quotaUs);
  await set('memory', 'memory.limit_in_bytes', memoryBytes);
}

/** Makes a cgroup of the second version, where each parent hands its controllers down. */
async function makeUnified(root: string, path: string): Promise<void> {
  const parents = [root];
  for (let at = dirname(path); at !== '/' && at !== '.'; at = dirname(at)) parents.splice(1, 0, join(root, at));
  for (const parent of parents) {
    await mkdir(parent, { recursive: true });
    await writeFile(join(parent, 'cgroup.subtree_control'), '+cpu +memory');
  }
  await mkdir(join(root, path), { recursive: true });
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

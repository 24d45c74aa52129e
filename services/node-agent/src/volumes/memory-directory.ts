import { execFile } from 'node:child_process';
import { mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Logger } from '@gantry/runtime/log.ts';

/** Type of a file system that lives in memory, as statfs tells it (Linux' TMPFS_MAGIC). */
const tmpfsType = 0x01021994;

/** True if the directory lies on a tmpfs. */
async function isTmpfs(directory: string): Promise<boolean> {
  return (await statfs(directory)).type === tmpfsType;
}

/**
 * Makes the directory for secrets and emptyDirs of medium Memory, which must not reach a disk, below the agent's root directory: a
 * tmpfs if `mountTmpfs` asks for one and the agent may mount it. Otherwise it is a directory that nobody else may read. It stays mounted when the
 * agent ends, as containers go on using it.
 */
export async function memoryDirectory(rootDir: string, mountTmpfs: boolean, log: Logger): Promise<string> {
  const directory = join(rootDir, 'memory');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (!mountTmpfs || (await isTmpfs(directory))) return directory;
  try {
    await promisify(execFile)('mount', ['-t', 'tmpfs', '-o', 'mode=0700', 'gantry-memory', directory], {
      timeout: 10_000,
    });
  } catch (error) {
    log.warn({ error }, 'no tmpfs could be mounted: secrets of pods lie on the disk, readable by the agent only');
  }
  return directory;
}

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@gantry/runtime/log.ts';
import { type Mounter, removeTree } from '../volumes/mounter.ts';

/** Directories below the agent's root, each with one entry a pod: named by its uid, or with its uid as last part. */
const directories = ['pods', 'logs', 'memory'] as const;

/**
 * Removes directories of pods that no longer exist, which an agent that was killed may have left behind.
 * @param isKnown True for the uid of a pod that the api or the runtime has.
 */
export async function removeOrphanedDirectories(
  rootDir: string,
  isKnown: (uid: string) => boolean,
  deps: { readonly log: Logger; readonly mounter?: Mounter },
): Promise<void> {
  for (const directory of directories) {
    const entries = await readdir(join(rootDir, directory)).catch(() => []);
    for (const entry of entries) {
      // Neither names nor uids have an underscore in them.
      if (isKnown(entry.split('_').at(-1) ?? '')) continue;
      deps.log.info({ directory, entry }, 'removing the directory of a pod that exists no more');
      await removeTree(join(rootDir, directory, entry), deps.mounter).catch((error: unknown) =>
        deps.log.warn({ error, directory, entry }, 'the directory of a pod that exists no more could not be removed'),
      );
    }
  }
}

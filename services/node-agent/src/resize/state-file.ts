import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '@gantry/runtime/log.ts';
import type { PodPaths } from '../pods/paths.ts';
import type { Allocation, Share } from './shares.ts';

/** All that an agent must know of a pod's resizes after a restart. */
export interface ResizeRecord {
  readonly allocated: Allocation;
  /** Shares by which running containers are held, by container id, where they changed since the container was made. */
  readonly inForce: Readonly<Record<string, Share>>;
  /** The share by which the pod as a whole is held, while that is not the one that is set aside for it. */
  readonly whole?: Share;
  /** The generation of the resize that is being carried out. */
  readonly underWay?: number;
}

/** Keeps records of resizes. */
export interface ResizeRecords {
  /** The record of a pod; undefined for one that was never resized. */
  read(uid: string): ResizeRecord | undefined;
  write(uid: string, record: ResizeRecord): void;
}

const fileName = 'resize.json';

/**
 * Records on disk, in the directory of each pod, with which they go. They are small and written at a resize alone, so that they are written before
 * anything else happens: an agent that is killed knows all that it had granted.
 */
export function resizeFiles(paths: Pick<PodPaths, 'pod'>, log: Logger): ResizeRecords {
  return {
    read(uid) {
      try {
        return JSON.parse(readFileSync(join(paths.pod(uid), fileName), 'utf8')) as ResizeRecord;
      } catch (error) {
        // A file that is damaged tells nothing: the runtime's annotations say what containers were made with.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
          log.warn({ error, uid }, 'a record of a resize is damaged');
        return undefined;
      }
    },
    write(uid, record) {
      const directory = paths.pod(uid);
      mkdirSync(directory, { recursive: true });
      const path = join(directory, fileName);
      writeFileSync(`${path}.new`, JSON.stringify(record));
      renameSync(`${path}.new`, path);
    },
  };
}

/** Keeps nothing, for nodes without disks. */
export const noRecords: ResizeRecords = { read: () => undefined, write: () => {} };

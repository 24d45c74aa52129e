/** The files of a SQLite store: who may read them, and whether they are still there. */
import { chmodSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';

const fileMode = 0o600;
const folderMode = 0o700;

/**
 * Makes a store's folder and files where they are missing, and takes them from everybody else: they hold all Secrets. SQLite
 * gives its log files the mode of the database. Rejects with FailedPrecondition, naming the path, where that fails.
 */
export function prepareFiles(path: string, log?: Logger): void {
  const folder = dirname(path);
  const lock = `${path}.lock`;
  naming(folder, () => {
    // One that is there keeps its mode: it may be one that others share, such as /var/lib.
    mkdirSync(folder, { recursive: true, mode: folderMode });
  });
  if (statSync(path, { throwIfNoEntry: false })?.size === 0) {
    log?.warn(
      { path },
      'the state file is there but empty: whatever it held is gone, and the cluster starts as a new one',
    );
  }
  for (const file of [path, lock]) naming(file, () => closeSync(openSync(file, 'a', fileMode)));
  for (const file of [path, lock, `${path}-wal`, `${path}-shm`]) {
    naming(file, () => {
      if (statSync(file, { throwIfNoEntry: false })) chmodSync(file, fileMode);
    });
  }
}

/** Watches over an open file: returns a function that says what became of it, undefined while it is in its place. */
export function fileCheck(path: string): () => Promise<string | undefined> {
  const opened = statSync(path).ino;
  return async () => {
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
      throw error;
    });
    if (found?.ino === opened) return undefined;
    return `the state file ${path} was ${found ? 'replaced' : 'removed'} while it was in use: what is written would be lost`;
  };
}

function naming<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new GantryError('FailedPrecondition', `the store's ${path} cannot be made ready: ${text}`, { cause: error });
  }
}

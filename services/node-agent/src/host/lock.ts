import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { GantryError } from '@gantry/runtime/errors.ts';

/**
 * Keeps others from a directory for as long as this process lives or until disposed of. FailedPrecondition where another process
 * has it. The lock is one of the operating system's, on a file in the directory (SQLite's own): it goes by the directory, not by the
 * path that leads to it, holds across network namespaces, and ends with its process, however that ends. Nobody else may read the file,
 * and so nobody else can take the lock.
 */
export async function lockDirectory(directory: string): Promise<AsyncDisposable> {
  const path = join(directory, '.lock');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    makeLockFile(path);
  } catch (cause) {
    throw new GantryError('FailedPrecondition', `cannot lock ${directory}: ${(cause as Error).message}`, { cause });
  }
  const lock = new DatabaseSync(path);
  try {
    lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    throw new GantryError('FailedPrecondition', lockProblem(directory, cause), { cause });
  }
  return {
    async [Symbol.asyncDispose]() {
      lock.close();
    },
  };
}

/** Creates the file if it is missing. An existing one is not opened: closing it would drop the lock that this process may hold (fcntl(2)). */
function makeLockFile(path: string): void {
  try {
    writeFileSync(path, '', { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    chmodSync(path, 0o600);
  }
}

/** SQLITE_BUSY of sqlite.org/rescode.html: somebody else has the lock. */
const busy = 5;

function lockProblem(directory: string, cause: unknown): string {
  const { errcode, message } = cause as { errcode?: number; message: string };
  return errcode === busy
    ? `another gantry is running with the directory ${directory}`
    : `cannot lock ${directory}: ${message}`;
}

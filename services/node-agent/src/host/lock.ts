import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { GantryError } from '@gantry/runtime/errors.ts';

/**
 * Keeps others from a directory for as long as this process lives or until disposed of. FailedPrecondition where another process
 * has it. The lock is a socket's abstract name, which Linux frees with its process, however that ends: no file can be left over.
 */
export async function lockDirectory(directory: string): Promise<AsyncDisposable> {
  const name = `\0gantry-${createHash('sha256').update(directory).digest('hex').slice(0, 32)}`;
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(
        taken
          ? new GantryError('FailedPrecondition', `another gantry is running with the directory ${directory}`)
          : new GantryError('InternalError', `cannot lock ${directory}: ${error.message}`, { cause: error }),
      );
    });
    server.listen(name, resolve);
  });
  server.unref();
  return {
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

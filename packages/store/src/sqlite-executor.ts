import { once } from 'node:events';
import type { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { ThreadMessage, ThreadOptions } from './sqlite-thread.ts';
import { SqliteWriter, type WriteRequest, type WriteResponse } from './sqlite-writer.ts';

/** Runs requests of the writer, one after another in the order of the calls. */
export interface SqliteExecutor extends AsyncDisposable {
  execute(request: WriteRequest): Promise<WriteResponse>;
  /** The reason for which no request can succeed any more; undefined where there is none. */
  readonly failure: string | undefined;
}

/** Runs the writer in place: for databases in memory, which never wait for a disk. */
export function inlineExecutor(database: DatabaseSync): SqliteExecutor {
  const writer = new SqliteWriter(database);
  return {
    failure: undefined,
    execute: async (request) => writer.execute(request),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Runs the writer in a thread of its own. Rejects where the file cannot be opened. */
export async function threadExecutor(options: ThreadOptions): Promise<SqliteExecutor> {
  const worker = new Worker(new URL('./sqlite-thread.ts', import.meta.url), { workerData: options });
  await once(worker, 'message').catch((error: Error) => {
    // An error that crossed threads is a plain one.
    throw new GantryError('FailedPrecondition', error.message, { cause: error });
  });
  const exited = once(worker, 'exit');
  exited.catch(() => {});
  const waiting: PromiseWithResolvers<WriteResponse>[] = [];
  let failure: Error | undefined;
  worker.on('message', (message: ThreadMessage) => {
    if (message.type === 'response') waiting.shift()?.resolve(message.response);
    if (message.type === 'error') waiting.shift()?.reject(writeFailed(message.message));
  });
  worker.on('error', (error: unknown) => {
    failure = writeFailed(error instanceof Error ? error.message : String(error));
  });
  worker.on('exit', () => {
    failure ??= new GantryError('ServiceUnavailable', 'the store is closed');
    for (const request of waiting.splice(0)) request.reject(failure);
  });
  return {
    get failure() {
      return failure?.message;
    },
    execute(request) {
      if (failure) return Promise.reject(failure);
      const answer = Promise.withResolvers<WriteResponse>();
      waiting.push(answer);
      worker.postMessage(request);
      return answer.promise;
    },
    async [Symbol.asyncDispose]() {
      worker.postMessage('close');
      await exited;
    },
  };
}

function writeFailed(text: string): GantryError {
  return new GantryError('ServiceUnavailable', `the store could not write: ${text}`);
}

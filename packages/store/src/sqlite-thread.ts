/** The thread that writes a SQLite file: waiting for the disk here does not stop the event loop of the services. */
import { parentPort, workerData } from 'node:worker_threads';
import { openForWriting, type Synchronous } from './sqlite-schema.ts';
import { SqliteWriter, type WriteRequest, type WriteResponse } from './sqlite-writer.ts';

/** Start options of the thread. */
export interface ThreadOptions {
  readonly path: string;
  readonly synchronous: Synchronous;
}

/** Message of the thread: ready once, then a response or an error's text for each request in order. */
export type ThreadMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'response'; readonly response: WriteResponse }
  | { readonly type: 'error'; readonly message: string };

const port = parentPort!;
const { path, synchronous } = workerData as ThreadOptions;
const database = openForWriting(path, synchronous);
const writer = new SqliteWriter(database);

port.on('message', (request: WriteRequest | 'close') => {
  if (request === 'close') {
    database.close();
    port.close();
    return;
  }
  try {
    say({ type: 'response', response: writer.execute(request) });
  } catch (error) {
    say({ type: 'error', message: error instanceof Error ? error.message : String(error) });
  }
});
say({ type: 'ready' });

function say(message: ThreadMessage): void {
  port.postMessage(message);
}

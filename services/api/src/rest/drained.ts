import type { Writable } from 'node:stream';

/** Resolves when a stream can take more, or when `end` is closed: the stream itself, or the one that it leads to. */
export function drained(stream: Writable, end: Writable = stream): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = (): void => {
    stream.off('drain', done);
    end.off('close', done);
    resolve();
  };
  stream.once('drain', done);
  end.once('close', done);
  if (end.destroyed) done();
  return promise;
}

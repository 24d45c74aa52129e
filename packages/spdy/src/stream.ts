import { Duplex } from 'node:stream';
import type { Headers } from './headers.ts';

/** Length is a field of 24 bits; pieces of this size let streams take turns. */
const maxDataBytes = 32 * 1024;

/** The connection as a stream uses it. */
interface StreamHooks {
  readonly send: (data: Buffer, fin: boolean, done: (error?: Error | null) => void) => void;
  readonly wanted: () => void;
  readonly destroyed: () => void;
}

/** One stream. Ending it ends our direction; the other goes on. */
export class SpdyStream extends Duplex {
  /** Headers with which the stream was opened. */
  headers: Headers = {};
  readonly #hooks: StreamHooks;
  /** The other side takes no more: writing would only break the connection before all of it is read. */
  #closed = false;

  constructor(hooks: StreamHooks) {
    super({ allowHalfOpen: true });
    this.#hooks = hooks;
    // The connection may break before anybody listens: nobody listening must not end this process.
    this.on('error', () => undefined);
  }

  override _read(): void {
    this.#hooks.wanted();
  }

  override _write(data: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#closed) {
      done();
      return;
    }
    const piece = data.subarray(0, maxDataBytes);
    const rest = data.subarray(maxDataBytes);
    this.#hooks.send(piece, false, (error) => {
      if (error || rest.length === 0) done(error);
      else this._write(rest, 'buffer' as BufferEncoding, done);
    });
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#closed) {
      done();
      return;
    }
    // The connection may be closed already, which ends our direction as well.
    this.#hooks.send(Buffer.alloc(0), true, () => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#hooks.destroyed();
    done(error);
  }

  /** The frame that opened the stream said that our direction is over. */
  endsWithItsOpening(): void {
    this.#closed = true;
    this.end();
  }

  /** The other side is done: what was received is still read, and what is written goes nowhere. */
  finish(): void {
    this.#closed = true;
    if (!this.readableEnded) this.push(null);
    if (!this.writableEnded) this.end();
  }
}

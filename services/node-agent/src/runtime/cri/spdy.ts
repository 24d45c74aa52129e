/**
 * A SPDY/3.1 client, as far as CRI's streaming servers need one. Every version of every runtime speaks it, and unlike their
 * WebSockets it can end one direction of one stream, which `cat file | exec -i` and port-forward need.
 *
 * Facts about the protocol that shape this file: a frame has 8 bytes of header; frames of control have the top bit set; our streams
 * have odd numbers; header blocks share one zlib stream. The servers (moby/spdystream) neither open streams themselves nor
 * have flow control, so back pressure is that of TCP: a full stream stops the connection.
 */
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { constants, createDeflate, type Deflate } from 'node:zlib';
import { GantryError } from '@gantry/runtime/errors.ts';

const handshakeTimeoutMs = 10_000;
/** Length is a field of 24 bits; pieces of this size let streams take turns. */
const maxDataBytes = 32 * 1024;
/** Servers send pieces of 32 KiB; what claims to be far longer is no frame. */
const maxFrameBytes = 1024 * 1024;

const frameType = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7 } as const;
const flagFin = 1;
const cancelStatus = 5;
const version3 = 0x8003;

/** A connection with several streams. */
export interface SpdyConnection {
  /** Opens a stream with headers in lower case. */
  open(headers: Readonly<Record<string, string>>): Promise<Duplex>;
  /** Closes the connection; every stream ends, those that were not done with an error. */
  close(): void;
}

/** Connects and upgrades. ServiceUnavailable if that fails, with what the server said. */
export async function connectSpdy(url: string, protocol: string, signal?: AbortSignal): Promise<SpdyConnection> {
  const socket = await upgrade(url, protocol, signal);
  return new Connection(socket, signal);
}

function upgrade(url: string, protocol: string, signal?: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const fail = (text: string, cause?: unknown) =>
      reject(
        signal?.aborted
          ? new GantryError('Cancelled', 'the stream was cancelled', { cause: signal.reason })
          : new GantryError('ServiceUnavailable', `cannot open the stream: ${text}`, { cause }),
      );
    const call = request(url, {
      method: 'POST',
      headers: {
        connection: 'Upgrade',
        upgrade: 'SPDY/3.1',
        'x-stream-protocol-version': protocol,
        'content-length': '0',
      },
      timeout: handshakeTimeoutMs,
      signal,
    });
    call.once('upgrade', (_response, socket: Socket, head) => {
      socket.setTimeout(0);
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    call.once('response', (response) => {
      response.resume();
      fail(`the server answered ${response.statusCode}`);
    });
    call.once('timeout', () => call.destroy(new Error(`no answer within ${handshakeTimeoutMs} ms`)));
    call.once('error', (error) => fail(error.message, error));
    call.end();
  });
}

class Connection implements SpdyConnection {
  readonly #socket: Socket;
  readonly #streams = new Map<number, SpdyStream>();
  readonly #deflate: Deflate = createDeflate();
  #nextId = 1;
  #received: Buffer = Buffer.alloc(0);
  /** Headers must reach the wire in the order in which they were compressed. */
  #opening: Promise<unknown> = Promise.resolve();

  constructor(socket: Socket, signal?: AbortSignal) {
    this.#socket = socket;
    const onAbort = () =>
      socket.destroy(new GantryError('Cancelled', 'the stream was cancelled', { cause: signal?.reason }));
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.setNoDelay(true);
    socket.on('data', (data: Buffer) => {
      try {
        this.#onData(data);
      } catch (error) {
        // Frames that cannot be read end this connection, not the process.
        socket.destroy(new GantryError('InternalError', 'the server sent an unreadable frame', { cause: error }));
      }
    });
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => {
      signal?.removeEventListener('abort', onAbort);
      this.#deflate.close();
      this.#end();
    });
    if (signal?.aborted) onAbort();
  }

  open(headers: Readonly<Record<string, string>>): Promise<Duplex> {
    const opened = this.#opening.then(async () => {
      const id = this.#nextId;
      this.#nextId += 2;
      const stream = new SpdyStream({
        send: (data, fin, done) => this.#socket.write(dataFrame(id, data, fin), done),
        resume: () => this.#socket.resume(),
        destroyed: () => this.#streams.delete(id),
      });
      this.#streams.set(id, stream);
      // The connection may break before the caller listens: nobody listening must not end this process.
      stream.on('error', () => {});
      const block = await this.#compress(headerBlock(headers));
      const body = Buffer.concat([uint32(id), uint32(0), Buffer.of(0, 0), block]);
      this.#socket.write(controlFrame(frameType.synStream, body));
      return stream;
    });
    this.#opening = opened.catch(() => {});
    return opened;
  }

  close(): void {
    this.#socket.destroy();
  }

  #compress(block: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new GantryError('ServiceUnavailable', 'the connection is closed'));
      const chunks: Buffer[] = [];
      const onData = (chunk: Buffer) => chunks.push(chunk);
      this.#deflate.on('data', onData);
      this.#deflate.write(block);
      this.#deflate.flush(constants.Z_SYNC_FLUSH, () => {
        this.#deflate.off('data', onData);
        resolve(Buffer.concat(chunks));
      });
    });
  }

  #onData(data: Buffer): void {
    this.#received = this.#received.length === 0 ? data : Buffer.concat([this.#received, data]);
    let offset = 0;
    while (this.#received.length - offset >= 8) {
      const length = this.#received.readUIntBE(offset + 5, 3);
      if (length > maxFrameBytes) {
        this.#socket.destroy(new GantryError('InternalError', `the server sent a frame of ${length} bytes`));
        return;
      }
      if (this.#received.length - offset - 8 < length) break;
      this.#onFrame(
        this.#received.subarray(offset, offset + 8),
        this.#received.subarray(offset + 8, offset + 8 + length),
      );
      offset += 8 + length;
    }
    this.#received = this.#received.subarray(offset);
  }

  #onFrame(header: Buffer, body: Buffer): void {
    if (header.readUInt8(0) < 0x80) {
      const stream = this.#streams.get(header.readUInt32BE(0));
      // A full stream stops the connection; reading from it starts it again.
      if (body.length > 0 && stream && !stream.push(body)) this.#socket.pause();
      if (header.readUInt8(4) & flagFin) stream?.push(null);
      return;
    }
    const type = header.readUInt16BE(2);
    if (type === frameType.ping) this.#socket.write(controlFrame(frameType.ping, body));
    else if (type === frameType.rstStream) this.#onReset(body.readUInt32BE(0), body.readUInt32BE(4));
    else if (type === frameType.goAway) this.#socket.end();
    // Replies, settings and the rest say nothing that we would act on.
  }

  #onReset(id: number, status: number): void {
    const stream = this.#streams.get(id);
    // Servers cancel what is open when they are done, after everything was sent.
    if (status === cancelStatus) stream?.finish();
    else stream?.destroy(new GantryError('ServiceUnavailable', `the stream was refused with status ${status}`));
  }

  #end(error?: Error): void {
    for (const stream of this.#streams.values()) {
      if (error) stream.destroy(error);
      else stream.finish();
    }
    this.#streams.clear();
  }
}

interface StreamHooks {
  readonly send: (data: Buffer, fin: boolean, done: (error?: Error | null) => void) => void;
  readonly resume: () => void;
  readonly destroyed: () => void;
}

/** One stream. Ending it ends our direction; the other goes on. */
class SpdyStream extends Duplex {
  readonly #hooks: StreamHooks;
  /** The other side takes no more: writing would only break the connection before all of it is read. */
  #closed = false;

  constructor(hooks: StreamHooks) {
    super({ allowHalfOpen: true });
    this.#hooks = hooks;
  }

  override _read(): void {
    this.#hooks.resume();
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

  /** The other side is done: what was received is still read, and what is written goes nowhere. */
  finish(): void {
    this.#closed = true;
    if (!this.readableEnded) this.push(null);
    if (!this.writableEnded) this.end();
  }
}

function controlFrame(type: number, body: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(version3, 0);
  header.writeUInt16BE(type, 2);
  header.writeUIntBE(body.length, 5, 3);
  return Buffer.concat([header, body]);
}

function dataFrame(id: number, data: Buffer, fin: boolean): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(id, 0);
  header.writeUInt8(fin ? flagFin : 0, 4);
  header.writeUIntBE(data.length, 5, 3);
  return Buffer.concat([header, data]);
}

function headerBlock(headers: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(headers);
  const texts = entries.flat().map((text) => Buffer.from(text));
  return Buffer.concat([uint32(entries.length), ...texts.flatMap((text) => [uint32(text.length), text])]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

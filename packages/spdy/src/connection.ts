/**
 * SPDY/3.1, as far as Kubernetes' streams need it. Unlike WebSockets it can end one direction of one stream, which
 * `cat file | exec -i` and port-forward need.
 *
 * Facts about the protocol that shape this file: a frame has 8 bytes of header; frames of control have the top bit set; the
 * client's streams have odd numbers; header blocks share one zlib stream. The peers (moby/spdystream) open streams from the
 * client's side alone and have no flow control, so back pressure is that of the transport: a full stream stops the connection.
 */
import type { Duplex } from 'node:stream';
import { GantryError } from '@gantry/runtime/errors.ts';
import { controlFrame, dataFrame, FrameReader, flagFin, frameType, resetStatus, uint32 } from './frames.ts';
import { HeaderCodec, type Headers } from './headers.ts';
import { SpdyStream } from './stream.ts';

/** Streams that a client may have open on one connection. */
const maxStreams = 1_000;

export interface ConnectionOptions {
  /** Ends the connection when it fires. */
  readonly signal?: AbortSignal;
  /** Takes the streams that the peer opens, which makes this side the server. */
  readonly accept?: (stream: SpdyStream) => void;
}

/** A connection with several streams. */
export class SpdyConnection {
  readonly #transport: Duplex;
  readonly #accept: ConnectionOptions['accept'];
  readonly #streams = new Map<number, SpdyStream>();
  /** Streams that nobody reads from as fast as data arrives. */
  readonly #full = new Set<number>();
  readonly #codec = new HeaderCodec();
  readonly #frames = new FrameReader();
  #nextId = 1;
  #lastAccepted = 0;
  /** Header blocks are read and written in the order of the wire. */
  #blocks: Promise<unknown> = Promise.resolve();

  /** @param transport Carries the bytes of the protocol; belongs to the connection from now. */
  constructor(transport: Duplex, { signal, accept }: ConnectionOptions = {}) {
    this.#transport = transport;
    this.#accept = accept;
    const onAbort = (): void => {
      transport.destroy(new GantryError('Cancelled', 'the stream was cancelled', { cause: signal?.reason }));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    transport.on('data', (data: Buffer) => {
      try {
        this.#frames.take(data, (header, body) => this.#onFrame(header, body));
      } catch (error) {
        this.#break(error);
      }
    });
    transport.on('error', (error) => this.#end(error));
    transport.on('end', () => transport.end());
    transport.on('close', () => {
      signal?.removeEventListener('abort', onAbort);
      this.#codec.close();
      this.#end();
    });
    if (signal?.aborted) onAbort();
  }

  /**
   * Opens a stream. Rejects with ServiceUnavailable once the connection is closed.
   * @param fin Our direction ends at once. An end that follows later may meet a connection that the other side closed already, which
   * breaks the connection before all of it is read.
   */
  open(headers: Headers, { fin = false } = {}): Promise<SpdyStream> {
    const opened = this.#blocks.then(async () => {
      if (this.#transport.destroyed) throw new GantryError('ServiceUnavailable', 'the connection is closed');
      const id = this.#nextId;
      this.#nextId += 2;
      const stream = this.#add(id);
      stream.headers = headers;
      const block = await this.#codec.encode(headers);
      const body = Buffer.concat([uint32(id), uint32(0), Buffer.of(0, 0), block]);
      this.#transport.write(controlFrame(frameType.synStream, body, fin ? flagFin : 0));
      if (fin) stream.endsWithItsOpening();
      return stream;
    });
    this.#blocks = opened.catch(() => undefined);
    return opened;
  }

  /** Closes the connection; every stream ends. */
  close(): void {
    this.#transport.destroy();
  }

  #add(id: number): SpdyStream {
    const drained = (): void => {
      if (this.#full.delete(id) && this.#full.size === 0) this.#transport.resume();
    };
    const stream = new SpdyStream({
      send: (data, fin, done) => this.#transport.write(dataFrame(id, data, fin), done),
      wanted: drained,
      destroyed: () => {
        this.#streams.delete(id);
        drained();
      },
    });
    this.#streams.set(id, stream);
    return stream;
  }

  #onFrame(header: Buffer, body: Buffer): void {
    if (header.readUInt8(0) < 0x80) {
      this.#onData(header.readUInt32BE(0), body, (header.readUInt8(4) & flagFin) !== 0);
      return;
    }
    const type = header.readUInt16BE(2);
    if (type === frameType.ping) this.#transport.write(controlFrame(frameType.ping, body));
    else if (type === frameType.rstStream) this.#onReset(body.readUInt32BE(0), body.readUInt32BE(4));
    else if (type === frameType.goAway) this.#transport.end();
    else if (type === frameType.synStream && this.#accept) this.#onOpened(header, body);
    // Replies, settings and the rest say nothing that we would act on.
  }

  #onData(id: number, data: Buffer, fin: boolean): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    // A full stream stops the connection; reading from it starts it again.
    if (data.length > 0 && !stream.push(data)) {
      this.#full.add(id);
      this.#transport.pause();
    }
    if (fin) stream.push(null);
  }

  /** Takes a stream of the client. Data may follow at once, headers are known a little later. */
  #onOpened(header: Buffer, body: Buffer): void {
    const id = body.readUInt32BE(0);
    if (id % 2 === 0 || id <= this.#lastAccepted) throw new RangeError(`stream ${id} cannot be opened`);
    this.#lastAccepted = id;
    const stream = this.#streams.size < maxStreams ? this.#add(id) : undefined;
    if (header.readUInt8(4) & flagFin) stream?.push(null);
    this.#blocks = this.#blocks
      .then(async () => {
        const headers = await this.#codec.decode(body.subarray(10));
        if (stream === undefined) {
          const reset = Buffer.concat([uint32(id), uint32(resetStatus.refused)]);
          this.#transport.write(controlFrame(frameType.rstStream, reset));
          return;
        }
        const block = await this.#codec.encode({});
        this.#transport.write(controlFrame(frameType.synReply, Buffer.concat([uint32(id), block])));
        stream.headers = headers;
        this.#accept?.(stream);
      })
      .catch((error) => this.#break(error));
  }

  #onReset(id: number, status: number): void {
    const stream = this.#streams.get(id);
    if (status !== resetStatus.cancel) {
      stream?.destroy(new GantryError('ServiceUnavailable', `the stream was refused with status ${status}`));
    } else if (this.#accept) stream?.destroy();
    // Servers cancel what is open when they are done, after everything was sent.
    else stream?.finish();
  }

  /** Ends a connection on which nothing can be read any more: the connection alone, not the process. */
  #break(cause: unknown): void {
    this.#transport.destroy(new GantryError('InternalError', 'the other side sent an unreadable frame', { cause }));
  }

  #end(error?: Error): void {
    for (const stream of this.#streams.values()) {
      if (error) stream.destroy(error);
      else stream.finish();
    }
    this.#streams.clear();
    this.#full.clear();
  }
}

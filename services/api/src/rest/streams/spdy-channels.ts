import { type Duplex, PassThrough } from 'node:stream';
import type { ExecInput } from '@gantry/client/pod-messages.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { SpdyConnection } from '@gantry/spdy/connection.ts';
import type { SpdyStream } from '@gantry/spdy/stream.ts';
import type { Incoming } from '../body.ts';
import { drained } from '../drained.ts';
import type { Upgrade } from '../request.ts';
import { type CommandClient, type CommandEnd, type Streams, sizeFrom } from './channels.ts';
import { piecesOf } from './pieces.ts';

/** Protocols of remote commands over SPDY that are served. v4 tells the exit code; terminals have sizes from v3 on. */
const protocols = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'];
/** Longest time until the client has opened all of its streams, in milliseconds: kubelet's. */
const openTimeoutMs = 30_000;
/** Messages for the command that wait, each of 32 KiB at most, until the client must wait. */
const maxWaiting = 8;
/** Longest size of a terminal as text, in characters. */
const maxSizeChars = 256;

/** The protocol of a client's offers that is served; undefined where there is none. */
export function spdyProtocolOf(incoming: Incoming): string | undefined {
  const offered = [incoming.headers['x-stream-protocol-version'] ?? 'channel.k8s.io']
    .flat()
    .flatMap((names) => names.split(/, */));
  return protocols.find((name) => offered.includes(name));
}

/** Switches a connection to SPDY. Throws Cancelled if the client is gone. */
export function acceptSpdy({ socket, head }: Upgrade, protocol: string): Duplex {
  if (!socket.writable) throw new GantryError('Cancelled', 'the client is gone');
  const lines = ['Upgrade: SPDY/3.1', 'Connection: Upgrade', `X-Stream-Protocol-Version: ${protocol}`];
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
  if (head.length > 0) socket.unshift(head);
  return socket;
}

/** The client's side of one command, over SPDY: a stream for each of its own. */
export class SpdyChannels implements CommandClient {
  readonly #transport: Duplex;
  readonly #protocol: string;
  readonly #wanted: Streams;
  readonly #streams = new Map<string, SpdyStream>();
  #arrived: () => void = () => undefined;

  /** @param transport Belongs to the channels from now. */
  constructor(transport: Duplex, protocol: string, wanted: Streams, signal: AbortSignal) {
    this.#transport = transport;
    this.#protocol = protocol;
    this.#wanted = wanted;
    new SpdyConnection(transport, { signal, accept: (stream) => this.#take(stream) });
  }

  /** Resolves when the client has opened all streams of the command. Throws BadRequest for one that does not in time. */
  async opened(signal: AbortSignal): Promise<void> {
    const { stdin, stdout, stderr, tty } = this.#wanted;
    const hasSizes = tty && /^v[34]/.test(this.#protocol);
    const needed = ['error', stdin && 'stdin', stdout && 'stdout', stderr && !tty && 'stderr', hasSizes && 'resize'];
    const missing = (): string | undefined => needed.find((name) => name && !this.#streams.has(name)) || undefined;
    const late = AbortSignal.any([signal, AbortSignal.timeout(openTimeoutMs)]);
    while (missing() !== undefined) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const giveUp = (): void =>
        reject(new GantryError('BadRequest', `the stream ${missing()} was not opened in time`));
      this.#arrived = resolve;
      if (late.aborted) giveUp();
      late.addEventListener('abort', giveUp, { once: true });
      await promise.finally(() => late.removeEventListener('abort', giveUp));
    }
  }

  /** Messages for the command, until the client or the command is gone. May be iterated once. */
  input(): AsyncIterable<ExecInput> {
    const messages = new PassThrough({ objectMode: true, highWaterMark: maxWaiting });
    messages.on('error', () => undefined);
    this.#transport.once('close', () => messages.destroy());
    const stdin = this.#streams.get('stdin');
    if (stdin !== undefined) void pump(stdin, messages, stdinMessages).catch(() => undefined);
    const resize = this.#streams.get('resize');
    if (resize !== undefined) void pump(resize, messages, sizeMessages).catch(() => undefined);
    return messages;
  }

  stdout(data: Uint8Array): Promise<void> {
    return this.#write('stdout', data);
  }

  stderr(data: Uint8Array): Promise<void> {
    return this.#write('stderr', data);
  }

  /** Tells the client how the command ended, and ends all streams. Older protocols know failures alone, as text. */
  async finish(end: CommandEnd): Promise<void> {
    if (this.#protocol.startsWith('v4.')) await this.#write('error', Buffer.from(JSON.stringify(end)));
    else if (end.status !== 'Success') await this.#write('error', Buffer.from(end.message ?? ''));
    await Promise.all(
      [...this.#streams.values()].map((stream) => new Promise<void>((done) => stream.end(() => done()))),
    );
    this.#transport.end();
  }

  #take(stream: SpdyStream): void {
    const { streamtype = '' } = stream.headers;
    if (this.#streams.has(streamtype) || !['error', 'stdin', 'stdout', 'stderr', 'resize'].includes(streamtype)) {
      stream.destroy();
      return;
    }
    this.#streams.set(streamtype, stream);
    // Only input is read from the client.
    if (streamtype !== 'stdin' && streamtype !== 'resize') stream.resume();
    this.#arrived();
  }

  async #write(name: string, data: Uint8Array): Promise<void> {
    const stream = this.#streams.get(name);
    if (stream === undefined || stream.destroyed) return;
    if (!stream.write(data)) await drained(stream);
  }
}

/** Passes the messages in a stream on, as fast as they are taken. */
async function pump(
  stream: SpdyStream,
  messages: PassThrough,
  read: (stream: SpdyStream) => AsyncGenerator<ExecInput>,
): Promise<void> {
  for await (const message of read(stream)) {
    if (messages.destroyed) return;
    if (!messages.write(message)) await drained(messages);
  }
}

async function* stdinMessages(stream: SpdyStream): AsyncGenerator<ExecInput> {
  for await (const bytes of stream.iterator({ destroyOnReturn: false })) {
    for (const stdin of piecesOf(bytes as Buffer)) yield { stdin };
  }
  yield { stdinClosed: true };
}

/** Sizes of a terminal, one JSON document after another. */
async function* sizeMessages(stream: SpdyStream): AsyncGenerator<ExecInput> {
  let text = '';
  for await (const bytes of stream.iterator({ destroyOnReturn: false })) {
    text += String(bytes);
    for (let end = text.indexOf('}'); end >= 0; end = text.indexOf('}')) {
      const resize = sizeFrom(Buffer.from(text.slice(0, end + 1)));
      text = text.slice(end + 1);
      if (resize !== undefined) yield { resize };
    }
    if (text.length > maxSizeChars) return;
  }
}

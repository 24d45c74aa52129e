import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Http2SecureServer, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Outgoing } from './answer.ts';
import { statusOf } from './status.ts';

/** Header bytes of one request, and the names and values in them. */
const maxHeaderBytes = 64 * 1024;
const maxHeaders = 256;
/** Milliseconds until a request's headers, and the whole of it, must be here; and until an idle connection ends. */
const headersTimeoutMs = 30_000;
const handshakeTimeoutMs = 10_000;
const requestTimeoutMs = 60_000;
const idleTimeoutMs = 120_000;
/** Connections at one time. */
const maxConnections = 10_000;
/** Streams of one connection of HTTP/2 at one time: kube-apiserver's bound. */
const maxStreams = 250;
/** Resets of streams that a client may make at once, and then a second; beyond it the connection ends. */
const resetBurst = 500;
const resetsPerSecond = 50;
/** Interval at which connections are looked after, in milliseconds. */
const lookEveryMs = 30_000;
/** Looks after which a client that takes nothing of its answer is given up: five minutes. */
const maxStalledLooks = 10;
/** Milliseconds that requests in work get when the server stops, and that streams of pods get. */
const drainMs = 5_000;
const upgradedDrainMs = 500;

/** Bounds of connections, as Node's servers take them. */
export const connectionOptions = {
  maxHeaderSize: maxHeaderBytes,
  headersTimeout: headersTimeoutMs,
  requestTimeout: requestTimeoutMs,
  keepAliveTimeout: idleTimeoutMs,
  handshakeTimeout: handshakeTimeoutMs,
  // A peer that is gone without a word is found by the kernel.
  keepAlive: true,
  keepAliveInitialDelay: lookEveryMs,
  noDelay: true,
  settings: { maxConcurrentStreams: maxStreams, maxHeaderListSize: maxHeaderBytes, enablePush: false },
  maxHeaderListPairs: maxHeaders,
  // Megabytes of one connection: several large lists, which clients ask for on one.
  maxSessionMemory: 100,
  maxSessionInvalidFrames: 50,
  maxSettings: 16,
  streamResetBurst: resetBurst,
  streamResetRate: resetsPerSecond,
};

type AnyServer = Server | Http2SecureServer;

/** A stream of answers that may be stalled: a connection of HTTP/1.1, or one stream of HTTP/2. */
type Outlet = Socket | ServerHttp2Stream;

/** The connections of one server: finds those that are dead, and ends all of them in peace. */
export class Connections {
  readonly #server: AnyServer;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Map<ServerHttp2Session, { streams: number; idleLooks: number }>();
  readonly #outlets = new Map<Outlet, { length: number; looks: number }>();
  readonly #upgraded = new Set<Duplex>();
  readonly #timer: NodeJS.Timeout;

  constructor(server: AnyServer, isSecure: boolean) {
    this.#server = server;
    server.maxConnections = maxConnections;
    server.on(isSecure ? 'secureConnection' : 'connection', (socket: Socket) => this.#connected(socket));
    server.on('session', (session: ServerHttp2Session) => this.#began(session));
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => answerBroken(error, socket));
    // Whatever a peer sends that is no HTTP/2, or no TLS, costs its connection alone.
    for (const event of ['sessionError', 'tlsClientError']) server.on(event, () => undefined);
    this.#timer = setInterval(() => this.#look(), lookEveryMs);
    this.#timer.unref();
  }

  /** A connection speaks another protocol from now on. */
  upgraded(socket: Duplex): void {
    this.#upgraded.add(socket);
    socket.once('close', () => this.#upgraded.delete(socket));
  }

  /** Takes no connections any more, lets requests that are in work end for some seconds, and ends the rest. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    // GOAWAY: clients open no streams any more.
    for (const session of this.#sessions.keys()) session.close();
    if ('closeIdleConnections' in this.#server) this.#server.closeIdleConnections();
    const late = [
      setTimeout(() => destroyAll(this.#upgraded), upgradedDrainMs),
      setTimeout(() => this.#destroy(), drainMs),
    ];
    await closed;
    for (const timer of late) clearTimeout(timer);
  }

  #connected(socket: Socket): void {
    this.#sockets.add(socket);
    this.#outlets.set(socket, { length: 0, looks: 0 });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#outlets.delete(socket);
    });
  }

  #began(session: ServerHttp2Session): void {
    const state = { streams: 0, idleLooks: 0 };
    this.#sessions.set(session, state);
    session.on('error', () => undefined);
    session.once('close', () => this.#sessions.delete(session));
    session.on('stream', (stream) => {
      state.streams++;
      this.#outlets.set(stream, { length: 0, looks: 0 });
      stream.on('error', () => undefined);
      stream.once('close', () => {
        state.streams--;
        this.#outlets.delete(stream);
      });
    });
  }

  #look(): void {
    for (const [outlet, seen] of this.#outlets) {
      const length = outlet.writableLength;
      seen.looks = length > 0 && length === seen.length ? seen.looks + 1 : 0;
      seen.length = length;
      if (seen.looks >= maxStalledLooks) outlet.destroy();
    }
    for (const [session, state] of this.#sessions) {
      state.idleLooks = state.streams > 0 ? 0 : state.idleLooks + 1;
      if (state.idleLooks * lookEveryMs >= idleTimeoutMs) session.close();
    }
  }

  #destroy(): void {
    for (const session of this.#sessions.keys()) session.destroy();
    destroyAll(this.#sockets);
  }
}

function destroyAll(streams: Iterable<Duplex>): void {
  for (const stream of streams) stream.destroy();
}

const brokenCodes: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Answers what is no request that can be read, and ends its connection. */
function answerBroken({ code: why = '' }: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || why === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const code = Object.hasOwn(brokenCodes, why) ? brokenCodes[why]! : 400;
  const text = STATUS_CODES[code]!;
  const refusal = new GantryError('BadRequest', `the request cannot be read: ${text}`);
  const body = JSON.stringify({ ...statusOf(refusal), code });
  const head = ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`, 'Connection: close'];
  socket.end(`HTTP/1.1 ${code} ${text}\r\n${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

/** Whether bytes of a request's body may still come. */
export function hasMoreToCome(incoming: IncomingMessage): boolean {
  return !incoming.complete && incoming.headers['content-length'] !== '0';
}

/** Ends the connection, or the stream of one, behind an answer. */
export function endAfter(response: Outgoing): void {
  const { stream } = response as { stream?: ServerHttp2Stream };
  if (stream === undefined) response.setHeader('connection', 'close');
  else response.once('finish', () => stream.close());
}

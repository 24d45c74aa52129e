/**
 * The streams behind the URLs that CRI returns: WebSocket with the subprotocol v4.channel.k8s.io, where the first byte of every
 * binary message names its channel.
 */
import { Duplex, Readable, Writable } from 'node:stream';
import { GantryError } from '@gantry/runtime/errors.ts';
import { type RawData, WebSocket } from 'ws';
import type { ExecSession, StreamOptions } from '../runtime.ts';

const subprotocol = 'v4.channel.k8s.io';
const handshakeTimeoutMs = 10_000;
/** Far above what a runtime puts into one message (32 KiB), far below what would hurt. */
const maxMessageBytes = 4 * 1024 * 1024;
/** Largest piece sent in one message; runtimes read with buffers of this size. */
const maxSendBytes = 32 * 1024;

const channel = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4 } as const;

/** Joins an exec or attach stream. */
export async function openExecSession(url: string, options: StreamOptions, signal?: AbortSignal): Promise<ExecSession> {
  const socket = await openSocket(url, signal);
  const stdout = new Readable({ read: () => socket.resume() });
  const stderr = new Readable({ read: () => socket.resume() });
  if (options.tty) stderr.push(null);
  const stdin = new Writable({
    write: (data: Buffer, _encoding, done) => (options.stdin ? sendPieces(socket, channel.stdin, data, done) : done()),
  });
  const { promise: exitCode, resolve, reject } = Promise.withResolvers<number>();
  exitCode.catch(() => {}); // A caller that only wants the output need not look at it.
  let status: ExecStatus | undefined;

  socket.on('message', (data: RawData) => {
    const { id, payload } = splitMessage(data);
    if (id === channel.status) status = parseStatus(payload);
    // A full buffer stops the socket, and so in the end the command; reading from either stream starts it again.
    else if (id === channel.stdout && payload.length > 0 && !stdout.push(payload)) socket.pause();
    else if (id === channel.stderr && payload.length > 0 && !options.tty && !stderr.push(payload)) socket.pause();
  });
  socket.on('error', (error) =>
    reject(new GantryError('ServiceUnavailable', `stream: ${error.message}`, { cause: error })),
  );
  socket.on('close', () => {
    stdout.push(null);
    if (!options.tty) stderr.push(null);
    stdin.destroy();
    if (status === undefined)
      reject(new GantryError('ServiceUnavailable', 'the stream broke before the command ended'));
    else if (status.exitCode === undefined) reject(new GantryError('InternalError', status.message));
    else resolve(status.exitCode);
  });
  return {
    stdin,
    stdout,
    stderr,
    exitCode,
    resize: (columns, rows) => {
      if (socket.readyState === WebSocket.OPEN) {
        socket.send(frame(channel.resize, Buffer.from(JSON.stringify({ Width: columns, Height: rows }))));
      }
    },
    [Symbol.asyncDispose]: () => closeSocket(socket),
  };
}

/** Joins a port-forward stream: channel 0 carries data, channel 1 errors, and each begins with the port as two bytes. */
export async function openPortForward(url: string, port: number, signal?: AbortSignal): Promise<Duplex> {
  const socket = await openSocket(url, signal);
  const headerBytesLeft = [2, 2];
  const duplex = new Duplex({
    read: () => socket.resume(),
    write: (data: Buffer, _encoding, done) => sendPieces(socket, 0, data, done),
    // v4.channel.k8s.io has no half-close: the connection stays until the other side is done or this one is destroyed.
    final: (done) => done(),
    destroy: (error, done) => {
      socket.terminate();
      done(error);
    },
  });
  socket.on('message', (data: RawData) => {
    const message = splitMessage(data);
    const skip = Math.min(headerBytesLeft[message.id] ?? 0, message.payload.length);
    headerBytesLeft[message.id]! -= skip;
    const payload = message.payload.subarray(skip);
    if (payload.length === 0) return;
    if (message.id === 0) {
      if (!duplex.push(payload)) socket.pause();
    } else {
      duplex.destroy(new GantryError('ServiceUnavailable', `port ${port}: ${payload.toString().trim()}`));
    }
  });
  socket.on('error', (error) => duplex.destroy(error));
  socket.on('close', () => duplex.push(null));
  return duplex;
}

async function openSocket(url: string, signal?: AbortSignal): Promise<WebSocket> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), subprotocol, {
    handshakeTimeout: handshakeTimeoutMs,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
  });
  const onAbort = () => socket.terminate();
  signal?.addEventListener('abort', onAbort, { once: true });
  socket.once('close', () => signal?.removeEventListener('abort', onAbort));
  // Nothing is read until the listeners of the caller stand.
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      socket.pause();
      setImmediate(() => socket.resume());
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (error) => {
      reject(
        signal?.aborted
          ? new GantryError('Cancelled', 'the stream was cancelled', { cause: signal.reason })
          : new GantryError('ServiceUnavailable', `cannot open the stream: ${error.message}`, { cause: error }),
      );
    });
    if (signal?.aborted) socket.terminate();
  });
}

function closeSocket(socket: WebSocket): Promise<void> {
  if (socket.readyState === WebSocket.CLOSED) return Promise.resolve();
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.terminate();
  return closed;
}

function frame(id: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.of(id), payload]);
}

function sendPieces(socket: WebSocket, id: number, data: Buffer, done: (error?: Error | null) => void): void {
  if (socket.readyState !== WebSocket.OPEN) {
    done(new GantryError('ServiceUnavailable', 'the stream is closed'));
    return;
  }
  let offset = 0;
  const next = (error?: Error | null): void => {
    if (error || offset >= data.length) {
      done(error);
      return;
    }
    const piece = data.subarray(offset, offset + maxSendBytes);
    offset += piece.length;
    socket.send(frame(id, piece), next);
  };
  next();
}

function splitMessage(data: RawData): { id: number; payload: Buffer } {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
  return { id: bytes[0] ?? -1, payload: bytes.subarray(1) };
}

interface ExecStatus {
  /** Absent where the command could not be run at all. */
  readonly exitCode: number | undefined;
  readonly message: string;
}

/** Reads the Status object that ends a stream: Success is 0, a command that failed has a cause of reason ExitCode. */
export function parseStatus(payload: Buffer): ExecStatus {
  try {
    const status = JSON.parse(payload.toString()) as {
      status?: string;
      message?: string;
      details?: { causes?: { reason?: string; message?: string }[] };
    };
    if (status.status === 'Success') return { exitCode: 0, message: '' };
    const code = Number(status.details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message);
    return { exitCode: Number.isInteger(code) ? code : undefined, message: status.message ?? 'the command failed' };
  } catch {
    return { exitCode: undefined, message: `unreadable status: ${payload.toString().slice(0, 200)}` };
  }
}

/** The streams behind the URLs that CRI returns: one SPDY connection each, whose streams say in a header what they carry. */
import { Duplex, Readable, Writable } from 'node:stream';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { ExecSession, StreamOptions } from '../runtime.ts';
import { connectSpdy } from './spdy.ts';

const execProtocol = 'v4.channel.k8s.io';
const portForwardProtocol = 'portforward.k8s.io';
/** Bytes of an error text that are kept. */
const maxStatusBytes = 16 * 1024;

/** Joins an exec or attach stream. */
export async function openExecSession(url: string, options: StreamOptions, signal?: AbortSignal): Promise<ExecSession> {
  const connection = await connectSpdy(url, execProtocol, signal);
  try {
    // The server waits for all of those that the call asked for, and begins then. It may be done before anything more is sent.
    const open = (streamtype: string, fin = false) => connection.open({ streamtype }, { fin });
    const status = await open('error', true);
    const stdin = options.stdin ? await open('stdin') : discard();
    const resize = options.tty ? await open('resize') : discard();
    if (options.stdin) (stdin as Duplex).resume();
    if (options.tty) (resize as Duplex).resume();
    const stdout = await open('stdout', true);
    const stderr = options.tty ? Readable.from([]) : await open('stderr', true);
    const exitCode = readStatus(status).then((found) => {
      if (found.exitCode === undefined) throw new GantryError(found.reason, found.message);
      return found.exitCode;
    });
    exitCode.catch(() => {}); // A caller that only wants the output need not look at it.
    return {
      stdin,
      stdout,
      stderr,
      exitCode,
      resize: (columns, rows) => void resize.write(JSON.stringify({ Width: columns, Height: rows })),
      [Symbol.asyncDispose]: async () => connection.close(),
    };
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Joins a port-forward stream. */
export async function openPortForward(url: string, port: number, signal?: AbortSignal): Promise<Duplex> {
  const connection = await connectSpdy(url, portForwardProtocol, signal);
  try {
    const headers = { port: String(port), requestid: '0' };
    const errors = await connection.open({ ...headers, streamtype: 'error' }, { fin: true });
    const failure = textOf(errors);
    failure.catch(() => {}); // The connection broke, which the data tells too.
    const data = await connection.open({ ...headers, streamtype: 'data' });
    // The server ends the data before it tells of an error, so the end is only an end once it told of none.
    const readable = async function* () {
      yield* data;
      const text = await failure;
      if (text !== '') throw new GantryError('ServiceUnavailable', `port ${port}: ${text.trim()}`);
    };
    const duplex = Duplex.from({ readable: readable(), writable: data });
    duplex.on('error', () => {}); // For a caller that is not listening at that moment.
    duplex.once('close', () => connection.close());
    return duplex;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function discard(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

/** How a command ended. */
export type ExecStatus =
  | { readonly exitCode: number }
  /** It could not be run, or nobody knows. */
  | { readonly exitCode: undefined; readonly reason: 'InternalError' | 'ServiceUnavailable'; readonly message: string };

async function readStatus(stream: Duplex): Promise<ExecStatus> {
  try {
    return parseStatus(await textOf(stream));
  } catch (error) {
    return {
      exitCode: undefined,
      reason: 'ServiceUnavailable',
      message: `the stream broke: ${(error as Error).message}`,
    };
  }
}

/** Reads the Status object that ends a stream: Success is 0, a command that failed has a cause of reason ExitCode. */
export function parseStatus(text: string): ExecStatus {
  if (text === '')
    return { exitCode: undefined, reason: 'ServiceUnavailable', message: 'the stream broke before the command ended' };
  try {
    const status = JSON.parse(text) as {
      status?: string;
      message?: string;
      details?: { causes?: { reason?: string; message?: string }[] };
    };
    if (status.status === 'Success') return { exitCode: 0 };
    const code = Number(status.details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message);
    if (Number.isInteger(code)) return { exitCode: code };
    return { exitCode: undefined, reason: 'InternalError', message: status.message ?? 'the command failed' };
  } catch {
    return { exitCode: undefined, reason: 'InternalError', message: `unreadable status: ${text.slice(0, 200)}` };
  }
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of stream) if (text.length < maxStatusBytes) text += chunk.toString();
  return text;
}

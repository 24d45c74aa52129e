import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import { GantryError } from '@gantry/runtime/errors.ts';
import { plainJson, type Wanted } from './accept.ts';
import { drained } from './drained.ts';
import { type Encoded, encodeDocument, statusMessage } from './encoding.ts';
import type { Status } from './status.ts';

/** A response of HTTP/1.1, or of HTTP/2 by Node's compatible interface. */
export type Outgoing = ServerResponse;

/** Answers from this size on are compressed for clients that take it: kube-apiserver's bound, in bytes. */
const compressedFromBytes = 128 * 1024;
/** Longest time that a client may take nothing of a stream while something waits for it, in milliseconds. */
const maxBlockedMs = 60_000;

/** Sends one document. @param message Its proto message; a document without one is not given out in protobuf. */
export function sendDocument(
  response: Outgoing,
  code: number,
  value: object,
  wanted: Pick<Wanted, 'encoding' | 'pretty'> = plainJson,
  message?: string,
): void {
  send(response, code, encodeDocument({ value, message }, wanted));
}

/** Sends what is encoded. Large answers are compressed where the client takes that. @param headers Beside or in place of the usual ones. */
export function send(
  response: Outgoing,
  code: number,
  { contentType, pieces }: Encoded,
  headers: Readonly<Record<string, string>> = {},
): void {
  const length = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const head = { ...headOf(contentType), ...headers };
  if (length >= compressedFromBytes && takesGzip(response)) {
    response.writeHead(code, { ...head, ...gzipHead });
    const gzip = createGzip({ level: constants.Z_BEST_SPEED });
    gzip.pipe(response);
    for (const piece of pieces) gzip.write(piece);
    gzip.end();
    return;
  }
  response.writeHead(code, { ...head, 'content-length': length });
  for (const piece of pieces.slice(0, -1)) response.write(piece);
  response.end(pieces.at(-1));
}

/** Sends a text. */
export function sendText(response: Outgoing, code: number, text: string, contentType: string): void {
  send(response, code, { contentType, pieces: [Buffer.from(text)] });
}

/** Sends a Status. */
export function sendStatus(
  response: Outgoing,
  status: Status,
  wanted: Pick<Wanted, 'encoding' | 'pretty'> = plainJson,
): void {
  const retry = status.details?.retryAfterSeconds;
  if (retry !== undefined) response.setHeader('retry-after', String(retry));
  sendDocument(response, status.code ?? 200, status, wanted, statusMessage);
}

const gzipHead = { 'content-encoding': 'gzip', vary: 'Accept-Encoding' };

function headOf(contentType: string): Record<string, string> {
  return { 'content-type': contentType, 'cache-control': 'no-cache, private' };
}

/** Whether the client that asked takes gzip. */
function takesGzip({ req }: Outgoing): boolean {
  return String(req.headers['accept-encoding'] ?? '')
    .split(',')
    .some((coding) => coding.trim() === 'gzip');
}

/** Sends a stream of documents or parts of one, as fast as the client takes them. */
export class Stream {
  readonly #response: Outgoing;
  readonly #target: Writable;
  readonly #signal: AbortSignal;

  /** @param compressed Compresses the stream for clients that take it: for a long answer, not for events that must go at once. */
  constructor(response: Outgoing, contentType: string, signal: AbortSignal, compressed = false) {
    this.#response = response;
    this.#signal = signal;
    const gzip = compressed && takesGzip(response) ? createGzip({ level: constants.Z_BEST_SPEED }) : undefined;
    response.writeHead(200, { ...headOf(contentType), ...(gzip ? gzipHead : {}) });
    // HTTP/2 sends headers at once, and has no such method.
    response.flushHeaders?.();
    gzip?.pipe(response);
    response.once('close', () => gzip?.destroy());
    this.#target = gzip ?? response;
  }

  /** Resolves when the client can take more. Throws Cancelled once it is gone. */
  async write(part: string | Uint8Array): Promise<void> {
    this.#signal.throwIfAborted();
    if (this.#target.write(part)) return;
    const late = setTimeout(() => this.#response.destroy(), maxBlockedMs);
    await drained(this.#target, this.#response);
    clearTimeout(late);
    if (this.#response.destroyed) throw new GantryError('Cancelled', 'the client is gone');
  }

  end(): void {
    this.#target.end();
  }
}

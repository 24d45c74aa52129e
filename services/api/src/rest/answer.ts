import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { GantryError } from '@gantry/runtime/errors.ts';
import { stringify } from 'yaml';
import type { Wanted } from './accept.ts';
import type { Status } from './status.ts';

/** A response of HTTP/1.1, or of HTTP/2 by Node's compatible interface. */
export type Outgoing = ServerResponse;

/** Sends one document. */
export function sendDocument(
  response: Outgoing,
  code: number,
  document: unknown,
  encoding: Wanted['encoding'] = 'json',
  headers: Readonly<Record<string, string>> = {},
): void {
  const text =
    encoding === 'yaml'
      ? stringify(document, { version: '1.1', aliasDuplicateObjects: false })
      : JSON.stringify(document);
  sendText(response, code, text, `application/${encoding}`, headers);
}

/** Sends a text. */
export function sendText(
  response: Outgoing,
  code: number,
  text: string,
  contentType: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = Buffer.from(text);
  response.writeHead(code, { 'content-type': contentType, 'content-length': body.length, ...headers });
  response.end(body);
}

/** Sends a failure. */
export function sendStatus(response: Outgoing, status: Status): void {
  const retry = status.details?.retryAfterSeconds;
  sendDocument(response, status.code, status, 'json', retry === undefined ? {} : { 'retry-after': String(retry) });
}

/** Sends a stream of documents or parts of one, as fast as the client takes them. */
export class Stream {
  readonly #response: Outgoing;
  readonly #signal: AbortSignal;

  constructor(response: Outgoing, contentType: string, signal: AbortSignal) {
    this.#response = response;
    this.#signal = signal;
    response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-cache, private' });
    // HTTP/2 sends headers at once, and has no such method.
    response.flushHeaders?.();
  }

  /** Resolves when the client can take more. Throws Cancelled once it is gone. */
  async write(part: string | Uint8Array): Promise<void> {
    this.#signal.throwIfAborted();
    const taken = this.#response.write(part);
    if (taken) return;
    await Promise.race([once(this.#response, 'drain', { signal: this.#signal }), once(this.#response, 'close')]);
    if (this.#response.destroyed) throw new GantryError('Cancelled', 'the client is gone');
  }

  end(): void {
    this.#response.end();
  }
}

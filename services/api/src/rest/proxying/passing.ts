import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Incoming } from '../body.ts';
import type { Upgrade } from '../request.ts';

// Passing requests on: to a pod, or to another api server.

/** Headers that belong to one connection, or prove to the api who the client is: nobody behind it sees them. */
const ownHeaders = new Set([
  'authorization',
  'connection',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** A client's headers as a server behind the api gets them, with the address by which the client asked. */
export function forwardedHeaders(incoming: Incoming, host: string): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  const named = String(incoming.headers.connection ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase());
  for (const [name, value] of Object.entries(incoming.headers)) {
    const isOwn =
      ownHeaders.has(name) || name.startsWith(':') || name.startsWith('impersonate-') || named.includes(name);
    if (!isOwn && value !== undefined) headers[name] = value;
  }
  const { pathname } = new URL(`http://localhost${incoming.url}`);
  headers.host = host;
  headers['x-forwarded-uri'] = pathname;
  headers['x-forwarded-host'] = askedHost(incoming);
  headers['x-forwarded-proto'] = 'encrypted' in incoming.socket ? 'https' : 'http';
  const from = incoming.socket.remoteAddress;
  const before = incoming.headers['x-forwarded-for'];
  if (from !== undefined) headers['x-forwarded-for'] = before === undefined ? from : `${before}, ${from}`;
  const hasBody =
    incoming.headers['content-length'] !== undefined || incoming.headers['transfer-encoding'] !== undefined;
  if (hasBody && incoming.headers['content-length'] === undefined) headers['transfer-encoding'] = 'chunked';
  return headers;
}

/** The host that a client asked, which may have a port. */
export function askedHost({ headers }: Incoming): string {
  return String(headers.host ?? headers[':authority'] ?? '');
}

/** A server's headers as the client gets them. */
export function returnedHeaders(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const result: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!ownHeaders.has(name) && value !== undefined) result[name] = value;
  }
  return result;
}

/** A server's answer to a request to speak another protocol: with a connection where it agrees. */
export interface UpgradeAnswer {
  readonly answer: IncomingMessage;
  readonly backend?: Duplex;
  /** Bytes that came behind the answer already. */
  readonly first?: Buffer;
}

/** Resolves with the answer to a request to speak another protocol, which is sent by this. */
export function upgradeAnswerOf(call: ClientRequest): Promise<UpgradeAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<UpgradeAnswer>();
  call.once('upgrade', (answer, backend, first) => resolve({ answer, backend, first }));
  call.once('response', (answer) => resolve({ answer }));
  call.once('error', reject);
  call.end();
  return promise;
}

/** Passes an answer on to the client, and then all that either side says until one is gone. */
export async function joinUpgraded(
  { socket, head }: Upgrade,
  { answer, backend, first }: UpgradeAnswer,
): Promise<void> {
  socket.write(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n${rawHeaders(answer)}\r\n`);
  if (backend === undefined) {
    await pipeline(answer, socket).catch(() => socket.destroy());
    return;
  }
  if (head.length > 0) backend.write(head);
  if (first?.length) socket.write(first);
  socket.pipe(backend).on('error', () => undefined);
  backend.pipe(socket);
  // All that either side has sent before its end is passed on; an error ends both.
  await Promise.race([closed(socket), closed(backend)]);
  socket.destroy();
  backend.destroy();
}

function closed(stream: Duplex): Promise<void> {
  return new Promise((resolve) => stream.once('close', resolve));
}

function rawHeaders({ rawHeaders: raw }: IncomingMessage): string {
  let text = '';
  for (let index = 0; index < raw.length; index += 2) text += `${raw[index]}: ${raw[index + 1]}\r\n`;
  return text;
}

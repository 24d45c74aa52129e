import type { Socket } from 'node:net';
import { GantryError } from '@gantry/runtime/errors.ts';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Incoming } from '../body.ts';
import type { Upgrade } from '../request.ts';

/** Largest message of a client, in bytes: clients send pieces of 32 KiB, some whole buffers of a file. */
const maxMessageBytes = 4 * 1024 * 1024;
/** Interval of the pings that find out that a peer is gone, in milliseconds. */
const pingIntervalMs = 30_000;

/** Whether an upgrade is to a WebSocket. */
export function isWebSocket({ headers }: Incoming): boolean {
  return (headers.upgrade ?? '').toLowerCase() === 'websocket';
}

/** The protocols that a client offers, the one it likes best first. */
export function offeredProtocols(incoming: Incoming): string[] {
  const header = incoming.headers['sec-websocket-protocol'] ?? '';
  return header
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** The first protocol that a client offers of those served; the empty one if it offers none and that is served. */
export function agreedProtocol(incoming: Incoming, served: readonly string[]): string | undefined {
  const offered = offeredProtocols(incoming);
  return (offered.length === 0 ? [''] : offered).find((name) => served.includes(name));
}

/**
 * Accepts a WebSocket that speaks `protocol`, the empty one with a client that offers none. The ws package takes only names that RFC 6455 allows, and
 * `SPDY/3.1+portforward.k8s.io` is none: the name bypasses its check. Throws BadRequest for a handshake that is wrong, Cancelled
 * if the client is gone.
 */
export function acceptWebSocket(incoming: Incoming, { socket, head }: Upgrade, protocol: string): WebSocket {
  let accepted: WebSocket | undefined;
  let failure = new GantryError('Cancelled', 'the client is gone');
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
  });
  if (protocol !== '') server.on('headers', (headers) => headers.push(`Sec-WebSocket-Protocol: ${protocol}`));
  server.on('wsClientError', ({ message }) => {
    failure = new GantryError('BadRequest', `unable to upgrade: ${message}`);
  });
  delete incoming.headers['sec-websocket-protocol'];
  server.handleUpgrade(incoming, socket, head, (webSocket) => {
    accepted = webSocket;
  });
  if (accepted === undefined) throw failure;
  watchOver(accepted, socket as Socket);
  return accepted;
}

/** Finds out that a peer is gone even while nothing is read from it. */
function watchOver(webSocket: WebSocket, socket: Socket): void {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, pingIntervalMs);
  const pings = setInterval(() => webSocket.ping(), pingIntervalMs);
  pings.unref();
  webSocket.on('error', () => webSocket.terminate());
  webSocket.on('close', () => clearInterval(pings));
}

/** Sends one message, of text if it is a string. Resolves when the client can take more, or is gone. */
export function sendMessage(webSocket: WebSocket, message: Uint8Array | string): Promise<void> {
  return new Promise((resolve) => webSocket.send(message, () => resolve()));
}

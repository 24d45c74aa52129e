/** The SPDY/3.1 client of CRI's streaming servers: every version of every runtime speaks it. */
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { GantryError } from '@gantry/runtime/errors.ts';
import { SpdyConnection } from '@gantry/spdy/connection.ts';

const handshakeTimeoutMs = 10_000;

/** Connects and upgrades. ServiceUnavailable if that fails, with what the server said. */
export async function connectSpdy(url: string, protocol: string, signal?: AbortSignal): Promise<SpdyConnection> {
  const socket = await upgrade(url, protocol, signal);
  socket.setNoDelay(true);
  return new SpdyConnection(socket, { signal });
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

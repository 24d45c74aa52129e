/** Small HTTP servers, for tests that look where a request went. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that answers every request with its name. */
export interface EchoServer extends AsyncDisposable {
  readonly name: string;
  readonly port: number;
  /** Requests answered so far. */
  readonly served: () => number;
}

/** Starts a server on a free port, of loopback if no other host is named; each answer takes `delayMs`. Disposing of it lets open requests finish. */
export async function startEcho(name: string, delayMs = 0, host = '127.0.0.1'): Promise<EchoServer> {
  let served = 0;
  const server = createServer((_request, response) => {
    served += 1;
    setTimeout(() => response.end(name), delayMs);
  });
  server.listen(0, host);
  await once(server, 'listening');
  return {
    name,
    port: (server.address() as AddressInfo).port,
    served: () => served,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      await closed;
    },
  };
}

/** A loopback port that was free a moment ago. */
export async function freePort(): Promise<number> {
  await using server = await startEcho('');
  return server.port;
}

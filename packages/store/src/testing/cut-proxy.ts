import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A way to a server that can be cut in the worst moment. */
export interface CutProxy extends AsyncDisposable {
  readonly port: number;
  /** Lets the next `requests` chunks through to the server, then cuts the connection instead of giving its answer. */
  cutAnswerAfter(requests: number): void;
  /** How many times it cut. */
  readonly cuts: number;
}

/** Starts a proxy on a free port of loopback to a port of loopback. */
export async function startCutProxy(target: number): Promise<CutProxy> {
  const open = new Set<Socket>();
  let remaining = Number.POSITIVE_INFINITY;
  let cuts = 0;
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    let isCut = false;
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        open.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', (data) => {
      far.write(data);
      remaining -= 1;
      isCut ||= remaining <= 0;
    });
    // The server has answered, so that it did what it was asked to; the client will never know from this connection.
    far.on('data', (data) => {
      if (!isCut) return void near.write(data);
      remaining = Number.POSITIVE_INFINITY;
      cuts += 1;
      near.destroy();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    port: address.port,
    cutAnswerAfter(requests) {
      remaining = requests;
    },
    get cuts() {
      return cuts;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

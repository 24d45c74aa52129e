import { once } from 'node:events';
import type { PortForwardChunk, PortForwardStart } from '@gantry/client/pod-messages.ts';
import { GantryError, toGantryError } from '@gantry/runtime/errors.ts';
import { SpdyConnection } from '@gantry/spdy/connection.ts';
import type { SpdyStream } from '@gantry/spdy/stream.ts';
import { createWebSocketStream } from 'ws';
import type { RequestContext } from '../../core/context.ts';
import { forwardOptions } from '../../pods/connect.ts';
import type { Incoming } from '../body.ts';
import type { ResourceDeps, ResourceRequest, Upgrade } from '../request.ts';
import { piecesOf } from './pieces.ts';
import { acceptSpdy } from './spdy-channels.ts';
import { acceptWebSocket, isWebSocket, offeredProtocols } from './websocket.ts';

/** Protocol of the streams, which clients ask for as it is over SPDY and with a prefix over WebSocket. */
const streamProtocol = 'portforward.k8s.io';
const tunnelProtocol = `SPDY/3.1+${streamProtocol}`;

/** Streams of one forwarded connection: the client opens the error stream first. */
interface Pair {
  readonly data: SpdyStream;
  readonly error: SpdyStream;
}

/** Forwards connections to ports of a pod: two SPDY streams for each, in a WebSocket or straight on the connection. */
export async function serveForward(
  { pods }: Pick<ResourceDeps, 'pods'>,
  { route, query, incoming, context }: ResourceRequest,
  upgrade: Upgrade,
): Promise<void> {
  const { namespace, name: pod } = route;
  refuseOtherProtocols(incoming);
  const ports = query
    .getAll('ports')
    .flatMap((list) => list.split(','))
    .map(Number)
    .filter(Number.isInteger);
  await pods.check(context, 'pods/portforward', { namespace, pod }, forwardOptions(ports));
  const transport = isWebSocket(incoming)
    ? createWebSocketStream(acceptWebSocket(incoming, upgrade, tunnelProtocol))
    : acceptSpdy(upgrade, streamProtocol);
  const pairs = new Pairs((port, pair) => void forward(pods, context, { namespace, pod, port }, pair));
  const connection = new SpdyConnection(transport, { signal: context.signal, accept: (stream) => pairs.add(stream) });
  await once(transport, 'close', { signal: context.signal }).catch(() => undefined);
  connection.close();
}

function refuseOtherProtocols(incoming: Incoming): void {
  const wanted = isWebSocket(incoming) ? tunnelProtocol : streamProtocol;
  const header = incoming.headers['x-stream-protocol-version'] ?? '';
  const offered = isWebSocket(incoming) ? offeredProtocols(incoming) : [header].flat();
  if (!offered.some((names) => names.split(/, */).includes(wanted))) {
    throw new GantryError('BadRequest', `unable to upgrade: the protocol ${wanted} is needed`);
  }
}

/** Finds the two streams of each forwarded connection by the id that both carry. */
class Pairs {
  readonly #waiting = new Map<string, SpdyStream>();
  readonly #complete: (port: number, pair: Pair) => void;

  constructor(complete: (port: number, pair: Pair) => void) {
    this.#complete = complete;
  }

  /** Takes a stream of the client; one that belongs to no pair is reset. */
  add(stream: SpdyStream): void {
    const { streamtype, requestid = '', port = '' } = stream.headers;
    if (streamtype === 'error') {
      this.#waiting.set(requestid, stream);
      stream.once('close', () => {
        if (this.#waiting.get(requestid) === stream) this.#waiting.delete(requestid);
      });
      return;
    }
    const error = this.#waiting.get(requestid);
    if (streamtype !== 'data' || error === undefined) {
      stream.destroy();
      return;
    }
    this.#waiting.delete(requestid);
    this.#complete(Number(port), { data: stream, error });
  }
}

/** Passes one connection on. Never rejects: a failure is told on the error stream. */
async function forward(
  pods: ResourceDeps['pods'],
  context: RequestContext,
  start: PortForwardStart,
  { data, error }: Pair,
): Promise<void> {
  error.resume();
  const gone = new AbortController();
  data.once('close', () => gone.abort(new GantryError('Cancelled', 'the connection was closed')));
  const signal = AbortSignal.any([context.signal, gone.signal]);
  try {
    for await (const chunk of pods.portForward({ ...context, signal }, start, chunksOf(data), true)) {
      if (chunk.data?.length && !data.write(chunk.data)) await once(data, 'drain', { signal });
    }
  } catch (thrown) {
    if (!signal.aborted) {
      const { port, pod } = start;
      error.write(`an error occurred forwarding port ${port} to pod ${pod}: ${toGantryError(thrown).message}`);
    }
  } finally {
    data.end();
    error.end();
  }
}

async function* chunksOf(stream: SpdyStream): AsyncGenerator<PortForwardChunk> {
  for await (const bytes of stream.iterator({ destroyOnReturn: false })) {
    for (const data of piecesOf(bytes as Buffer)) yield { data };
  }
}

import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { resourceOf } from '@gantry/model/registry.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Incoming } from '../body.ts';
import { serveProxy } from '../proxying/proxy.ts';
import type { ResourceDeps, ResourceRequest, Upgrade } from '../request.ts';
import { routeOf, urlOf } from '../route.ts';
import type { Status } from '../status.ts';
import { serveAttach, serveExec } from './exec.ts';
import { serveLog } from './log.ts';
import { serveForward } from './port-forward.ts';
import { isWebSocket } from './websocket.ts';

type StreamDeps = Pick<ResourceDeps, 'pods' | 'authorize' | 'clock'>;
type StreamHandler = (deps: StreamDeps, request: ResourceRequest, upgrade: Upgrade) => Promise<void>;

/** Subresources that stream, most of them both ways. */
const handlers: Readonly<Record<string, StreamHandler>> = {
  'nodes/proxy': serveProxy,
  'pods/attach': serveAttach,
  'pods/exec': serveExec,
  'pods/log': serveLog,
  'pods/portforward': serveForward,
  'pods/proxy': serveProxy,
  'services/proxy': serveProxy,
};

/**
 * Whether a request asks for a stream in a protocol that streams are served in. All other upgrades are ignored, as HTTP allows: old
 * versions of kubectl go on asking for one on a connection that they had a stream from.
 */
export function isStreamUpgrade(incoming: Incoming): boolean {
  if (isWebSocket(incoming)) return streamOf(incoming) !== undefined;
  const asks = (incoming.headers.upgrade ?? '').toLowerCase() === 'spdy/3.1';
  return asks && !['pods/log', undefined].includes(streamOf(incoming));
}

/** The subresource with streams that a request asks for, such as pods/exec; undefined for any other request. */
function streamOf({ method = 'GET', url = '/' }: Incoming): string | undefined {
  try {
    const route = routeOf(method, urlOf(url));
    if (route.type === 'path') return undefined;
    const name = `${resourceOf({ group: route.group, plural: route.resource })}/${route.subresource}`;
    return Object.hasOwn(handlers, name) ? name : undefined;
  } catch {
    // It is answered as any other request that makes no sense.
    return undefined;
  }
}

/**
 * Serves the stream of a subresource until it ends. Rejects with the GantryError of a refusal as long as the connection still
 * speaks HTTP.
 */
export async function serveUpgrade(deps: StreamDeps, request: ResourceRequest, upgrade: Upgrade): Promise<void> {
  const name = `${resourceOf(request.kind)}/${request.route.subresource}`;
  const handle = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
  if (handle === undefined) throw new GantryError('BadRequest', `${name} has no streams`);
  await handle(deps, request, upgrade);
}

/** Milliseconds until a refused client must have closed. */
const closeTimeoutMs = 10_000;

/** Answers a request for an upgrade with a failure, and closes the connection. */
export function refuseUpgrade(socket: Duplex, status: Status): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = Buffer.from(JSON.stringify(status));
  const head = [
    `HTTP/1.1 ${status.code} ${status.reason ?? ''}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ];
  socket.end(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]));
  socket.resume();
  (socket as Socket).setTimeout(closeTimeoutMs, () => socket.destroy());
}

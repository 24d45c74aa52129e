import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { connect as connectTls } from 'node:tls';
import { GantryError, isError } from '@gantry/runtime/errors.ts';
import { attemptOn } from '../../auth/authorization.ts';
import type { RequestContext } from '../../core/context.ts';
import type { Backend } from '../../pods/node-port.ts';
import { socketTo } from '../../pods/socket.ts';
import type { ProxyTarget } from '../../pods/targets.ts';
import type { Outgoing } from '../answer.ts';
import type { ResourceDeps, ResourceRequest, Upgrade } from '../request.ts';
import { isRewritable, linkStreams } from './html.ts';
import { linkBelow } from './links.ts';
import { askedHost, forwardedHeaders, joinUpgraded, returnedHeaders, upgradeAnswerOf } from './passing.ts';

type Deps = Pick<ResourceDeps, 'pods' | 'authorize'>;

/** Passes a request on to a port of a node, of a pod, or of one of a service's pods, and its answer back. */
export async function handleProxy(deps: Deps, request: ResourceRequest, response: Outgoing): Promise<void> {
  const { incoming, route } = request;
  const target = await backendOf(deps, request);
  if (route.restPath === '' && (incoming.method === 'GET' || incoming.method === 'HEAD')) {
    // Relative links of a page lead below it only where its address ends with a slash.
    const { pathname, search } = new URL(`http://localhost${incoming.url}`);
    response.writeHead(301, { location: `${pathname}/${search}` }).end();
    return;
  }
  const call = open(request, target, forwardedHeaders(request.incoming, target.host));
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  call.once('response', resolve);
  call.once('error', reject);
  incoming.pipe(call);
  const answer = await promise.catch((error: unknown) => {
    throw unreachable(error);
  });
  await giveBack(request, target, answer, response);
}

/** Connects a client to a port of a pod in the protocol that both agree upon, such as WebSocket. */
export async function serveProxy(deps: Deps, request: ResourceRequest, upgrade: Upgrade): Promise<void> {
  const { headers } = request.incoming;
  const target = await backendOf(deps, request);
  const wanted = {
    ...forwardedHeaders(request.incoming, target.host),
    connection: 'Upgrade',
    upgrade: String(headers.upgrade),
  };
  const call = open(request, target, wanted);
  const answer = await upgradeAnswerOf(call).catch((error: unknown) => {
    throw unreachable(error);
  });
  await joinUpgraded(upgrade, answer);
}

/** The port that a request is for, after admission. The user must be allowed to proxy; the pods of a service need no right of their own. */
async function backendOf({ pods, authorize }: Deps, { route, context }: ResourceRequest): Promise<Backend> {
  const { resource, namespace, name, verb, restPath } = route;
  authorize(context.user, attemptOn(verb, `${resource}/proxy`, { namespace, name }));
  const type = resource === 'services' || resource === 'nodes' ? resource : 'pods';
  await pods.admitProxy(context, type, namespace, name, restPath);
  if (type === 'nodes') return pods.nodeBackend(name);
  const target = await pods.target(type, namespace, name);
  return { ...target, connect: () => throughAgent(pods, context, target) };
}

/** A connection to a port of a pod, through the agent of its node. */
function throughAgent(pods: Deps['pods'], context: RequestContext, target: ProxyTarget): Duplex {
  const own = socketTo(pods, context, target);
  if (target.scheme !== 'https') return own;
  const secured = connectTls({ socket: own, rejectUnauthorized: false });
  secured.once('close', () => own.destroy());
  return secured;
}

/** Begins a request to a port. */
function open(
  { incoming, route, context }: ResourceRequest,
  target: Backend,
  headers: Record<string, string | string[]>,
): ClientRequest {
  const { search } = new URL(`http://localhost${incoming.url}`);
  const { signal } = context;
  const socket = target.connect();
  const path = `${route.restPath || '/'}${search}`;
  const call = httpRequest({ method: incoming.method ?? 'GET', path, headers, createConnection: () => socket, signal });
  call.on('error', () => socket.destroy());
  return call;
}

/** Headers that let pages of other sites read an answer. A pod speaks at the api's address here, and may not open it to others. */
const originHeaders = [
  'access-control-allow-credentials',
  'access-control-allow-headers',
  'access-control-allow-methods',
  'access-control-allow-origin',
] as const;

/** Passes a server's answer on. Redirections and the links of pages lead below the proxy's path. */
async function giveBack(
  { incoming, route, context: { signal } }: ResourceRequest,
  { host }: Backend,
  answer: IncomingMessage,
  response: Outgoing,
): Promise<void> {
  const { statusCode: code = 502, headers: given } = answer;
  const headers = returnedHeaders(given);
  for (const name of originHeaders) delete headers[name];
  const { pathname } = new URL(`http://localhost${incoming.url}`);
  const root = pathname.slice(0, pathname.length - route.restPath.length);
  const rewrite = (link: string): string => linkBelow(link, { root, host, clientHost: askedHost(incoming) });
  if (given.location) headers.location = rewrite(given.location);
  // A part of a page stays as it is: its place in the page is told in bytes.
  const isPage = !given.location && code !== 206 && isRewritable(given);
  if (isPage) delete headers['content-length'];
  response.writeHead(code, headers);
  const hasBody = incoming.method !== 'HEAD' && code !== 204 && code !== 304 && given['content-length'] !== '0';
  try {
    const streams = isPage && hasBody ? await linkStreams(answer, given['content-encoding'] ?? '', rewrite) : [];
    await pipeline([answer, ...streams, response], { signal });
  } catch {
    // A broken answer breaks the client's: what was sent of it cannot be taken back.
    response.destroy();
  }
}

function unreachable(cause: unknown): GantryError {
  if (isError(cause, 'NotFound', 'BadRequest', 'TooManyRequests', 'Cancelled')) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new GantryError('ServiceUnavailable', `error trying to reach service: ${message}`, { cause });
}

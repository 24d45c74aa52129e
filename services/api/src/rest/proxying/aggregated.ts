import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { GantryError, isError } from '@gantry/runtime/errors.ts';
import { headersFor, isRequestHeader } from '../../aggregation/aggregator.ts';
import type { RemoteVersion } from '../../aggregation/view.ts';
import type { Callouts } from '../../callout/client.ts';
import { wordsOf } from '../../callout/failure.ts';
import type { RequestContext } from '../../core/context.ts';
import { type Outgoing, sendText } from '../answer.ts';
import type { Incoming } from '../body.ts';
import type { Upgrade } from '../request.ts';
import { type Route, routeOf, urlOf } from '../route.ts';
import { forwardedHeaders, joinUpgraded, returnedHeaders, upgradeAnswerOf } from './passing.ts';

/** Versions that other api servers serve, and the way to these. */
export interface RemoteServers {
  remote(group: string, version: string): RemoteVersion | undefined;
  readonly callouts: Pick<Callouts, 'open'>;
}

const versionPath = /^(?:\/openapi\/v3)?\/(?:apis\/([^/]+)|api)\/([^/]+)\/?$/;

/** The version of another server that a request is for: its objects, its resources, its OpenAPI 3 document. */
export function remoteFor(servers: Pick<RemoteServers, 'remote'>, route: Route): RemoteVersion | undefined {
  if (route.type === 'resource') return servers.remote(route.group, route.version);
  const [, group = '', version = ''] = versionPath.exec(route.path) ?? [];
  return version === '' ? undefined : servers.remote(group, version);
}

/** Whether a request asks another server for a stream: the server says whether it agrees. */
export function isRemoteUpgrade(servers: Pick<RemoteServers, 'remote'>, incoming: Incoming): boolean {
  const { method = 'GET', url = '/', headers } = incoming;
  if (!['websocket', 'spdy/3.1'].includes((headers.upgrade ?? '').toLowerCase())) return false;
  try {
    return remoteFor(servers, routeOf(method, urlOf(url))) !== undefined;
  } catch {
    // It is answered as any other request that makes no sense.
    return false;
  }
}

/** Passes a request on to the server of its version, and its answer back. The caller has authorized it. */
export async function passOn(
  servers: RemoteServers,
  remote: RemoteVersion,
  { incoming, context }: { readonly incoming: Incoming; readonly context: RequestContext },
  response: Outgoing,
): Promise<void> {
  if (!remote.isAvailable) return refuse(response, 'service unavailable');
  let answer: IncomingMessage;
  try {
    const call = await open(servers, remote, incoming, context);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    call.once('response', resolve);
    call.on('error', reject);
    incoming.pipe(call);
    answer = await promise;
  } catch (error) {
    context.signal.throwIfAborted();
    return refuse(response, isRoute(error) ? 'service unavailable' : unreachable(error));
  }
  const { statusCode: code = 502 } = answer;
  if (code >= 300 && code < 400 && answer.headers.location !== undefined) {
    answer.destroy();
    return refuse(response, 'the backend attempted to redirect this request, which is not permitted', 502);
  }
  response.writeHead(code, returnedHeaders(answer.headers));
  response.flushHeaders?.();
  // A broken answer breaks the client's: what was sent of it cannot be taken back.
  await pipeline(answer, response, { signal: context.signal }).catch(() => response.destroy());
}

/** Connects a client to the server of a version in the protocol that both agree upon. Throws ServiceUnavailable where it cannot. */
export async function passUpgradeOn(
  servers: RemoteServers,
  remote: RemoteVersion,
  { incoming, context }: { readonly incoming: Incoming; readonly context: RequestContext },
  upgrade: Upgrade,
): Promise<void> {
  if (!remote.isAvailable) throw new GantryError('ServiceUnavailable', 'service unavailable');
  const more = { connection: 'Upgrade', upgrade: String(incoming.headers.upgrade) };
  const answer = await open(servers, remote, incoming, context, more)
    .then(upgradeAnswerOf)
    .catch((error: unknown) => {
      throw new GantryError('ServiceUnavailable', isRoute(error) ? 'service unavailable' : unreachable(error));
    });
  await joinUpgraded(upgrade, answer);
}

function open(
  { callouts }: RemoteServers,
  { target }: RemoteVersion,
  incoming: Incoming,
  { user, signal }: RequestContext,
  more: Readonly<Record<string, string>> = {},
): ReturnType<Callouts['open']> {
  const { host: _, ...sent } = forwardedHeaders(incoming, '');
  const given = Object.entries(sent).filter(([name]) => !isRequestHeader(name));
  const headers = { ...Object.fromEntries(given), ...headersFor(user), ...more };
  return callouts.open(target, { method: incoming.method ?? 'GET', path: incoming.url ?? '/', headers, signal });
}

/** There is no way to the service. */
function isRoute(error: unknown): boolean {
  return isError(error, 'ServiceUnavailable', 'NotFound');
}

function unreachable(error: unknown): string {
  return `error trying to reach service: ${wordsOf(error)}`;
}

/** Answers in place of a server, in text as kube-aggregator does. */
function refuse(response: Outgoing, text: string, code = 503): void {
  response.setHeader('x-content-type-options', 'nosniff');
  sendText(response, code, `${text}\n`, 'text/plain; charset=utf-8');
}

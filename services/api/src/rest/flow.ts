import { isError } from '@gantry/runtime/errors.ts';
import type { Attempt } from '../auth/authorization.ts';
import type { RequestContext } from '../core/context.ts';
import type { FlowControl } from '../flow/flow-control.ts';
import { type Outgoing, sendText } from './answer.ts';
import type { Incoming } from './body.ts';
import { endAfter, hasMoreToCome } from './connections.ts';
import { isLong } from './in-flight.ts';
import type { ResourceDeps } from './request.ts';
import type { Route } from './route.ts';

/** Dependencies of the sorting of requests into flows. */
export interface FlowDeps {
  readonly flow: FlowControl;
  readonly api: Pick<ResourceDeps['api'], 'expectedListChars'>;
}

/** The part of a request by which it is sorted. */
interface FlowRequest {
  readonly route: Route;
  readonly attempt: Attempt;
  readonly query: URLSearchParams;
  readonly incoming: Incoming;
}

const noPlace: Disposable = { [Symbol.dispose]: () => undefined };

/**
 * Lets a request begin, now or when it is its turn, until the result is disposed of. Its answer says which flow schema and priority
 * level it belongs to. A request that may not begin is answered, and there is no result.
 */
export async function enterFlow(
  deps: FlowDeps,
  { user, signal }: RequestContext,
  { route, attempt, query, incoming }: FlowRequest,
  response: Outgoing,
): Promise<Disposable | undefined> {
  if (isLong(route) && attempt.verb !== 'watch') return noPlace;
  const schema = deps.flow.classify(user, attempt);
  // Their names are nobody's matter.
  response.setHeader('x-kubernetes-pf-flowschema-uid', schema.uid);
  response.setHeader('x-kubernetes-pf-prioritylevel-uid', schema.level.uid);
  try {
    return await deps.flow.enter(schema, { user, attempt, signal, listChars: listCharsOf(deps, route, query) });
  } catch (error) {
    if (!isError(error, 'TooManyRequests')) throw error;
    if (hasMoreToCome(incoming)) endAfter(response);
    refuse(response, error.retryAfterMs);
    return undefined;
  }
}

/** Characters of the objects that a request lists, or that a watch begins with. */
function listCharsOf({ api }: FlowDeps, route: Route, query: URLSearchParams): number | undefined {
  if (route.type === 'path' || (route.verb !== 'list' && route.verb !== 'watch')) return undefined;
  const revision = query.get('resourceVersion') ?? '';
  const showsState = query.get('sendInitialEvents') === 'true' || revision === '' || revision === '0';
  if (route.verb === 'watch' && !showsState) return undefined;
  const { group, resource: plural, namespace } = route;
  const [labelSelector, fieldSelector] = [query.get('labelSelector') ?? '', query.get('fieldSelector') ?? ''];
  const resource = group === '' ? plural : `${plural}.${group}`;
  const limit = Number(query.get('limit') ?? 0) || 0;
  return api.expectedListChars({ resource, namespace, labelSelector, fieldSelector }, limit);
}

/** Answers a request that may not begin, in Kubernetes' words. */
function refuse(response: Outgoing, retryAfterMs = 1_000): void {
  response.setHeader('retry-after', String(Math.ceil(retryAfterMs / 1_000)));
  response.setHeader('x-content-type-options', 'nosniff');
  sendText(response, 429, 'Too many requests, please try again later.\n', 'text/plain; charset=utf-8');
}

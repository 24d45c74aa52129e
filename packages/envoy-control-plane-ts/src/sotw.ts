/** State-of-the-world requests: each lists the whole subscription of a type. */
import type { DiscoveryRequest } from './envoy/discovery.ts';
import {
  checkNames,
  checkRequest,
  defaultStreamLimits,
  newSubscription,
  outdated,
  type Received,
  type RequestEvent,
  type StreamLimits,
  type StreamState,
  type Subscription,
  settle,
  withSubscription,
} from './stream-state.ts';
import { isFullState } from './type-urls.ts';

/**
 * Takes a request of a state-of-the-world stream.
 *
 * - An answer to a response that is not the last one of its type is stale and ignored: the client answers the last one
 *   too, and then repeats its subscription.
 * - A request without a nonce comes from a client that has seen nothing of this type on this stream. All of the type is
 *   sent, even if an earlier response is still on its way.
 * @throws ProtocolError for a request without a type or beyond the limits.
 */
export function receiveSotw(
  state: StreamState,
  request: DiscoveryRequest,
  limits: StreamLimits = defaultStreamLimits,
): Received {
  const typeUrl = request.typeUrl ?? '';
  checkRequest(state, typeUrl, limits);
  checkNames(typeUrl, request.resourceNames?.length ?? 0, limits);
  const known = state.subscriptions.get(typeUrl);
  const nonce = request.responseNonce ?? '';
  const withNode = state.node === undefined && request.node ? { ...state, node: request.node } : state;
  if (known !== undefined && nonce !== '' && nonce !== known.lastNonce) {
    return { state: withNode, event: { kind: 'stale', typeUrl } };
  }
  const isFresh = known === undefined || nonce === '';
  const current = isFresh ? startOver(typeUrl, known) : known;
  const answered = answer(current, request);
  const subscription = subscribe(answered.subscription, request.resourceNames ?? []);
  return { state: withSubscription(withNode, subscription), event: answered.event };
}

/** A subscription that starts anew: everything sent before counts as outdated. */
function startOver(typeUrl: string, before: Subscription | undefined): Subscription {
  const sent = [...(before?.known ?? [])].filter(([, { resource }]) => resource !== undefined);
  const known = new Map(sent.map(([name, { resource }]) => [name, { version: outdated, resource }]));
  return { ...newSubscription(typeUrl), hasNamed: before?.hasNamed ?? false, known };
}

function answer(
  subscription: Subscription,
  request: DiscoveryRequest,
): { readonly subscription: Subscription; readonly event: RequestEvent } {
  const { pending, typeUrl } = subscription;
  if (pending === undefined) return { subscription, event: { kind: 'subscribed', typeUrl } };
  return settle(subscription, pending, request.errorDetail);
}

/** True for a wildcard subscription: "*", or no names at all for listeners and clusters until the client has named one. */
function subscribe(subscription: Subscription, requested: readonly string[]): Subscription {
  const names = new Set(requested.filter((name) => name !== '*'));
  const asksForAll = requested.includes('*');
  const hasNamed = subscription.hasNamed || requested.length > 0;
  const wildcard = asksForAll || (!hasNamed && isFullState(subscription.typeUrl));
  // Resources that the client unsubscribed from are forgotten, so that they are sent again if it subscribes anew.
  const known = wildcard ? subscription.known : new Map([...subscription.known].filter(([name]) => names.has(name)));
  return { ...subscription, names, hasNamed, wildcard, known };
}

/** Delta (incremental) requests: each changes the subscription of a type. */
import type { DeltaDiscoveryRequest } from './envoy/discovery.ts';
import {
  checkNames,
  checkRequest,
  defaultStreamLimits,
  type Known,
  newSubscription,
  type Received,
  type StreamLimits,
  type StreamState,
  type Subscription,
  settle,
  withSubscription,
} from './stream-state.ts';
import { isFullState, parentTypes } from './type-urls.ts';

/**
 * Takes a request of a delta stream.
 *
 * - Changes of the subscription count whatever the nonce. ACK and NACK need the nonce of the pending response, and are
 *   stale otherwise.
 * - A name that is subscribed to again is sent again: the client has lost the resource.
 * - A name that is unsubscribed from under a wildcard subscription is sent again too, as the protocol requires.
 * - initial_resource_versions count in the first request for a type only, and not while clusters (or listeners) are
 *   unanswered: a client that accepts those waits for their endpoints (or routes), even if it has them.
 * @throws ProtocolError for a request without a type or beyond the limits.
 */
export function receiveDelta(
  state: StreamState,
  request: DeltaDiscoveryRequest,
  limits: StreamLimits = defaultStreamLimits,
): Received {
  const typeUrl = request.typeUrl ?? '';
  checkRequest(state, typeUrl, limits);
  const withNode = state.node === undefined && request.node ? { ...state, node: request.node } : state;
  const existing = state.subscriptions.get(typeUrl);
  const subscribed = existing === undefined ? first(state, typeUrl, request) : change(existing, request);
  checkNames(typeUrl, Math.max(subscribed.names.size, subscribed.known.size), limits);
  const nonce = request.responseNonce ?? '';
  if (existing === undefined || nonce === '') {
    return { state: withSubscription(withNode, subscribed), event: { kind: 'subscribed', typeUrl } };
  }
  if (subscribed.pending?.nonce !== nonce) {
    return { state: withSubscription(withNode, subscribed), event: { kind: 'stale', typeUrl } };
  }
  const { subscription, event } = settle(subscribed, subscribed.pending, request.errorDetail);
  return { state: withSubscription(withNode, subscription), event };
}

function first(state: StreamState, typeUrl: string, request: DeltaDiscoveryRequest): Subscription {
  const requested = request.resourceNamesSubscribe ?? [];
  const names = new Set(requested.filter((name) => name !== '*'));
  const wildcard = requested.includes('*') || (requested.length === 0 && isFullState(typeUrl));
  const known = new Map<string, Known>();
  const parent = state.subscriptions.get(parentTypes.get(typeUrl) ?? '');
  const had = parent?.pending === undefined ? (request.initialResourceVersions ?? {}) : {};
  for (const [name, version] of Object.entries(had)) {
    if (wildcard || names.has(name)) known.set(name, { version });
  }
  return { ...newSubscription(typeUrl), names, wildcard, hasNamed: requested.length > 0, known };
}

function change(subscription: Subscription, request: DeltaDiscoveryRequest): Subscription {
  const added = request.resourceNamesSubscribe ?? [];
  const removed = request.resourceNamesUnsubscribe ?? [];
  if (added.length === 0 && removed.length === 0) return subscription;
  const names = new Set(subscription.names);
  const known = new Map(subscription.known);
  for (const name of removed) {
    names.delete(name);
    known.delete(name);
  }
  for (const name of added) {
    if (name === '*') continue;
    names.add(name);
    known.delete(name);
  }
  const wildcard = added.includes('*') || (subscription.wildcard && !removed.includes('*'));
  if (subscription.wildcard && !wildcard) {
    for (const name of known.keys()) if (!names.has(name)) known.delete(name);
  }
  return { ...subscription, names, known, wildcard, hasNamed: subscription.hasNamed || added.length > 0 };
}

/** Decides what an ADS stream is sent next: pure, one response at a time. */
import type { Resource } from './resource.ts';
import { resourcesOf, type Snapshot, versionOf } from './snapshot.ts';
import { type Known, type StreamState, type Subscription, withSubscription } from './stream-state.ts';
import { clusterType, endpointType, isFullState, listenerType, routeType, sendOrder } from './type-urls.ts';

/** A response to send. */
export interface PlannedResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  /** Version of the type's resources as a whole. */
  readonly version: string;
  readonly resources: readonly Resource[];
  /** Names of resources that are gone; always empty for state-of-the-world, where absence says so. */
  readonly removed: readonly string[];
}

/** A response, and the state after it was sent. */
export interface Step {
  readonly state: StreamState;
  readonly response: PlannedResponse;
}

/** What a client lacks of one type. */
interface Difference {
  /** New to the client, or of another version. */
  readonly changed: readonly Resource[];
  /** Known to the client and gone. */
  readonly removed: readonly string[];
  /** Asked for by name, not there, and the client does not know it yet. */
  readonly missing: readonly string[];
  /** Everything that the client should have after the response. */
  readonly wanted: ReadonlyMap<string, Known>;
  /** True where something is kept that the snapshot no longer has. */
  readonly keeps: boolean;
}

/**
 * The next response that brings the client closer to the snapshot; undefined where there is none, or where answers
 * have to come in first.
 *
 * Make before break: clusters, then their endpoints, then listeners, then routes; each waits until the client has
 * answered the ones before. A cluster is withdrawn only when the client has accepted listeners and routes that don't
 * name it, endpoints after their cluster, and routes after their listener. A type has at most one response under way.
 * A refused response is not repeated until the snapshot changes, and does not hold up the types after it.
 */
export function nextResponse(state: StreamState, snapshot: Snapshot): Step | undefined {
  for (const typeUrl of sendOrder) {
    const subscription = state.subscriptions.get(typeUrl);
    if (subscription === undefined) continue;
    if (subscription.pending !== undefined) break;
    const step = respond(state, subscription, snapshot);
    if (step !== undefined) return step;
  }
  for (const subscription of state.subscriptions.values()) {
    if (sendOrder.includes(subscription.typeUrl) || subscription.pending !== undefined) continue;
    const step = respond(state, subscription, snapshot);
    if (step !== undefined) return step;
  }
  return undefined;
}

/** True where the client has everything of the snapshot that it asked for, and has answered every response. */
export function isSettled(state: StreamState, snapshot: Snapshot): boolean {
  const pending = [...state.subscriptions.values()].some((subscription) => subscription.pending !== undefined);
  return !pending && nextResponse(state, snapshot) === undefined;
}

function respond(state: StreamState, subscription: Subscription, snapshot: Snapshot): Step | undefined {
  const difference = compare(subscription, snapshot, mustKeep(state, subscription.typeUrl, snapshot));
  if (!needsResponse(state, subscription, difference)) return undefined;
  const nonces = state.nonces + 1;
  const response = compose(state, subscription, snapshot, difference, String(nonces));
  const told = new Map(difference.wanted);
  for (const name of subscription.names) if (!told.has(name)) told.set(name, { version: '' });
  const sent: Subscription = {
    ...subscription,
    known: told,
    answered: true,
    lastNonce: response.nonce,
    pending: {
      nonce: response.nonce,
      version: response.version,
      names: response.resources.map((resource) => resource.name),
    },
  };
  const next = withSubscription({ ...state, nonces }, sent);
  return { state: resendDependents(next, subscription.typeUrl, difference.changed), response };
}

function compare(subscription: Subscription, snapshot: Snapshot, keepsGone: boolean): Difference {
  const { resources } = resourcesOf(snapshot, subscription.typeUrl);
  const wanted = new Map<string, Known>();
  const changed: Resource[] = [];
  const want = (resource: Resource): void => {
    wanted.set(resource.name, { version: resource.version, resource });
    if (subscription.known.get(resource.name)?.version !== resource.version) changed.push(resource);
  };
  if (subscription.wildcard) for (const resource of resources.values()) want(resource);
  const missing: string[] = [];
  for (const name of subscription.names) {
    const resource = resources.get(name);
    if (resource === undefined && !subscription.known.has(name)) missing.push(name);
    if (resource !== undefined && !wanted.has(name)) want(resource);
  }
  const gone = [...subscription.known].filter(([name, known]) => known.version !== '' && !wanted.has(name));
  if (keepsGone) for (const [name, known] of gone) wanted.set(name, known);
  const removed = keepsGone ? [] : gone.map(([name]) => name);
  return { changed, removed, missing, wanted, keeps: keepsGone && gone.length > 0 };
}

function needsResponse(state: StreamState, subscription: Subscription, difference: Difference): boolean {
  const { changed, removed, missing } = difference;
  if (changed.length > 0) return true;
  if (!saysAbsence(state, subscription.typeUrl)) return false;
  // A client that asked for everything waits for an answer even where there is nothing.
  return removed.length > 0 || missing.length > 0 || (!subscription.answered && subscription.wildcard);
}

/** Whether a client can be told that a resource is gone; otherwise it finds out as nothing names it any more. */
function saysAbsence(state: StreamState, typeUrl: string): boolean {
  return state.protocol === 'delta' || isFullState(typeUrl);
}

function compose(
  state: StreamState,
  subscription: Subscription,
  snapshot: Snapshot,
  difference: Difference,
  nonce: string,
): PlannedResponse {
  const { typeUrl } = subscription;
  const version = difference.keeps
    ? versionOf([...difference.wanted].map(([name, known]) => ({ name, version: known.version })))
    : resourcesOf(snapshot, typeUrl).version;
  if (state.protocol === 'delta') {
    const removed = [...difference.removed, ...difference.missing];
    return { typeUrl, nonce, version, resources: difference.changed, removed };
  }
  const all = [...difference.wanted.values()].map((known) => known.resource).filter((item) => item !== undefined);
  return { typeUrl, nonce, version, resources: isFullState(typeUrl) ? all : difference.changed, removed: [] };
}

/** Whether resources that the snapshot no longer has must stay because the client still has others that name them. */
function mustKeep(state: StreamState, typeUrl: string, snapshot: Snapshot): boolean {
  switch (typeUrl) {
    case clusterType:
      return !hasAccepted(state, listenerType, snapshot) || !hasAccepted(state, routeType, snapshot);
    case endpointType:
      return !hasAccepted(state, clusterType, snapshot);
    case routeType:
      return !hasAccepted(state, listenerType, snapshot);
    default:
      return false;
  }
}

/** True where the client has accepted the snapshot's resources of a type (or does not want any). */
function hasAccepted(state: StreamState, typeUrl: string, snapshot: Snapshot): boolean {
  const subscription = state.subscriptions.get(typeUrl);
  if (subscription === undefined) return true;
  if (subscription.pending !== undefined) return false;
  const { resources } = resourcesOf(snapshot, typeUrl);
  if (subscription.rejection?.names.some((name) => resources.has(name))) return false;
  const { changed, removed } = compare(subscription, snapshot, false);
  return changed.length === 0 && (removed.length === 0 || !saysAbsence(state, typeUrl));
}

const dependentType: ReadonlyMap<string, string> = new Map([
  [clusterType, endpointType],
  [listenerType, routeType],
]);

/**
 * A client that takes a new version of a cluster waits for its endpoints even where those have not changed (Envoy calls
 * it warming), and likewise of a listener for its routes: forget that they were sent, so that they are sent again.
 */
function resendDependents(state: StreamState, typeUrl: string, changed: readonly Resource[]): StreamState {
  const dependents = state.subscriptions.get(dependentType.get(typeUrl) ?? '');
  if (dependents === undefined) return state;
  const names = changed.flatMap((resource) =>
    resource.references.filter((reference) => reference.typeUrl === dependents.typeUrl).map(({ name }) => name),
  );
  const stale = names.filter((name) => dependents.known.has(name));
  if (stale.length === 0) return state;
  const known = new Map(dependents.known);
  for (const name of stale) known.delete(name);
  return withSubscription(state, { ...dependents, known });
}

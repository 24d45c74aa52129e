/** Decides what an ADS stream is sent next: pure, one response at a time. */
import { endpointsResource, type Resource } from './resource.ts';
import { resourcesOf, type Snapshot, versionOf } from './snapshot.ts';
import { type Known, outdated, type StreamState, type Subscription, withSubscription } from './stream-state.ts';
import {
  clusterType,
  endpointType,
  isFullState,
  listenerType,
  parentTypes,
  routeType,
  sendOrder,
} from './type-urls.ts';

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

/** Resources of one type that a client lacks. */
interface Difference {
  /** New to the client, or of another version. */
  readonly changed: readonly Resource[];
  /** Known to the client and gone. */
  readonly removed: readonly string[];
  /** Asked for by name, not there, and the client does not know it yet. */
  readonly missing: readonly string[];
  /** Everything that the client should have after the response. */
  readonly wanted: ReadonlyMap<string, Known>;
  /** True if resources are kept that the snapshot no longer has. */
  readonly keeps: boolean;
}

/**
 * The next response that brings the client closer to the snapshot; undefined if there is none, or if the client must
 * answer earlier ones first.
 *
 * Make before break: clusters, then their endpoints; listeners and routes only after the client has answered those. A
 * cluster is withdrawn only when the client has accepted listeners and routes that don't name it, endpoints after
 * their cluster, and routes after their listener. Endpoints don't wait until their cluster is accepted, and routes not
 * for their listener: Envoy accepts a cluster when it has the endpoints.
 *
 * A type has at most one unanswered response. A NACK does not hold up the types after it, and its response is not sent
 * again until the snapshot's resources of the type change. Then all of it is sent, because nobody knows which resources the
 * client applied.
 */
export function nextResponse(state: StreamState, snapshot: Snapshot): Step | undefined {
  const others = [...state.subscriptions.keys()].filter((typeUrl) => !sendOrder.includes(typeUrl));
  for (const typeUrl of [...sendOrder, ...others]) {
    const subscription = state.subscriptions.get(typeUrl);
    if (subscription === undefined || subscription.pending !== undefined || mustWait(state, typeUrl)) continue;
    const step = respond(state, subscription, snapshot);
    if (step !== undefined) return step;
  }
  return undefined;
}

/** Listeners and routes wait until the client has answered clusters and endpoints that they may name. */
function mustWait(state: StreamState, typeUrl: string): boolean {
  if (typeUrl !== listenerType && typeUrl !== routeType) return false;
  return [clusterType, endpointType].some((before) => state.subscriptions.get(before)?.pending !== undefined);
}

/** True where the client has everything of the snapshot that it asked for, and has answered every response. */
export function isSettled(state: StreamState, snapshot: Snapshot): boolean {
  const pending = [...state.subscriptions.values()].some((subscription) => subscription.pending !== undefined);
  return !pending && nextResponse(state, snapshot) === undefined;
}

function respond(state: StreamState, subscription: Subscription, snapshot: Snapshot): Step | undefined {
  const offered = offer(state, subscription, snapshot);
  const difference = compare(subscription, offered, {
    keepsGone: mustKeep(state, subscription.typeUrl, snapshot),
    repeated: namesToRepeat(subscription, snapshot),
  });
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
      snapshotVersion: resourcesOf(snapshot, subscription.typeUrl).version,
      names: response.resources.map((resource) => resource.name),
    },
  };
  const next = withSubscription({ ...state, nonces }, sent);
  return { state: resendDependents(next, subscription.typeUrl, difference.changed), response };
}

type Resources = ReadonlyMap<string, Resource>;

/**
 * The resources that the client may be sent now. While clusters are unanswered, only endpoints of clusters that it was
 * sent already. The client keeps the endpoints of a cluster that was removed meanwhile; where it has none, it is sent an empty
 * assignment, because Envoy would wait for one. Listeners and routes likewise.
 */
function offer(state: StreamState, subscription: Subscription, snapshot: Snapshot): Resources {
  const { resources } = resourcesOf(snapshot, subscription.typeUrl);
  const parent = state.subscriptions.get(parentTypes.get(subscription.typeUrl) ?? '');
  if (parent?.pending === undefined) return resources;
  const named = namesReferredTo(parent, snapshot, subscription.typeUrl);
  const offered = new Map([...resources].filter(([name]) => named.has(name)));
  for (const name of subscription.names) {
    if (!named.has(name) || resources.has(name)) continue;
    const known = subscription.known.get(name);
    if (known?.resource !== undefined) offered.set(name, known.resource);
    const isAwaited = known === undefined && subscription.typeUrl === endpointType && state.protocol === 'sotw';
    if (isAwaited) offered.set(name, endpointsResource({ clusterName: name }));
  }
  return offered;
}

function namesReferredTo(parent: Subscription, snapshot: Snapshot, typeUrl: string): ReadonlySet<string> {
  const current = resourcesOf(snapshot, parent.typeUrl).resources;
  const known = [...parent.known].map(([name, { resource }]) => resource ?? current.get(name));
  const references = known.flatMap((resource) => resource?.references ?? []);
  return new Set(references.filter((reference) => reference.typeUrl === typeUrl).map(({ name }) => name));
}

/** Names in a refused response, if the snapshot has changed since. */
function namesToRepeat({ rejection, typeUrl }: Subscription, snapshot: Snapshot): ReadonlySet<string> {
  const isNew = rejection !== undefined && rejection.snapshotVersion !== resourcesOf(snapshot, typeUrl).version;
  return new Set(isNew ? rejection.names : []);
}

interface CompareOptions {
  /** True if removed resources stay with the client for now. */
  readonly keepsGone: boolean;
  /** Resources to send even where the client was sent them already. */
  readonly repeated: ReadonlySet<string>;
}

function compare(
  subscription: Subscription,
  resources: Resources,
  { keepsGone, repeated }: CompareOptions,
): Difference {
  const wanted = new Map<string, Known>();
  const changed: Resource[] = [];
  const want = (resource: Resource): void => {
    wanted.set(resource.name, { version: resource.version, resource });
    const isKnown = subscription.known.get(resource.name)?.version === resource.version;
    if (!isKnown || repeated.has(resource.name)) changed.push(resource);
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

/** True if a client can be told of a removal; otherwise it drops the resource when nothing names it any more. */
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

/** True if resources that the snapshot no longer has must stay, because the client still has others that name them. */
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
  const { changed, removed } = compare(subscription, resources, { keepsGone: false, repeated: new Set() });
  return changed.length === 0 && (removed.length === 0 || !saysAbsence(state, typeUrl));
}

/**
 * A client that takes a new version of a cluster waits for its endpoints even where those have not changed (Envoy calls
 * it warming), and likewise of a listener for its routes: make them count as outdated, so that they are sent again.
 */
function resendDependents(state: StreamState, typeUrl: string, changed: readonly Resource[]): StreamState {
  const dependentType = [...parentTypes].find(([, parent]) => parent === typeUrl)?.[0];
  const dependents = state.subscriptions.get(dependentType ?? '');
  if (dependents === undefined) return state;
  const names = changed.flatMap((resource) =>
    resource.references.filter((reference) => reference.typeUrl === dependents.typeUrl).map(({ name }) => name),
  );
  const stale = names.filter((name) => dependents.known.has(name));
  if (stale.length === 0) return state;
  const known = new Map(dependents.known);
  for (const name of stale) known.set(name, { ...known.get(name), version: outdated });
  return withSubscription(state, { ...dependents, known });
}

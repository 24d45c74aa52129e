/**
 * State of one ADS stream as the server knows it. The state is immutable; sotw.ts and delta.ts change it by what the client
 * says, plan.ts by what is sent. Nothing here does I/O, so every rule of the protocol is tested as a function.
 */
import type { Node } from './envoy/core.ts';
import type { RpcStatus } from './envoy/discovery.ts';
import type { Resource } from './resource.ts';

/** The two ways to speak xDS: everything each time, or changes only. */
export type Protocol = 'sotw' | 'delta';

/** The version of a resource that a client was sent last. */
export interface Known {
  /** Version of the resource; empty if the client was told that it does not exist. */
  readonly version: string;
  /** The resource itself; absent if the client named the version in its first request, from an earlier stream. */
  readonly resource?: Resource;
}

/** A response that the client has neither accepted nor refused yet. */
export interface Pending {
  readonly nonce: string;
  readonly version: string;
  /** Version of the type in the snapshot that it was made from. */
  readonly snapshotVersion: string;
  /** Names of the resources in it. */
  readonly names: readonly string[];
}

/** A response that the client refused; it keeps what it had. */
export interface Rejection extends Pending {
  readonly error: RpcStatus;
}

/** A client's interest in one type of resources. */
export interface Subscription {
  readonly typeUrl: string;
  /** Every resource of the type. */
  readonly wildcard: boolean;
  /** Resources asked for by name. */
  readonly names: ReadonlySet<string>;
  /** True once the client has asked by name: from then on "no names" means none, not all. */
  readonly hasNamed: boolean;
  /** Resources that the client was sent, by name. */
  readonly known: ReadonlyMap<string, Known>;
  /** True once a response was sent. */
  readonly answered: boolean;
  /** Nonce of the last response; empty before the first. */
  readonly lastNonce: string;
  /** The unanswered response of the type, at most one: a slow client makes the server hold no more. */
  readonly pending: Pending | undefined;
  /** Version of the last response that the client accepted; empty before the first. */
  readonly ackedVersion: string;
  /** The last NACK with the names that have not been accepted since; absent if there are none. */
  readonly rejection: Rejection | undefined;
}

/** One stream. */
export interface StreamState {
  readonly protocol: Protocol;
  /** From the first request. */
  readonly node: Node | undefined;
  /** Nonces are 1, 2, 3 … over all types of the stream. */
  readonly nonces: number;
  readonly subscriptions: ReadonlyMap<string, Subscription>;
}

/** Bounds on what one client may ask for. */
export interface StreamLimits {
  readonly maxTypes: number;
  /** Names in one subscription. */
  readonly maxNames: number;
}

/** Room for a large mesh; a client beyond it is broken or hostile. */
export const defaultStreamLimits: StreamLimits = { maxTypes: 32, maxNames: 50_000 };

/** Meaning of a request. */
export type RequestEvent =
  | { readonly kind: 'subscribed'; readonly typeUrl: string }
  | { readonly kind: 'accepted'; readonly typeUrl: string; readonly version: string }
  | { readonly kind: 'rejected'; readonly typeUrl: string; readonly rejection: Rejection }
  /** An answer to a response that a newer one has replaced. */
  | { readonly kind: 'stale'; readonly typeUrl: string };

/** The outcome of a request. */
export interface Received {
  readonly state: StreamState;
  readonly event: RequestEvent;
}

/** A request that breaks the protocol; the stream is ended with it. */
export class ProtocolError extends Error {
  readonly code: 'INVALID_ARGUMENT' | 'RESOURCE_EXHAUSTED';

  constructor(code: ProtocolError['code'], message: string) {
    super(message);
    this.name = 'ProtocolError';
    this.code = code;
  }
}

/** A new stream, before its first request. */
export function openStream(protocol: Protocol): StreamState {
  return { protocol, node: undefined, nonces: 0, subscriptions: new Map() };
}

/** Version of resources that must be sent again; no content has it as its hash. */
export const outdated = 'outdated';

/** A new subscription. */
export function newSubscription(typeUrl: string): Subscription {
  return {
    typeUrl,
    wildcard: false,
    names: new Set(),
    hasNamed: false,
    known: new Map(),
    answered: false,
    lastNonce: '',
    pending: undefined,
    ackedVersion: '',
    rejection: undefined,
  };
}

/** The state with one subscription replaced. */
export function withSubscription(state: StreamState, subscription: Subscription): StreamState {
  return { ...state, subscriptions: new Map(state.subscriptions).set(subscription.typeUrl, subscription) };
}

/** Takes the client's answer to the pending response: an ACK, or a NACK if it carries an error. */
export function settle(
  subscription: Subscription,
  pending: Pending,
  error: RpcStatus | undefined,
): { readonly subscription: Subscription; readonly event: RequestEvent } {
  const { typeUrl } = subscription;
  const answered = new Set(pending.names);
  const stillRejected = (subscription.rejection?.names ?? []).filter(
    (name) => !answered.has(name) && subscription.known.has(name),
  );
  if (error !== undefined) {
    const rejection: Rejection = { ...pending, names: [...pending.names, ...stillRejected], error };
    return {
      subscription: { ...subscription, pending: undefined, rejection },
      event: { kind: 'rejected', typeUrl, rejection },
    };
  }
  const rejection =
    subscription.rejection && stillRejected.length > 0
      ? { ...subscription.rejection, names: stillRejected }
      : undefined;
  return {
    subscription: { ...subscription, pending: undefined, ackedVersion: pending.version, rejection },
    event: { kind: 'accepted', typeUrl, version: pending.version },
  };
}

/** Throws ProtocolError where a request has no type, or asks for more than the limits allow. */
export function checkRequest(state: StreamState, typeUrl: string, limits: StreamLimits): void {
  if (typeUrl === '') throw new ProtocolError('INVALID_ARGUMENT', 'type_url: required on an aggregated stream');
  if (!state.subscriptions.has(typeUrl) && state.subscriptions.size >= limits.maxTypes) {
    throw new ProtocolError('RESOURCE_EXHAUSTED', `a stream may subscribe to at most ${limits.maxTypes} types`);
  }
}

/** Throws ProtocolError where a subscription has too many names. */
export function checkNames(typeUrl: string, count: number, limits: StreamLimits): void {
  if (count <= limits.maxNames) return;
  throw new ProtocolError('RESOURCE_EXHAUSTED', `${typeUrl}: at most ${limits.maxNames} names, got ${count}`);
}

/** The ADS service for @grpc/grpc-js. */
import type { Server, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Node } from './envoy/core.ts';
import {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
  DiscoveryRequest,
  DiscoveryResponse,
} from './envoy/discovery.ts';
import type { PlannedResponse } from './plan.ts';
import { decode, encode } from './proto/codec.ts';
import type { Fields, MessageType, MessageValue } from './proto/schema.ts';
import type { SnapshotSource } from './snapshot-cache.ts';
import { AdsStream, type DeltaCall, type SotwCall, type StreamContext } from './stream.ts';
import {
  defaultStreamLimits,
  type Protocol,
  type Rejection,
  type RequestEvent,
  type StreamLimits,
  type Subscription,
} from './stream-state.ts';

/** A client's subscription to one type. */
export interface ClientSubscription {
  readonly typeUrl: string;
  readonly wildcard: boolean;
  /** Number of resources that it asked for by name. */
  readonly names: number;
  /** Version of the last response that the client accepted; empty before the first. */
  readonly ackedVersion: string;
  /** True while a response is unanswered. */
  readonly pending: boolean;
  readonly rejection: Rejection | undefined;
}

/** A connected client. */
export interface Client {
  /** Number of the stream, counted from 1 since the server started. */
  readonly stream: number;
  readonly peer: string;
  readonly protocol: Protocol;
  readonly node: Node | undefined;
  readonly group: string | undefined;
  readonly connectedAtMs: number;
  readonly subscriptions: readonly ClientSubscription[];
}

/**
 * Told of what happens; for logs and metrics. A method that throws ends the stream that it was told of, and no other;
 * onDisconnect has none left to end, and should not throw.
 */
export interface Observer {
  onConnect?(client: Client): void;
  onRequest?(client: Client, event: RequestEvent): void;
  onResponse?(client: Client, response: PlannedResponse): void;
  /** The stream ended; the error is the transport's, where it had one. */
  onDisconnect?(client: Client, error: Error | undefined): void;
}

export interface AdsOptions {
  readonly snapshots: SnapshotSource;
  /** Chooses the group whose snapshot a client gets; group "" for all by default. */
  readonly groupOf?: (node: Node) => string;
  readonly limits?: StreamLimits;
  /** Streams at a time; further ones are refused with RESOURCE_EXHAUSTED. 10,000 where absent. */
  readonly maxStreams?: number;
  /** Name of this control plane, sent in each response. */
  readonly identifier?: string;
  readonly observer?: Observer;
  /** Milliseconds since the epoch; the machine's clock where absent. */
  readonly now?: () => number;
}

/** The service; dispose of it to stop listening to the snapshot source. */
export interface Ads extends Disposable {
  /** Adds StreamAggregatedResources and DeltaAggregatedResources to a server. */
  addTo(server: Server): void;
  /** The clients that are connected now. */
  clients(): Client[];
}

const servicePath = '/envoy.service.discovery.v3.AggregatedDiscoveryService';

/** The gRPC definition of the aggregated discovery service. */
export const adsDefinition = {
  streamAggregatedResources: streamMethod('StreamAggregatedResources', DiscoveryRequest, DiscoveryResponse),
  deltaAggregatedResources: streamMethod('DeltaAggregatedResources', DeltaDiscoveryRequest, DeltaDiscoveryResponse),
} satisfies ServiceDefinition;

/** Serves snapshots over ADS, state-of-the-world and delta. */
export function createAds(options: AdsOptions): Ads {
  const streams = new Map<number, AdsStream>();
  const { observer, maxStreams = 10_000, now = Date.now } = options;
  let opened = 0;
  const context: StreamContext = {
    snapshots: options.snapshots,
    groupOf: options.groupOf ?? (() => ''),
    limits: options.limits ?? defaultStreamLimits,
    identifier: options.identifier ?? 'envoy-control-plane-ts',
    onRequest: (stream, event) => observer?.onRequest?.(describe(stream), event),
    onResponse: (stream, response) => observer?.onResponse?.(describe(stream), response),
    onClose: (stream, error) => {
      streams.delete(stream.id);
      try {
        observer?.onDisconnect?.(describe(stream), error);
      } catch (failure) {
        // Events of a connection call this: an exception would end the process.
        process.emitWarning(failure instanceof Error ? failure : String(failure));
      }
    },
  };
  const open = (call: SotwCall | DeltaCall, create: (id: number, nowMs: number) => AdsStream): void => {
    if (streams.size >= maxStreams) {
      // 8 is RESOURCE_EXHAUSTED.
      call.emit('error', { code: 8, details: `at most ${maxStreams} streams` });
      return;
    }
    opened += 1;
    const stream = create(opened, now());
    streams.set(stream.id, stream);
    try {
      observer?.onConnect?.(describe(stream));
    } catch (error) {
      stream.fail(error);
    }
  };
  const implementation: UntypedServiceImplementation = {
    streamAggregatedResources: (call: SotwCall) => open(call, (id, nowMs) => AdsStream.sotw(id, nowMs, call, context)),
    deltaAggregatedResources: (call: DeltaCall) => open(call, (id, nowMs) => AdsStream.delta(id, nowMs, call, context)),
  };
  const unsubscribe = options.snapshots.onChange((group) => {
    for (const stream of streams.values()) if (stream.group === group) stream.pump();
  });
  return {
    addTo: (server) => server.addService(adsDefinition, implementation),
    clients: () => [...streams.values()].map(describe),
    [Symbol.dispose]: unsubscribe,
  };
}

function describe(stream: AdsStream): Client {
  const { id, peer, connectedAtMs, group, state } = stream;
  const subscriptions = [...state.subscriptions.values()].map(describeSubscription);
  return { stream: id, peer, protocol: state.protocol, node: state.node, group, connectedAtMs, subscriptions };
}

function describeSubscription(subscription: Subscription): ClientSubscription {
  const { typeUrl, wildcard, names, ackedVersion, pending, rejection } = subscription;
  return { typeUrl, wildcard, names: names.size, ackedVersion, pending: pending !== undefined, rejection };
}

function streamMethod<Q extends Fields, S extends Fields>(
  name: string,
  request: MessageType<Q>,
  response: MessageType<S>,
) {
  return {
    path: `${servicePath}/${name}`,
    requestStream: true,
    responseStream: true,
    requestSerialize: (value: MessageValue<Q>) => Buffer.from(encode(request, value)),
    requestDeserialize: (data: Buffer) => decode(request, data),
    responseSerialize: (value: MessageValue<S>) => Buffer.from(encode(response, value)),
    responseDeserialize: (data: Buffer) => decode(response, data),
  } as const;
}

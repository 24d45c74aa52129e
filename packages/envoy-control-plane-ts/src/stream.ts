/** One ADS stream over @grpc/grpc-js: feeds requests to the state, and writes what the plan says. */
import type { EventEmitter } from 'node:events';
import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import { receiveDelta } from './delta.ts';
import type { Node } from './envoy/core.ts';
import type {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
  DiscoveryRequest,
  DiscoveryResponse,
} from './envoy/discovery.ts';
import { nextResponse, type PlannedResponse } from './plan.ts';
import type { Resource } from './resource.ts';
import type { SnapshotSource } from './snapshot-cache.ts';
import { receiveSotw } from './sotw.ts';
import {
  openStream,
  type Protocol,
  ProtocolError,
  type Received,
  type RequestEvent,
  type StreamLimits,
  type StreamState,
} from './stream-state.ts';

/** Dependencies of a stream. */
export interface StreamContext {
  readonly snapshots: SnapshotSource;
  readonly groupOf: (node: Node) => string;
  readonly limits: StreamLimits;
  readonly identifier: string;
  readonly onRequest: (stream: AdsStream, event: RequestEvent) => void;
  readonly onResponse: (stream: AdsStream, response: PlannedResponse) => void;
  readonly onClose: (stream: AdsStream, error: Error | undefined) => void;
}

export type SotwCall = ServerDuplexStream<DiscoveryRequest, DiscoveryResponse>;
export type DeltaCall = ServerDuplexStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse>;

/** I/O of a stream, which differs between the two protocols. */
interface Wire {
  readonly protocol: Protocol;
  readonly call: EventEmitter & Pick<SotwCall, 'getPeer' | 'end'>;
  readonly receive: (state: StreamState, request: never, limits: StreamLimits) => Received;
  /** Returns false if the transport's buffer is full. */
  readonly write: (response: PlannedResponse, identifier: string) => boolean;
}

/** A client's stream. It holds no queue: the next response follows from the state and the snapshot. */
export class AdsStream {
  readonly id: number;
  readonly peer: string;
  readonly connectedAtMs: number;
  readonly #wire: Wire;
  readonly #context: StreamContext;
  #state: StreamState;
  #group: string | undefined;
  #writable = true;
  #closed = false;

  private constructor(id: number, nowMs: number, wire: Wire, context: StreamContext) {
    this.id = id;
    this.connectedAtMs = nowMs;
    this.peer = wire.call.getPeer();
    this.#wire = wire;
    this.#context = context;
    this.#state = openStream(wire.protocol);
    wire.call.on('data', (request: unknown) => this.#receive(request as never));
    wire.call.on('drain', () => {
      this.#writable = true;
      this.pump();
    });
    wire.call.on('end', () => this.#contained(() => this.#end()));
    wire.call.on('cancelled', () => this.#close(undefined));
    wire.call.on('error', (error: Error) => this.#close(error));
  }

  /** A state-of-the-world stream. */
  static sotw(id: number, nowMs: number, call: SotwCall, context: StreamContext): AdsStream {
    const write = (response: PlannedResponse, identifier: string): boolean =>
      call.write(sotwMessage(response, identifier));
    return new AdsStream(id, nowMs, { protocol: 'sotw', call, receive: receiveSotw, write }, context);
  }

  /** A delta stream. */
  static delta(id: number, nowMs: number, call: DeltaCall, context: StreamContext): AdsStream {
    const write = (response: PlannedResponse, identifier: string): boolean =>
      call.write(deltaMessage(response, identifier));
    return new AdsStream(id, nowMs, { protocol: 'delta', call, receive: receiveDelta, write }, context);
  }

  get state(): StreamState {
    return this.#state;
  }

  /** Name of the client's group; undefined before its first request. */
  get group(): string | undefined {
    return this.#group;
  }

  /**
   * Writes the responses that are due, as far as the transport takes them. At most one response a type is unanswered, so
   * that a slow client gets the newest snapshot later and none in between. Never throws: an exception ends this stream and
   * no other.
   */
  pump(): void {
    this.#contained(() => this.#pump());
  }

  /** Ends the stream with an error. */
  fail(error: unknown): void {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    const code = error instanceof ProtocolError ? status[error.code] : status.INTERNAL;
    this.#wire.call.emit('error', { code, details: message, message, name });
  }

  #pump(): void {
    if (this.#group === undefined) return;
    while (this.#writable && !this.#closed) {
      const snapshot = this.#context.snapshots.get(this.#group);
      const step = snapshot && nextResponse(this.#state, snapshot);
      if (step === undefined) return;
      this.#state = step.state;
      this.#writable = this.#wire.write(step.response, this.#context.identifier);
      this.#context.onResponse(this, step.response);
    }
  }

  #receive(request: never): void {
    if (this.#closed) return;
    this.#contained(() => {
      const { state, event } = this.#wire.receive(this.#state, request, this.#context.limits);
      if (state.node === undefined) throw new ProtocolError('INVALID_ARGUMENT', 'node: required in the first request');
      this.#state = state;
      this.#group ??= this.#context.groupOf(state.node);
      this.#context.onRequest(this, event);
      this.#pump();
    });
  }

  #contained(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.fail(error);
    }
  }

  #end(): void {
    this.#wire.call.end();
    this.#close(undefined);
  }

  #close(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#context.onClose(this, error);
  }
}

function sotwMessage(response: PlannedResponse, identifier: string): DiscoveryResponse {
  return {
    versionInfo: response.version,
    resources: response.resources.map(anyOf),
    typeUrl: response.typeUrl,
    nonce: response.nonce,
    controlPlane: { identifier },
  };
}

function deltaMessage(response: PlannedResponse, identifier: string): DeltaDiscoveryResponse {
  return {
    systemVersionInfo: response.version,
    resources: response.resources.map((resource) => ({
      name: resource.name,
      version: resource.version,
      resource: anyOf(resource),
    })),
    typeUrl: response.typeUrl,
    nonce: response.nonce,
    removedResources: response.removed,
    controlPlane: { identifier },
  };
}

function anyOf({ typeUrl, value }: Resource): { readonly typeUrl: string; readonly value: Uint8Array } {
  return { typeUrl, value };
}

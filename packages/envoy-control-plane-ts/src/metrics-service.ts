/** The metrics service for @grpc/grpc-js: Envoys send their statistics to it, each over one stream. */
import type { Server, ServerReadableStream, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Node } from './envoy/core.ts';
import { type MetricFamily, StreamMetricsMessage, StreamMetricsResponse } from './envoy/metrics.ts';
import { decode, encode } from './proto/codec.ts';

/** An Envoy that sends statistics. */
export interface MetricsClient {
  /** Number of the stream, counted from 1 since the server started: a new one begins when the Envoy starts or connects again. */
  readonly stream: number;
  readonly peer: string;
  readonly node: Node | undefined;
}

/** Told of what Envoys send. A method that throws ends the stream that it was told of. */
export interface MetricsObserver {
  /** The statistics of one flush. */
  onMetrics(client: MetricsClient, families: readonly MetricFamily[]): void;
  /** The stream ended, and the Envoy may be gone. */
  onDisconnect(client: MetricsClient): void;
}

export interface MetricsOptions {
  readonly observer: MetricsObserver;
  /** Streams at a time; further ones are refused with RESOURCE_EXHAUSTED. 1,000 where absent. */
  readonly maxStreams?: number;
}

/** The gRPC definition of the metrics service. */
export const metricsDefinition = {
  streamMetrics: {
    path: '/envoy.service.metrics.v3.MetricsService/StreamMetrics',
    requestStream: true,
    responseStream: false,
    requestSerialize: (value: StreamMetricsMessage) => Buffer.from(encode(StreamMetricsMessage, value)),
    requestDeserialize: (data: Buffer) => decode(StreamMetricsMessage, data),
    responseSerialize: () => Buffer.from(encode(StreamMetricsResponse, {})),
    responseDeserialize: (data: Buffer) => decode(StreamMetricsResponse, data),
  },
} satisfies ServiceDefinition;

type Call = ServerReadableStream<StreamMetricsMessage, object>;
type Answer = (error: { readonly code: number; readonly details: string } | null, value?: object) => void;

/** Adds the metrics service to a server. */
export function addMetricsService(server: Server, { observer, maxStreams = 1_000 }: MetricsOptions): void {
  let opened = 0;
  let open = 0;
  const streamMetrics = (call: Call, answer: Answer): void => {
    if (open >= maxStreams) {
      // 8 is RESOURCE_EXHAUSTED.
      answer({ code: 8, details: `at most ${maxStreams} streams` });
      return;
    }
    open += 1;
    opened += 1;
    let client: MetricsClient = { stream: opened, peer: call.getPeer(), node: undefined };
    let isOpen = true;
    const close = (): void => {
      if (!isOpen) return;
      isOpen = false;
      open -= 1;
      observer.onDisconnect(client);
    };
    call.on('data', ({ identifier, envoyMetrics = [] }: StreamMetricsMessage) => {
      if (!isOpen) return;
      if (identifier?.node !== undefined) client = { ...client, node: identifier.node };
      try {
        observer.onMetrics(client, envoyMetrics);
      } catch (error) {
        close();
        // 13 is INTERNAL.
        answer({ code: 13, details: error instanceof Error ? error.message : String(error) });
      }
    });
    call.on('end', () => {
      close();
      answer(null, {});
    });
    call.on('error', close);
    call.on('close', close);
    call.on('cancelled', close);
  };
  server.addService(metricsDefinition, { streamMetrics } as UntypedServiceImplementation);
}

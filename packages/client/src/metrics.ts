/** Usage of pods and nodes, and metrics that others measure: calls. */
import type { Client as GrpcClient, MethodDefinition } from '@grpc/grpc-js';
import type { CallOptions } from './api.ts';
import { type CallDefaults, callUnary } from './calls.ts';
import type {
  CustomMetricsRequest,
  CustomMetricsResponse,
  ExternalMetricsRequest,
  ExternalMetricsResponse,
  NodeMetricsRequest,
  NodeMetricsResponse,
  PodMetricsRequest,
  PodMetricsResponse,
} from './metrics-messages.ts';
import { metricsService } from './protos.ts';

/** MetricsService as the other side calls it. */
export class MetricsCalls {
  readonly #client: GrpcClient;
  readonly #defaults: CallDefaults;

  constructor(client: GrpcClient, defaults: CallDefaults) {
    this.#client = client;
    this.#defaults = defaults;
  }

  /** Usage of the containers of pods. Pods without good numbers are missing. */
  pods(request: PodMetricsRequest, options?: CallOptions): Promise<PodMetricsResponse> {
    return this.#ask(metricsService.PodMetrics!, request, options);
  }

  /** Usage of nodes. Nodes without good numbers are missing. */
  nodes(request: NodeMetricsRequest, options?: CallOptions): Promise<NodeMetricsResponse> {
    return this.#ask(metricsService.NodeMetrics!, request, options);
  }

  /** A metric of objects. */
  custom(request: CustomMetricsRequest, options?: CallOptions): Promise<CustomMetricsResponse> {
    return this.#ask(metricsService.CustomMetrics!, request, options);
  }

  /** A metric of no object. */
  external(request: ExternalMetricsRequest, options?: CallOptions): Promise<ExternalMetricsResponse> {
    return this.#ask(metricsService.ExternalMetrics!, request, options);
  }

  #ask<Response>(
    method: MethodDefinition<object, object>,
    request: object,
    { signal, timeoutMs = this.#defaults.timeoutMs }: CallOptions = {},
  ): Promise<Response> {
    // A source that cannot tell now is not asked again and again: the problem is the answer.
    return callUnary(this.#client, method, request, { ...this.#defaults, signal, timeoutMs, idempotent: false });
  }
}

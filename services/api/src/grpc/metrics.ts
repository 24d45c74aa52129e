import type {
  CustomMetricsRequest,
  ExternalMetricsRequest,
  NodeMetricsRequest,
  PodMetricsRequest,
} from '@gantry/client/metrics-messages.ts';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { customAttempt, externalAttempt } from '../metrics/attempts.ts';
import type { MetricsSources } from '../metrics/sources.ts';
import type { Calls } from './calls.ts';
import { on } from './purposes.ts';

/** MetricsService over its sources. */
export function metricsHandlers(sources: MetricsSources, calls: Calls): UntypedServiceImplementation {
  return {
    PodMetrics: calls.unary(
      async (context, request: PodMetricsRequest) => ({ pods: await sources.pods(context, request) }),
      ({ namespace, name }) => on(name ? 'get' : 'list', 'pods.metrics.k8s.io', namespace, name),
    ),
    NodeMetrics: calls.unary(
      async (context, request: NodeMetricsRequest) => ({ nodes: await sources.nodes(context, request) }),
      ({ name }) => on(name ? 'get' : 'list', 'nodes.metrics.k8s.io', '', name),
    ),
    CustomMetrics: calls.unary(
      async (context, request: CustomMetricsRequest) => ({ values: await sources.custom(context, request) }),
      (request) => ({ attempt: customAttempt(request) }),
    ),
    ExternalMetrics: calls.unary(
      async (context, request: ExternalMetricsRequest) => ({ values: await sources.external(context, request) }),
      (request) => ({ attempt: externalAttempt(request) }),
    ),
  };
}

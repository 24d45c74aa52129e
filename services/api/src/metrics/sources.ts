import type {
  CustomMetricsRequest,
  CustomMetricValue,
  ExternalMetricsRequest,
  ExternalMetricValue,
  NodeMetrics,
  NodeMetricsRequest,
  PodMetrics,
  PodMetricsRequest,
} from '@gantry/client/metrics-messages.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { CoreDeps, RequestContext } from '../core/context.ts';
import type { AgentConnections } from '../pods/agents.ts';
import type { RemoteServers } from '../rest/proxying/aggregated.ts';
import { NodeStatistics } from './node-statistics.ts';
import { RemoteMetrics } from './remote.ts';
import { Usage } from './usage.ts';

/** Answers one kind of question about metrics. Authorizes the caller itself, and rejects with a GantryError. */
export type MetricsSource<Request, Answer> = (context: RequestContext, request: Request) => Promise<readonly Answer[]>;

/** The parts of MetricsService. */
export interface MetricsSources {
  readonly pods: MetricsSource<PodMetricsRequest, PodMetrics>;
  readonly nodes: MetricsSource<NodeMetricsRequest, NodeMetrics>;
  readonly custom: MetricsSource<CustomMetricsRequest, CustomMetricValue>;
  readonly external: MetricsSource<ExternalMetricsRequest, ExternalMetricValue>;
}

/** Refuses every question: no source of such metrics is known. */
function refusing(
  kind: 'custom' | 'external',
): (_: RequestContext, request: { readonly metric: string }) => Promise<never> {
  return async (_, { metric }) => {
    throw new GantryError('NotFound', `no source of ${kind} metrics is known, so that there is no metric "${metric}"`);
  };
}

/** The metrics that an api serves. */
export interface Metrics {
  readonly sources: MetricsSources;
  /** Usage as node agents tell it, whoever else is asked. */
  readonly usage: Usage;
}

/** Puts the sources of metrics together. A version that an APIService hands to another server is asked of that one. */
export function metricsOf(core: CoreDeps, agents: AgentConnections, servers: RemoteServers): Metrics {
  const usage = new Usage({ ...core, statistics: new NodeStatistics(agents, core.clock) });
  const remote = new RemoteMetrics({ ...core, servers });
  const sources: MetricsSources = {
    pods: async (context, request) =>
      (await remote.pods(context, request)) ?? (await usage.pods(context, request)).map(({ metrics }) => metrics),
    nodes: async (context, request) =>
      (await remote.nodes(context, request)) ?? (await usage.nodes(context, request)).map(({ metrics }) => metrics),
    custom: refusing('custom'),
    external: refusing('external'),
  };
  return { sources, usage };
}

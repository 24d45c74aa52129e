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
import { NodeStatistics } from './node-statistics.ts';
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

/** The metrics that an api serves, and the usage behind two of them. */
export function metricsOf(core: CoreDeps, agents: AgentConnections): { sources: MetricsSources; usage: Usage } {
  const usage = new Usage({ ...core, statistics: new NodeStatistics(agents, core.clock) });
  const sources: MetricsSources = {
    pods: async (context, request) => (await usage.pods(context, request)).map(({ metrics }) => metrics),
    nodes: async (context, request) => (await usage.nodes(context, request)).map(({ metrics }) => metrics),
    custom: refusing('custom'),
    external: refusing('external'),
  };
  return { sources, usage };
}

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
import type { Authorize } from '../auth/authorization.ts';
import type { CoreDeps, RequestContext } from '../core/context.ts';
import type { AgentConnections } from '../pods/agents.ts';
import type { RemoteServers } from '../rest/proxying/aggregated.ts';
import type { TrafficProxy } from '../traffic/proxy.ts';
import type { MetricAnswers } from './answers.ts';
import { customAttempt, externalAttempt } from './attempts.ts';
import type { MeasureTraffic } from './envoy/reports.ts';
import { NodeStatistics } from './node-statistics.ts';
import { type MetricsConfig, type ObjectMetrics, objectMetricsOf } from './objects.ts';
import { RemoteMetrics } from './remote.ts';
import { RemoteObjectMetrics } from './remote-objects.ts';
import { objectReader } from './stored.ts';
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

/** The metrics that an api serves. */
export interface Metrics {
  readonly sources: MetricsSources;
  /** Usage as node agents tell it, whoever else is asked. */
  readonly usage: Usage;
  readonly objects: ObjectMetrics;
}

/** The ways to those who measure. */
export interface MetricsDeps {
  readonly agents: AgentConnections;
  /** Servers of the user's that have metrics in our place. */
  readonly servers: RemoteServers;
  /** The way to the xDS servers. */
  readonly traffic: Pick<TrafficProxy, 'measureAll'>;
}

/** Puts the sources of metrics together. A version that an APIService hands to another server is asked of that one. */
export function metricsOf(
  core: CoreDeps,
  { agents, servers, traffic }: MetricsDeps,
  config: MetricsConfig = {},
): Metrics {
  const read = objectReader(core);
  const usage = new Usage({ ...core, read, statistics: new NodeStatistics(agents, core.clock) });
  const measure: MeasureTraffic = (request, signal) => traffic.measureAll(request, signal);
  const objects = objectMetricsOf({ ...core, read, measure }, config);
  const remote = new RemoteMetrics({ ...core, servers });
  const sources: MetricsSources = {
    pods: async (context, request) =>
      (await remote.pods(context, request)) ?? (await usage.pods(context, request)).map(({ metrics }) => metrics),
    nodes: async (context, request) =>
      (await remote.nodes(context, request)) ?? (await usage.nodes(context, request)).map(({ metrics }) => metrics),
    ...authorizedAnswers(objects.answers, new RemoteObjectMetrics({ ...core, servers }), core.authorize),
  };
  return { sources, usage, objects };
}

/** The answers for callers over gRPC, who are authorized as those over REST are. Where another server has such metrics, it is asked. */
function authorizedAnswers(
  answers: Pick<MetricAnswers, 'custom' | 'external'>,
  remote: Pick<RemoteObjectMetrics, 'custom' | 'external'>,
  authorize: Authorize,
): Pick<MetricsSources, 'custom' | 'external'> {
  return {
    custom: async (context, request) => {
      authorize(context.user, customAttempt(request));
      return (await remote.custom(context, request)) ?? (await answers.custom(request, context.signal));
    },
    external: async (context, request) => {
      authorize(context.user, externalAttempt(request));
      return (await remote.external(context, request)) ?? (await answers.external(request, context.signal));
    },
  };
}

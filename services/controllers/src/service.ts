import { type AnyKind, isResourceName, type ObjectOf, type ServedResources } from '@gantry/client/api.ts';
import { busSource } from '@gantry/client/bus-source.ts';
import { type ChangeSource, watchSource } from '@gantry/client/change-source.ts';
import type { Client } from '@gantry/client/client.ts';
import type { Credentials } from '@gantry/client/credentials.ts';
import { EventRecorder } from '@gantry/client/event-recorder.ts';
import { diagnosticsDoor } from '@gantry/client/guard.ts';
import { runWithLeadership } from '@gantry/client/leader.ts';
import { connectProvider } from '@gantry/cloud-provider/client.ts';
import { type CloudClient, connectCloud } from '@gantry/cloud-provider/cloud.ts';
import type { ProviderSettings } from '@gantry/cloud-provider/settings.ts';
import type { EventBus } from '@gantry/events/events.ts';
import { parseAddress } from '@gantry/runtime/address.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { createMetrics, serveDiagnostics } from '@gantry/runtime/metrics.ts';
import type { Running } from '@gantry/runtime/service.ts';
import type { AdviceSettings } from './advice/settings.ts';
import { consultantOf } from './clusterautoscaler/consultant.ts';
import { providerSide } from './clusterautoscaler/provider-side.ts';
import type { ClusterAutoscalerSettings } from './clusterautoscaler/settings.ts';
import { allControllers, type CloudSettings } from './controllers.ts';
import type { SourceOf } from './core/caches.ts';
import type { CloudSide } from './core/consult.ts';
import { metadataReader, promptReader } from './core/metadata-only.ts';
import { type ControllerMetrics, createControllerMetrics } from './core/metrics.ts';
import { RunningControllers } from './core/run.ts';
import { type AutoscalerSettings, defaultAutoscalerSettings } from './horizontalpodautoscaler/settings.ts';
import { measurerOf } from './measurer.ts';
import { NodeMonitor } from './nodehealth/monitor.ts';
import { watchNodes } from './nodehealth/watch-nodes.ts';
import { defaultEvictionSettings, type EvictionSettings } from './nodehealth/zones.ts';
import { defaultTerminatedPodThreshold } from './podgc/podgc.ts';

export interface ControllersConfig {
  /** Our name among the replicas of this service; different in every process. */
  readonly identity: string;
  /** Milliseconds between looks at the nodes' heartbeats. */
  readonly heartbeatPollMs: number;
  /**
   * Milliseconds that a node must be missing beyond its heartbeat's time to live before it counts as silent: the time in which
   * nodes are heard again after a restart of what holds their heartbeats.
   */
  readonly silenceConfirmMs: number;
  /** The same right after the api was away: every node must have had time to be heard again. */
  readonly silenceRecoveryMs: number;
  /** Pods that may have ended before the oldest are removed; all where it is 0. */
  readonly terminatedPodThreshold: number;
  /** Rates at which nodes that are not ready lose their pods. */
  readonly evictions: EvictionSettings;
  /** Periods, tolerance and windows of HorizontalPodAutoscalers. */
  readonly autoscaling: AutoscalerSettings;
  /** The provider of nodes, and how nodes come and go; if absent, nobody adds or removes any. */
  readonly clusterAutoscaler?:
    | { readonly provider: ProviderSettings; readonly settings: ClusterAutoscalerSettings }
    | undefined;
  /** Periods and bounds of advice on requests; the usual ones if absent. */
  readonly advice?: AdviceSettings;
  /** The cloud whose objects nodes and Services are kept in step with; if absent, none is. */
  readonly cloud?: ({ readonly provider: ProviderSettings } & CloudSettings) | undefined;
  /** Prometheus that analyses of rollouts ask, such as http://prometheus:9090; if absent, none. */
  readonly prometheus?: string | undefined;
  /** Address of /metrics, /healthz and /readyz, such as 127.0.0.1:8084; if absent, they are not served. */
  readonly diagnostics?: string | undefined;
}

/** Looks at heartbeats each second, and believes in a silence after three; nodes send one each ten seconds. */
export const defaultControllersConfig: Omit<ControllersConfig, 'identity'> = {
  heartbeatPollMs: 1000,
  silenceConfirmMs: 3000,
  silenceRecoveryMs: 15_000,
  terminatedPodThreshold: defaultTerminatedPodThreshold,
  evictions: defaultEvictionSettings,
  autoscaling: defaultAutoscalerSettings,
};

export interface ControllersDeps {
  readonly client: Client;
  /** The event bus that changes are read from; if absent, the api's watches. */
  readonly bus?: EventBus;
  readonly clock: Clock;
  readonly log: Logger;
  /** Proof that readers of metrics must give; where absent, nobody may read them. */
  readonly credentials?: Credentials | undefined;
}

/** Runs all controllers while this process is the leader among its replicas. */
export function startControllers(config: ControllersConfig, deps: ControllersDeps): Running {
  const stop = new AbortController();
  // Stopping is no failure.
  const done = run(config, deps, stop.signal).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return {
    done,
    [Symbol.asyncDispose]: async () => {
      stop.abort(new DOMException('the controllers were stopped', 'AbortError'));
      await done;
    },
  };
}

async function run(config: ControllersConfig, deps: ControllersDeps, signal: AbortSignal): Promise<void> {
  const { client, clock, log } = deps;
  const registry = createMetrics('controllers');
  const metrics = createControllerMetrics(registry);
  const { diagnostics, identity } = config;
  await using _diagnostics =
    diagnostics === undefined
      ? undefined
      : await serveDiagnostics(
          { ...parseAddress(diagnostics), registry, ready: () => true },
          diagnosticsDoor(deps.credentials),
        );
  await runWithLeadership(
    {
      client,
      namespace: 'kube-system',
      name: 'gantry-controllers',
      identity,
      clock,
      lead: (leading) => lead(config, deps, metrics, leading),
      onError: (error) => log.warn({ error }, 'an attempt to lead failed and will be repeated'),
    },
    signal,
  );
}

/** A cloud as controllers see it. */
function cloudSide(client: CloudClient): CloudSide {
  return {
    instance: (node, signal) => client.instance(node, { signal }),
    ensureLoadBalancer: (service, nodes, signal) => client.ensureLoadBalancer(service, nodes, { signal }),
    deleteLoadBalancer: (service, signal) => client.deleteLoadBalancer(service, { signal }),
    listRoutes: (clusterName, signal) => client.listRoutes(clusterName, { signal }),
    createRoute: (clusterName, route, node, signal) => client.createRoute(clusterName, route, node, { signal }),
    deleteRoute: (clusterName, route, signal) => client.deleteRoute(clusterName, route, { signal }),
  };
}

async function lead(
  config: ControllersConfig,
  deps: ControllersDeps,
  metrics: ControllerMetrics,
  signal: AbortSignal,
): Promise<void> {
  const { client, bus, clock, log } = deps;
  const silence = { confirmMs: config.silenceConfirmMs, recoveryMs: config.silenceRecoveryMs };
  const monitor = new NodeMonitor(silence, config.evictions);
  const controllers = allControllers(clock, monitor, config);
  const partial = metadataReader(client);
  // The bus has whole objects: where metadata is enough, the api sends less.
  const sourceOf: SourceOf = <K extends AnyKind>(kind: K, content: 'whole' | 'metadata') => {
    if (content === 'metadata' || isResourceName(kind)) return watchSource(partial, kind);
    const source = bus === undefined ? watchSource(promptReader(client), kind) : busSource(bus, client, kind);
    return source as ChangeSource<ObjectOf<K>>;
  };
  const resources = (until: AbortSignal): AsyncIterable<ServedResources> => client.watchResources(until);
  await using stack = new AsyncDisposableStack();
  // Before the controllers, so that they are flushed after them.
  const recorders = new Map(
    controllers.map(({ name: component }) => [
      component,
      stack.use(new EventRecorder(client, { component, clock, log })),
    ]),
  );
  const provider = config.clusterAutoscaler && stack.use(connectProvider(config.clusterAutoscaler.provider));
  const cloud = config.cloud && stack.use(connectCloud(config.cloud.provider));
  const eventsOf = (component: string): EventRecorder => recorders.get(component)!;
  const running = stack.use(
    new RunningControllers(controllers, {
      ...{ sourceOf, resources, apiOf: () => client, eventsOf, metrics, clock, log },
      measurer: measurerOf(client, config.prometheus),
      consultant: consultantOf(client, provider && providerSide(provider, clock), cloud && cloudSide(cloud)),
    }),
  );
  log.info('leading: controllers run');
  const reconcileNode = (name: string): void => running.add('node-lifecycle-controller', name);
  const watched = { client, view: running.caches, monitor, clock, log, pollMs: config.heartbeatPollMs, reconcileNode };
  await watchNodes(watched, signal);
}

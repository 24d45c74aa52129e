import { busSource } from '@gantry/client/bus-source.ts';
import { watchSource } from '@gantry/client/change-source.ts';
import type { Client } from '@gantry/client/client.ts';
import { EventRecorder } from '@gantry/client/event-recorder.ts';
import { runWithLeadership } from '@gantry/client/leader.ts';
import type { EventBus } from '@gantry/events/events.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Running } from '@gantry/runtime/service.ts';
import type { Controller } from './core/action.ts';
import type { SourceOf } from './core/caches.ts';
import { RunningControllers } from './core/run.ts';
import { deploymentController } from './deployment/deployment.ts';
import { disruptionController } from './disruption/disruption.ts';
import { endpointSliceController } from './endpointslice/endpointslice.ts';
import { garbageController } from './garbage/garbage.ts';
import { namespaceController } from './namespace/namespace.ts';
import { NodeMonitor } from './nodehealth/monitor.ts';
import { nodeHealthController } from './nodehealth/nodehealth.ts';
import { watchNodes } from './nodehealth/watch-nodes.ts';
import { defaultEvictionSettings, type EvictionSettings } from './nodehealth/zones.ts';
import { podGroupController } from './podgroup/podgroup.ts';
import { replicaSetController } from './replicaset/replicaset.ts';
import { claimProtectionController, volumeProtectionController } from './volumes/protection.ts';
import { volumeController } from './volumes/volumes.ts';

export interface ControllersConfig {
  /** Who we are among replicas of this service; different in every process. */
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
  /** How fast nodes that are not ready lose their pods. */
  readonly evictions: EvictionSettings;
}

/** Looks at heartbeats each second, and believes in a silence after three; nodes send one each ten seconds. */
export const defaultControllersConfig: Omit<ControllersConfig, 'identity'> = {
  heartbeatPollMs: 1000,
  silenceConfirmMs: 3000,
  silenceRecoveryMs: 15_000,
  evictions: defaultEvictionSettings,
};

export interface ControllersDeps {
  readonly client: Client;
  /** Where changes are read from; the api's watches where absent. */
  readonly bus?: EventBus;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Runs all controllers while this process is the leader among its replicas. */
export function startControllers(config: ControllersConfig, deps: ControllersDeps): Running {
  const { client, clock, log } = deps;
  const stop = new AbortController();
  const done = runWithLeadership(
    {
      client,
      namespace: 'kube-system',
      name: 'gantry-controllers',
      identity: config.identity,
      clock,
      lead: (signal) => lead(config, deps, signal),
      onError: (error) => log.warn({ error }, 'an attempt to lead failed and will be repeated'),
    },
    stop.signal,
  );
  // Stopping is no failure.
  const ended = done.catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return {
    done: ended,
    [Symbol.asyncDispose]: async () => {
      stop.abort(new DOMException('the controllers were stopped', 'AbortError'));
      await ended;
    },
  };
}

async function lead(config: ControllersConfig, deps: ControllersDeps, signal: AbortSignal): Promise<void> {
  const { client, bus, clock, log } = deps;
  const silence = { confirmMs: config.silenceConfirmMs, recoveryMs: config.silenceRecoveryMs };
  const monitor = new NodeMonitor(silence, config.evictions);
  const nodeHealth = nodeHealthController(monitor, clock);
  const controllers: readonly Controller[] = [
    replicaSetController,
    deploymentController,
    endpointSliceController,
    garbageController,
    namespaceController(clock),
    disruptionController,
    podGroupController,
    volumeController(clock),
    claimProtectionController,
    volumeProtectionController,
    nodeHealth,
  ];
  const sourceOf: SourceOf = (kind) => (bus === undefined ? watchSource(client, kind) : busSource(bus, client, kind));
  await using stack = new AsyncDisposableStack();
  // Before the controllers, so that they are flushed after them.
  const recorders = new Map(
    controllers.map(({ name: component }) => [
      component,
      stack.use(new EventRecorder(client, { component, clock, log })),
    ]),
  );
  const eventsOf = (component: string): EventRecorder => recorders.get(component)!;
  const running = stack.use(
    new RunningControllers(controllers, { sourceOf, apiOf: () => client, eventsOf, clock, log }),
  );
  log.info('leading: controllers run');
  const reconcileNode = (name: string): void => running.add(nodeHealth.name, name);
  const watched = { client, view: running.caches, monitor, clock, log, pollMs: config.heartbeatPollMs, reconcileNode };
  await watchNodes(watched, signal);
}

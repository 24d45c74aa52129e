import { busSource } from '@gantry/client/bus-source.ts';
import { watchSource } from '@gantry/client/change-source.ts';
import type { Client } from '@gantry/client/client.ts';
import { EventRecorder } from '@gantry/client/event-recorder.ts';
import { runWithLeadership } from '@gantry/client/leader.ts';
import type { EventBus } from '@gantry/events/events.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Running } from '@gantry/runtime/service.ts';
import type { Controller } from './core/action.ts';
import { Caches, type SourceOf } from './core/caches.ts';
import { type Loop, startLoop } from './core/loop.ts';
import { deploymentController } from './deployment/deployment.ts';
import { disruptionController } from './disruption/disruption.ts';
import { endpointSliceController } from './endpointslice/endpointslice.ts';
import { garbageController } from './garbage/garbage.ts';
import { namespaceController } from './namespace/namespace.ts';
import { HeartbeatTracker } from './nodehealth/heartbeats.ts';
import { nodeHealthController } from './nodehealth/nodehealth.ts';
import { podGroupController } from './podgroup/podgroup.ts';
import { replicaSetController } from './replicaset/replicaset.ts';
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
}

/** Looks at heartbeats each second, and believes in a silence after three; nodes send one each ten seconds. */
export const defaultControllersConfig: Omit<ControllersConfig, 'identity'> = {
  heartbeatPollMs: 1000,
  silenceConfirmMs: 3000,
  silenceRecoveryMs: 15_000,
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
  const tracker = new HeartbeatTracker({ confirmMs: config.silenceConfirmMs, recoveryMs: config.silenceRecoveryMs });
  const nodeHealth = nodeHealthController(tracker);
  const controllers: readonly Controller[] = [
    replicaSetController,
    deploymentController,
    endpointSliceController,
    garbageController,
    namespaceController,
    disruptionController,
    podGroupController,
    volumeController,
    nodeHealth,
  ];
  const sourceOf: SourceOf = (kind) => (bus === undefined ? watchSource(client, kind) : busSource(bus, client, kind));
  await using stack = new AsyncDisposableStack();
  const caches = stack.use(
    new Caches(
      controllers.flatMap(({ watches }) => watches),
      sourceOf,
      (error, kind) => log.warn({ error, kind }, 'changes could not be read and are read anew'),
    ),
  );
  await untilAborted(caches.synced(), signal);
  log.info('leading: controllers run');
  const loops = new Map<Controller, Loop>();
  for (const controller of controllers) {
    const events = stack.use(new EventRecorder(client, { component: controller.name, clock, log }));
    loops.set(controller, stack.use(startLoop(controller, { caches, writes: client, events, clock, log })));
  }
  await watchHeartbeats(config, deps, caches, tracker, loops.get(nodeHealth)!, signal);
}

/** Looks at who is heard until the signal fires, and has nodes reconciled whose silence begins or ends. */
async function watchHeartbeats(
  config: ControllersConfig,
  { client, clock, log }: ControllersDeps,
  caches: Caches,
  tracker: HeartbeatTracker,
  nodeHealth: Loop,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const heard = new Set((await client.listHeartbeats({ signal })).heartbeats.map(({ nodeName }) => nodeName));
      const known = [...caches.list('Node')].map(({ metadata }) => metadata.name);
      for (const name of tracker.observe(known, heard, clock.now())) nodeHealth.add(name);
    } catch (error) {
      // While the api is away nobody is silent: it is we who hear nothing.
      tracker.interrupted();
      if (!signal.aborted && !isError(error, 'ServiceUnavailable')) log.warn({ error }, 'heartbeats could not be read');
    }
    await clock.sleep(config.heartbeatPollMs, signal).catch(() => {});
  }
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

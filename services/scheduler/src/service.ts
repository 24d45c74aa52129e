import { busSource } from '@gantry/client/bus-source.ts';
import { watchSource } from '@gantry/client/change-source.ts';
import type { Client } from '@gantry/client/client.ts';
import { type Credentials, noCredentials } from '@gantry/client/credentials.ts';
import { diagnosticsDoor } from '@gantry/client/guard.ts';
import { runWithLeadership } from '@gantry/client/leader.ts';
import { schedulerAddressAnnotation } from '@gantry/client/placement.ts';
import type { EventBus } from '@gantry/events/events.ts';
import { parseAddress } from '@gantry/runtime/address.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { createMetrics, serveDiagnostics } from '@gantry/runtime/metrics.ts';
import type { Running } from '@gantry/runtime/service.ts';
import type { Registry } from 'prom-client';
import { Binder } from './binder.ts';
import { checkConfig, isInShard, type SchedulerConfig } from './config.ts';
import { Defragmenter } from './defrag/defragmenter.ts';
import { Feed } from './feed.ts';
import { SchedulingLoop } from './loop.ts';
import { createSchedulerMetrics, type SchedulerMetrics } from './metrics.ts';
import { servePlacement } from './placement/server.ts';
import { weighedProfiles } from './profiles.ts';
import { Scheduler } from './scheduler.ts';
import { ListMaker } from './workers/list-maker.ts';
import { WorkerPool } from './workers/pool.ts';

/** Dependencies of the scheduler. */
export interface SchedulerDeps {
  readonly client: Client;
  /** Source of changes; the api's watches if absent. */
  readonly bus?: EventBus;
  readonly clock: Clock;
  readonly log: Logger;
  /** Proof that callers of PlacementService must give; where absent, nobody may call it. */
  readonly credentials?: Credentials | undefined;
}

/** A running scheduler. */
export interface RunningScheduler extends Running {
  /** Resolves when it knows the whole cluster. */
  readonly ready: Promise<void>;
}

/** A binding that gets no answer for this long counts as refused. */
const bindTimeoutMs = 10_000;

/** Starts the scheduler: it follows pods and nodes, and binds pods that wait. Throws BadRequest for a wrong configuration. */
export function startScheduler(
  given: SchedulerConfig,
  { client, bus, clock, log, credentials = noCredentials }: SchedulerDeps,
): RunningScheduler {
  const config = checkConfig(given);
  const workers = workersOf(config, log);
  const seed = config.seed + config.shard.index;
  const scheduler = new Scheduler({
    profiles: weighedProfiles(config.weights),
    isOurs: (pod) => isInShard(pod, config.shard),
    seed,
    batchSize: config.batchSize,
    ...(workers && { listMaker: (cluster) => new ListMaker(cluster, seed, workers) }),
  });
  const registry = createMetrics('scheduler');
  const metrics = createSchedulerMetrics(registry, scheduler);
  const loop = loopOf({ config, client, clock, log, scheduler, metrics });
  const feed = new Feed({
    sources: (kind) => (bus === undefined ? watchSource(client, kind) : busSource(bus, client, kind)),
    scheduler,
    onChange: () => loop.wake(),
    clock,
    log,
  });
  const defragmenter = new Defragmenter(config.defrag, {
    scheduler,
    mover: { evict: (request, options) => client.evict(request, options), clock, wake: () => loop.wake() },
    shards: config.shard.count,
    onMove: metrics.moved,
    clock,
    log,
  });
  const stop = new AbortController();
  const ready = feed.synced();
  // Whoever does not wait for it must not be ended by its rejection.
  ready.catch(() => {});
  const done = run(
    { config, client, clock, log, credentials, ready, scheduler, loop, defragmenter, metrics, registry },
    stop.signal,
  );
  return {
    ready,
    done,
    [Symbol.asyncDispose]: async () => {
      stop.abort(new DOMException('the scheduler was stopped', 'AbortError'));
      await feed[Symbol.asyncDispose]();
      await done.finally(() => workers?.[Symbol.asyncDispose]());
    },
  };
}

/** The scheduling loop with the binder that carries its decisions out. */
function loopOf({
  config,
  client,
  clock,
  log,
  scheduler,
  metrics,
}: Pick<Parts, 'config' | 'client' | 'clock' | 'log' | 'scheduler' | 'metrics'>): SchedulingLoop {
  const binder = new Binder({
    calls: metrics.timed(client),
    name: config.name,
    maxInFlight: config.maxBindsInFlight,
    timeoutMs: bindTimeoutMs,
    onBound: (entry) => scheduler.bound(entry),
    onRefused: (entry, { reason, message }) => {
      log.debug({ pod: `${entry.pod.namespace}/${entry.pod.name}`, reason }, `not bound: ${message}`);
      metrics.refused();
      scheduler.refused(entry, clock.monotonic());
      loop.wake();
    },
    onEvictionRefused: (victim) => {
      scheduler.evictionRefused(victim);
      loop.wake();
    },
    log,
  });
  const loop = new SchedulingLoop(scheduler, binder, clock, {
    cycle: (result, seconds) => {
      metrics.cycle(result, seconds);
      for (const error of result.failures)
        log.error({ error }, 'could not decide about some pods; they are tried again');
    },
    failed: (error) => {
      metrics.failed();
      log.error({ error }, 'a turn of the scheduling loop failed; it goes on');
    },
  });
  return loop;
}

/** Threads beside this one; undefined where there are to be none. */
function workersOf({ threads }: SchedulerConfig, log: Logger): WorkerPool | undefined {
  if (threads === 1) return undefined;
  return new WorkerPool(threads - 1, (error) =>
    log.warn({ error }, 'a worker thread failed: one thread decides from now on'),
  );
}

/** The parts of a scheduler, put together. */
interface Parts extends Omit<SchedulerDeps, 'bus' | 'credentials'> {
  readonly credentials: Credentials;
  readonly config: SchedulerConfig;
  readonly ready: Promise<void>;
  readonly scheduler: Scheduler;
  readonly loop: SchedulingLoop;
  readonly defragmenter: Defragmenter;
  readonly metrics: SchedulerMetrics;
  readonly registry: Registry;
}

/** Serves what there is to ask, and schedules while it may, until the signal fires. */
async function run(parts: Parts, signal: AbortSignal): Promise<void> {
  const { config, log, ready } = parts;
  const { shard, listen, advertise } = config;
  try {
    await using _diagnostics = await diagnosticsOf(parts);
    await ready;
    await using server = await servePlacement(listen, parts);
    log.info({ shard, address: server.address }, 'the scheduler knows the cluster');
    await lead(parts, advertise ?? server.address, signal);
  } catch (error) {
    // Stopping is no failure.
    if (!signal.aborted) throw error;
  }
}

async function diagnosticsOf({ config, ready, registry, credentials }: Parts): Promise<AsyncDisposable | undefined> {
  if (config.diagnostics === undefined) return undefined;
  let isReady = false;
  ready.then(
    () => {
      isReady = true;
    },
    () => {},
  );
  return serveDiagnostics(
    { ...parseAddress(config.diagnostics), registry, ready: () => isReady },
    diagnosticsDoor(credentials),
  );
}

/** Schedules while nobody else of its like does. */
async function lead(
  { config, client, clock, log, loop, defragmenter, metrics }: Parts,
  address: string,
  signal: AbortSignal,
): Promise<void> {
  const { shard, name, identity, leaderElection } = config;
  const act = async (leading: AbortSignal): Promise<void> => {
    metrics.leading(true);
    await Promise.all([loop.run(leading), defragmenter.lead(leading)]).finally(() => metrics.leading(false));
  };
  if (!leaderElection) return await act(signal);
  await runWithLeadership(
    {
      client,
      namespace: 'kube-system',
      name: shard.count === 1 ? name : `${name}-${shard.index}-of-${shard.count}`,
      identity,
      annotations: { [schedulerAddressAnnotation]: address },
      clock,
      lead: act,
      onError: (error) => log.warn({ error }, 'an attempt to lead failed and will be repeated'),
    },
    signal,
  );
}

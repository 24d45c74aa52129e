import { busSource } from '@gantry/client/bus-source.ts';
import { watchSource } from '@gantry/client/change-source.ts';
import type { Client } from '@gantry/client/client.ts';
import { runWithLeadership } from '@gantry/client/leader.ts';
import { schedulerAddressAnnotation } from '@gantry/client/placement.ts';
import type { EventBus } from '@gantry/events/events.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Running } from '@gantry/runtime/service.ts';
import { Binder } from './binder.ts';
import { checkConfig, isInShard, type SchedulerConfig } from './config.ts';
import { Feed } from './feed.ts';
import { SchedulingLoop } from './loop.ts';
import { servePlacement } from './placement/server.ts';
import { defaultProfiles, type Profile, withWeights } from './profiles.ts';
import { Scheduler } from './scheduler.ts';

/** What the scheduler stands on. */
export interface SchedulerDeps {
  readonly client: Client;
  /** Where changes are read from; the api's watches where absent. */
  readonly bus?: EventBus;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A running scheduler. */
export interface RunningScheduler extends Running {
  /** Resolves when it knows the whole cluster. */
  readonly ready: Promise<void>;
}

/** A binding that gets no answer for this long counts as refused. */
const bindTimeoutMs = 10_000;

/** Starts the scheduler: it follows pods and nodes, and binds pods that wait. Throws BadRequest for a wrong configuration. */
export function startScheduler(given: SchedulerConfig, { client, bus, clock, log }: SchedulerDeps): RunningScheduler {
  const config = checkConfig(given);
  const scheduler = new Scheduler({
    profiles: profilesOf(config),
    isOurs: (pod) => isInShard(pod, config.shard),
    seed: config.seed + config.shard.index,
    batchSize: config.batchSize,
  });
  const binder = new Binder({
    calls: client,
    name: config.name,
    maxInFlight: config.maxBindsInFlight,
    timeoutMs: bindTimeoutMs,
    onBound: (entry) => scheduler.bound(entry),
    onRefused: (entry, { reason, message }) => {
      log.debug({ pod: `${entry.pod.namespace}/${entry.pod.name}`, reason }, `not bound: ${message}`);
      scheduler.refused(entry, clock.now());
      loop.wake();
    },
    onEvictionRefused: (victim) => {
      scheduler.evictionRefused(victim);
      loop.wake();
    },
    log,
  });
  const loop = new SchedulingLoop(scheduler, binder, clock);
  const feed = new Feed({
    sources: (kind) => (bus === undefined ? watchSource(client, kind) : busSource(bus, client, kind)),
    scheduler,
    onChange: () => loop.wake(),
    clock,
    log,
  });
  const stop = new AbortController();
  const ready = feed.synced();
  // Whoever does not wait for it must not be ended by its rejection.
  ready.catch(() => {});
  const done = run(config, { client, clock, log }, ready, scheduler, loop, stop.signal);
  return {
    ready,
    done,
    [Symbol.asyncDispose]: async () => {
      stop.abort(new DOMException('the scheduler was stopped', 'AbortError'));
      await feed[Symbol.asyncDispose]();
      await done;
    },
  };
}

/** Schedules while it may, until the signal fires. */
async function run(
  { shard, name, identity, leaderElection, listen, advertise }: SchedulerConfig,
  { client, clock, log }: Omit<SchedulerDeps, 'bus'>,
  ready: Promise<void>,
  scheduler: Scheduler,
  loop: SchedulingLoop,
  signal: AbortSignal,
): Promise<void> {
  try {
    await ready;
    await using server = await servePlacement(listen, scheduler);
    log.info({ shard, address: server.address }, 'the scheduler knows the cluster');
    if (!leaderElection) return await loop.run(signal);
    await runWithLeadership(
      {
        client,
        namespace: 'kube-system',
        name: shard.count === 1 ? name : `${name}-${shard.index}-of-${shard.count}`,
        identity,
        annotations: { [schedulerAddressAnnotation]: advertise ?? server.address },
        clock,
        lead: (leading) => loop.run(leading),
        onError: (error) => log.warn({ error }, 'an attempt to lead failed and will be repeated'),
      },
      signal,
    );
  } catch (error) {
    // Stopping is no failure.
    if (!signal.aborted) throw error;
  }
}

function profilesOf({ weights }: SchedulerConfig): Record<string, Profile> {
  return Object.fromEntries(
    Object.entries(defaultProfiles).map(([name, profile]) => [name, withWeights(profile, weights[profile.name] ?? {})]),
  );
}

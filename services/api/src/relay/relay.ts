import { decodeProgress, type ProgressMessage } from '@gantry/events/change.ts';
import type { EventBus } from '@gantry/events/events.ts';
import { progressSubject } from '@gantry/events/subjects.ts';
import { type BackoffPolicy, backoffMs } from '@gantry/runtime/backoff.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import { whileLeading } from '@gantry/runtime/leadership.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { storeLease } from '@gantry/store/lease.ts';
import type { Ephemeral, Store } from '@gantry/store/store.ts';
import { Chain, type Outgoing } from './chain.ts';
import type { RelayMetrics } from './metrics.ts';

/** Dependencies of the relay. */
export interface RelayDeps {
  readonly store: Pick<Store, 'list' | 'watch'>;
  readonly leases: Ephemeral;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: RelayMetrics;
  /** Whether the objects of a resource stay off the bus; see ChainStart. */
  readonly withholds?: (resource: string) => boolean;
}

export interface RelayOptions {
  /** Name of this candidate; different in every process. */
  readonly holder: string;
  /** Milliseconds after which a relay that died is replaced; 5,000 if absent. */
  readonly leaseTtlMs?: number;
}

const leaseKey = 'relay';
const defaultLeaseTtlMs = 5_000;
const tickMs = 1_000;

/** Messages that are handed to the bus together. */
const publishedTogether = 128;

/** Waits while the store or the bus is away; short, because consumers wait for the changes that follow. */
const awayBackoff: BackoffPolicy = { initialMs: 20, maxMs: 1_000, factor: 2, jitter: 0.2 };

/** A new leader publishes at most so many changes again; if there are more, consumers read the state from the api. */
const maxRepeatedRevisions = 10_000;

/**
 * The outbox publisher: publishes the store's change stream to the bus while this process leads, until the signal fires.
 * Every api replica runs one. Those that do not lead follow the leader's progress messages, so that the next leader
 * resumes there, and consumers that know as much need not read the state again.
 */
export async function runRelay(deps: RelayDeps, options: RelayOptions, signal: AbortSignal): Promise<void> {
  let lastProgress: ProgressMessage | undefined;
  await using _listening = deps.bus.subscribe(progressSubject, (_, payload) => {
    const progress = decodeProgress(payload);
    if (progress && progress.epoch >= (lastProgress?.epoch ?? 0)) lastProgress = progress;
  });
  const durationMs = options.leaseTtlMs ?? defaultLeaseTtlMs;
  const lease = storeLease(deps.leases, { key: leaseKey, holder: options.holder, ttlMs: durationMs });
  const onError = (error: unknown): void =>
    deps.log.warn({ error, lease: leaseKey }, 'leading, or becoming the leader, failed');
  const leadWhile = async (leading: AbortSignal, epoch: number): Promise<void> => {
    deps.metrics.leading(true);
    await lead(deps, epoch, lastProgress, leading).finally(() => deps.metrics.leading(false));
  };
  await whileLeading({ lease, durationMs, lead: leadWhile, onError, clock: deps.clock }, signal);
}

/** Publishes until the signal fires. Starts anew if the changes that come next were compacted. */
async function lead(
  deps: RelayDeps,
  epoch: number,
  lastProgress: ProgressMessage | undefined,
  signal: AbortSignal,
): Promise<void> {
  let before = lastProgress;
  while (!signal.aborted) {
    const line = {
      epoch,
      withholds: deps.withholds,
      ...resumeAfter(before, await currentRevision(deps, signal), deps.clock.now()),
    };
    const chain = new Chain(line);
    deps.log.info({ epoch, after: chain.revision }, 'relaying changes');
    const ended = new AbortController();
    const running = AbortSignal.any([signal, ended.signal]);
    const ticking = tick(deps, chain, running);
    try {
      await relayChanges(deps, chain, running);
    } catch (error) {
      if (signal.aborted) return;
      if (!isError(error, 'Expired')) throw error;
      deps.log.warn(
        { epoch, after: chain.revision },
        'the store no longer has the changes to relay next; beginning anew',
      );
      before = undefined;
    } finally {
      ended.abort();
      await ticking;
    }
  }
}

/**
 * The revision after which a new leader publishes: the last one that the former leader is known to have published. If
 * nothing is known of it, or the store does not hold as much as it published, a new history begins with the next change.
 */
export function resumeAfter(
  before: Pick<ProgressMessage, 'revision' | 'history'> | undefined,
  current: number,
  nowMs: number,
): { readonly start: number; readonly history: number } {
  if (before === undefined || before.revision > current) return { start: current, history: nowMs };
  const isNear = current - before.revision <= maxRepeatedRevisions;
  return { start: isNear ? before.revision : current, history: before.history };
}

async function currentRevision(deps: RelayDeps, signal: AbortSignal): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      return (await deps.store.list({ prefix: '', limit: 1 })).revision;
    } catch (error) {
      if (!isError(error, 'ServiceUnavailable')) throw error;
      await deps.clock.sleep(backoffMs(awayBackoff, attempt), signal);
    }
  }
}

/** Publishes each change in order; one that the bus does not take holds back those after it. */
async function relayChanges(deps: RelayDeps, chain: Chain, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; ) {
    try {
      for await (const changes of deps.store.watch({ prefix: '', after: chain.revision, signal })) {
        failures = 0;
        for (let start = 0; start < changes.length; start += publishedTogether) {
          const some = changes.slice(start, start + publishedTogether);
          await deliverAll(deps, some.map((change) => chain.next(change)).filter(isOutgoing), signal);
          deps.metrics.published(some.length, chain.revision);
        }
      }
    } catch (error) {
      if (signal.aborted || !isError(error, 'ServiceUnavailable')) throw error;
    }
    if (!signal.aborted) await deps.clock.sleep(backoffMs(awayBackoff, ++failures), signal);
  }
}

function isOutgoing(message: Outgoing | undefined): message is Outgoing {
  return message !== undefined;
}

/**
 * Hands messages over without waiting for one before the next, so that they leave together. If one is not taken, all are
 * offered again, one by one: consumers ignore the changes that they know already.
 */
async function deliverAll(deps: RelayDeps, messages: readonly Outgoing[], signal: AbortSignal): Promise<void> {
  const offers = messages.map((message) => offer(deps, message));
  try {
    await Promise.all(new Set(offers));
  } catch {
    await Promise.allSettled(offers);
    for (const message of messages) await deliver(deps, message, signal);
  }
}

/** Hands a message over. A failure is always a rejection of the promise, which somebody awaits. */
function offer({ bus }: RelayDeps, { subject, payload }: Outgoing): Promise<void> {
  try {
    return bus.publish(subject, payload);
  } catch (error) {
    return Promise.reject(error);
  }
}

async function deliver(deps: RelayDeps, message: Outgoing, signal: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await deps.bus.publish(message.subject, message.payload);
    } catch (error) {
      // The server takes less than the default: consumers see from the next revision that one is missing.
      if (isError(error, 'RequestEntityTooLarge')) {
        deps.log.warn({ subject: message.subject, bytes: message.payload.length }, 'change is too large for the bus');
        return;
      }
      if (!isError(error, 'ServiceUnavailable')) throw error;
      deps.metrics.refused();
      await deps.clock.sleep(backoffMs(awayBackoff, attempt), signal);
    }
  }
}

/** Publishes a progress message each second. One that the bus does not take is followed by the next. */
async function tick(deps: RelayDeps, chain: Chain, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const { subject, payload } = chain.tick();
      await deps.bus.publish(subject, payload);
    } catch (error) {
      deps.log.debug({ error }, 'the progress was not published');
    }
    await deps.clock.sleep(tickMs, signal).catch(() => {});
  }
}

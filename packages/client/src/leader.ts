import type { Lease, LeaseSpec } from '@gantry/model/gen/gantry.coordination.v1.ts';
import { type BackoffPolicy, backoffMs } from '@gantry/runtime/backoff.ts';
import { type Clock, systemClock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { Reader, Writer } from './api.ts';

/** How one of several like processes becomes the one that acts. */
export interface LeaderOptions {
  readonly client: Pick<Reader, 'get'> & Pick<Writer, 'create' | 'update'>;
  readonly namespace: string;
  /** Name of the Lease, such as gantry-scheduler. */
  readonly name: string;
  /** Who we are; different in every process. */
  readonly identity: string;
  /** Written on the Lease by whoever leads, such as the address under which it can be asked. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Milliseconds without a renewal after which others take over; whole seconds; 15,000 where absent. */
  readonly leaseDurationMs?: number;
  /** Acts until the signal fires, which it does before anybody else can lead. */
  readonly lead: (signal: AbortSignal) => Promise<void>;
  /** Hears of attempts that failed; they are repeated. */
  readonly onError: (error: unknown) => void;
  readonly clock?: Clock;
}

/** A lease as a candidate saw it, and when it was first seen so: other machines' clocks are never compared with ours. */
export interface Observation {
  readonly lease: Lease;
  readonly sinceMs: number;
}

/** What a candidate does about the lease now. */
export type Step = 'renew' | 'take' | { readonly waitMs: number };

const defaultLeaseDurationMs = 15_000;
const retryBackoff: BackoffPolicy = { initialMs: 200, maxMs: 2_000, factor: 2, jitter: 0.2 };

/** Decides on an observed lease. */
export function decide({ lease, sinceMs }: Observation, identity: string, nowMs: number): Step {
  const { holderIdentity, leaseDurationSeconds = 0 } = lease.spec ?? {};
  if (holderIdentity === identity) return 'renew';
  if (!holderIdentity) return 'take';
  const waitMs = sinceMs + leaseDurationSeconds * 1_000 - nowMs;
  return waitMs <= 0 ? 'take' : { waitMs };
}

/** The lease's next spec when `identity` renews or takes it. */
export function nextSpec(
  spec: LeaseSpec | undefined,
  identity: string,
  leaseDurationMs: number,
  nowMs: number,
): LeaseSpec {
  const now = new Date(nowMs).toISOString().replace('Z', '000Z');
  const isOurs = spec?.holderIdentity === identity;
  return {
    ...spec,
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(leaseDurationMs / 1_000),
    acquireTime: isOurs ? spec.acquireTime : now,
    renewTime: now,
    leaseTransitions: (spec?.leaseTransitions ?? 0) + (isOurs || spec === undefined ? 0 : 1),
  };
}

/**
 * Runs `lead` whenever this process holds the Lease, until the signal fires; then gives the lease up. A leader that
 * cannot renew stops a third of the lease's duration before others may take over.
 */
export async function runWithLeadership(options: LeaderOptions, signal: AbortSignal): Promise<void> {
  const candidate = new Candidate(options);
  while (!signal.aborted) {
    await candidate.becomeLeader(signal);
    if (signal.aborted) break;
    await leadOnce(options, candidate, signal);
  }
  await candidate.giveUp();
}

/** Acts and renews side by side until either ends. */
async function leadOnce(options: LeaderOptions, candidate: Candidate, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const leading = AbortSignal.any([signal, over.signal]);
  const acting = options
    .lead(leading)
    .catch((error) => {
      if (!leading.aborted) options.onError(error);
    })
    .finally(() => over.abort());
  await candidate.renewUntilLost(leading);
  over.abort();
  await acting;
}

class Candidate {
  readonly #options: LeaderOptions;
  readonly #clock: Clock;
  readonly #durationMs: number;
  #observed: Observation | undefined;
  #renewedMs = 0;

  constructor(options: LeaderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#durationMs = options.leaseDurationMs ?? defaultLeaseDurationMs;
  }

  /** Returns when the lease is ours or the signal fires. */
  async becomeLeader(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      try {
        const waitMs = await this.#attempt(signal);
        if (waitMs === undefined) return;
        failures = 0;
        // Looks in now and then, as the holder may give the lease up.
        await this.#sleep(Math.min(waitMs, this.#durationMs / 3), signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!isError(error, 'Conflict', 'AlreadyExists')) this.#options.onError(error);
        await this.#sleep(backoffMs(retryBackoff, ++failures), signal);
      }
    }
  }

  /** Renews each third of the duration; returns when a third is left before others may take over, or the signal fires. */
  async renewUntilLost(signal: AbortSignal): Promise<void> {
    const periodMs = this.#durationMs / 3;
    let nextMs = periodMs;
    for (;;) {
      await this.#sleep(nextMs, signal);
      if (signal.aborted) return;
      const leftMs = this.#renewedMs + this.#durationMs - periodMs - this.#clock.now();
      if (leftMs <= 0) return;
      try {
        const lost = await this.#attempt(signal, leftMs);
        if (lost !== undefined) return;
        nextMs = periodMs;
      } catch (error) {
        if (signal.aborted) return;
        this.#options.onError(error);
        nextMs = Math.min(retryBackoff.initialMs, leftMs);
      }
    }
  }

  /** Lets others lead at once. */
  async giveUp(): Promise<void> {
    const lease = this.#observed?.lease;
    if (lease?.spec?.holderIdentity !== this.#options.identity) return;
    const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1 };
    await this.#options.client.update({ ...lease, spec }).catch(this.#options.onError);
    this.#observed = undefined;
  }

  /** Reads the lease and acts on it; undefined means that it is ours, a number how long to wait. */
  async #attempt(signal: AbortSignal, timeoutMs = this.#durationMs): Promise<number | undefined> {
    const { client, namespace, name, identity, annotations } = this.#options;
    const startedMs = this.#clock.now();
    const bounds = { signal, timeoutMs };
    const spec = (old?: LeaseSpec): LeaseSpec => nextSpec(old, identity, this.#durationMs, startedMs);
    try {
      this.#observe(await client.get('Lease', { namespace, name }, bounds));
    } catch (error) {
      if (!isError(error, 'NotFound')) throw error;
      const metadata = { namespace, name, ...(annotations && { annotations }) };
      const lease: Lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec: spec() };
      return this.#won(await client.create(lease, bounds), startedMs);
    }
    const { lease } = this.#observed!;
    const step = decide(this.#observed!, identity, this.#clock.now());
    if (typeof step === 'object') return step.waitMs;
    const metadata = { ...lease.metadata, annotations: { ...lease.metadata.annotations, ...annotations } };
    return this.#won(await client.update({ ...lease, metadata, spec: spec(lease.spec) }, bounds), startedMs);
  }

  /** The lease runs from before the request was sent, so that we give it up before others think that it is over. */
  #won(lease: Lease, startedMs: number): undefined {
    this.#observe(lease);
    this.#renewedMs = startedMs;
  }

  #observe(lease: Lease): void {
    const known = this.#observed?.lease.metadata;
    if (known?.resourceVersion === lease.metadata.resourceVersion && known?.uid === lease.metadata.uid) return;
    this.#observed = { lease, sinceMs: this.#clock.now() };
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(ms, signal).catch(() => {});
  }
}

import type { Lease, LeaseSpec } from '@gantry/model/gen/gantry.coordination.v1.ts';
import { type Clock, systemClock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import { type Lease as ElectionLease, type Taken, whileLeading } from '@gantry/runtime/leadership.ts';
import type { Reader, Writer } from './api.ts';

/** How one of several like processes becomes the one that acts. */
export interface LeaderOptions {
  readonly client: Pick<Reader, 'get'> & Pick<Writer, 'create' | 'update'>;
  readonly namespace: string;
  /** Name of the Lease, such as gantry-scheduler. */
  readonly name: string;
  /** Identity of this process; no other has the same. */
  readonly identity: string;
  /** Annotations that the leader writes on the Lease, such as its address. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Milliseconds without a renewal after which others take over; whole seconds; 15,000 by default. */
  readonly leaseDurationMs?: number;
  /** Acts until the signal fires, which it does before anybody else can lead. */
  readonly lead: (signal: AbortSignal) => Promise<void>;
  /** Hears of attempts that failed; they are repeated. */
  readonly onError: (error: unknown) => void;
  readonly clock?: Clock;
}

/**
 * A lease as a candidate saw it, and when it was first seen so, on the monotonic clock: other machines' clocks are never
 * compared with ours.
 */
export interface Observation {
  readonly lease: Lease;
  readonly sinceMs: number;
}

/** How a candidate goes on with the lease now. */
export type Step = 'renew' | 'take' | { readonly waitMs: number };

const defaultLeaseDurationMs = 15_000;

/** Decides on an observed lease. `nowMs` is of the monotonic clock. */
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

/** Runs `lead` whenever this process holds the Lease object, until the signal fires; see whileLeading. */
export async function runWithLeadership(options: LeaderOptions, signal: AbortSignal): Promise<void> {
  const { leaseDurationMs: durationMs = defaultLeaseDurationMs, lead, onError, clock = systemClock } = options;
  const lease = new LeaseObject(options, durationMs, clock);
  await whileLeading({ lease, durationMs, lead, onError, clock }, signal);
}

/** A Lease object as a lease to be elected by. */
class LeaseObject implements ElectionLease {
  readonly #options: LeaderOptions;
  readonly #durationMs: number;
  readonly #clock: Clock;
  #observed: Observation | undefined;

  constructor(options: LeaderOptions, durationMs: number, clock: Clock) {
    this.#options = options;
    this.#durationMs = durationMs;
    this.#clock = clock;
  }

  /** Reads the object and acts on it. The token is its number of transitions. */
  async take(bounds: { readonly signal: AbortSignal; readonly timeoutMs: number }): Promise<Taken> {
    const { client, namespace, name, identity, annotations } = this.#options;
    const nowMs = this.#clock.now();
    const spec = (old?: LeaseSpec): LeaseSpec => nextSpec(old, identity, this.#durationMs, nowMs);
    try {
      this.#observe(await client.get('Lease', { namespace, name }, bounds));
    } catch (error) {
      if (!isError(error, 'NotFound')) throw error;
      const metadata = { namespace, name, ...(annotations && { annotations }) };
      const lease: Lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec: spec() };
      return this.#taken(await client.create(lease, bounds));
    }
    const { lease } = this.#observed!;
    const step = decide(this.#observed!, identity, this.#clock.monotonic());
    if (typeof step === 'object') return step;
    const metadata = { ...lease.metadata, annotations: { ...lease.metadata.annotations, ...annotations } };
    return this.#taken(await client.update({ ...lease, metadata, spec: spec(lease.spec) }, bounds));
  }

  async release({ timeoutMs }: { readonly timeoutMs: number }): Promise<void> {
    const lease = this.#observed?.lease;
    this.#observed = undefined;
    if (lease?.spec?.holderIdentity !== this.#options.identity) return;
    const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1 };
    await this.#options.client.update({ ...lease, spec }, { timeoutMs });
  }

  #taken(lease: Lease): Taken {
    this.#observe(lease);
    return { token: lease.spec?.leaseTransitions ?? 0 };
  }

  #observe(lease: Lease): void {
    const known = this.#observed?.lease.metadata;
    if (known?.resourceVersion === lease.metadata.resourceVersion && known?.uid === lease.metadata.uid) return;
    this.#observed = { lease, sinceMs: this.#clock.monotonic() };
  }
}

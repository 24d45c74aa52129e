/** Keeps the snapshots in step with Services and EndpointSlices. */
import type { Node, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import { backoffMs, defaultBackoff } from '@gantry/runtime/backoff.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { SnapshotCache } from 'envoy-control-plane-ts/snapshot-cache.ts';
import { type Built, build, type Memory } from './build.ts';
import type { Audience } from './clusters.ts';
import type { XdsLbConfig } from './config.ts';
import type { WaitingRoom } from './hold/waiting-room.ts';
import type { XdsMetrics } from './metrics.ts';
import { keyOfService, type ServiceKey } from './names.ts';
import { type OpenPods, PodRevisions } from './pod-revisions.ts';
import { type EventSink, Reporter, reportsOf } from './reports.ts';
import { type RolloutState, splitsOf } from './splits.ts';
import { clearedStatus, publishedAddresses, wantedStatus } from './status.ts';
import type { StatusPublisher } from './status-publisher.ts';
import type { TrafficStatistics } from './traffic/statistics.ts';

/** A local copy of objects (packages/client's Informer is one). Objects are shared and never changed. */
export interface ObjectSource<T> {
  readonly hasSynced: Promise<void>;
  values(): Iterable<T>;
  /** Calls back on each change until the returned function is called. */
  onChange(handler: () => void): () => unknown;
}

/** Input of the builds, and where their problems are told. */
export interface BuildDeps {
  readonly services: ObjectSource<Service>;
  readonly endpointSlices: ObjectSource<EndpointSlice>;
  readonly nodes: ObjectSource<Node>;
  readonly rollouts: ObjectSource<RolloutState>;
  /** The pods of a namespace, for the revisions of those that a Rollout is about. */
  readonly openPods: OpenPods;
  readonly events: EventSink;
  readonly log: Logger;
}

/** Milliseconds between two builds, whose changes are built together: far above what a build takes. The first change waits for nothing. */
const coalesceMs = 20;

/** Destinations of a build. */
export interface Outlets {
  readonly snapshots: SnapshotCache;
  readonly publisher: StatusPublisher;
  readonly statistics: Pick<TrafficStatistics, 'know'>;
  readonly room: Pick<WaitingRoom, 'know'>;
  readonly metrics: XdsMetrics;
  readonly clock: Clock;
}

/** Builds after each change, and publishes the result. */
export class BuildLoop implements AsyncDisposable {
  readonly #config: XdsLbConfig;
  readonly #deps: BuildDeps;
  readonly #outlets: Outlets;
  readonly #reporter: Reporter;
  readonly #cleanup = new DisposableStack();
  readonly #revisions: PodRevisions;
  #memory: Memory = new Map();
  #built: Built | undefined;
  /** When requests to a Service were last seen to wait here, until it has a ready pod. */
  readonly #heldTimes = new Map<ServiceKey, string>();
  #timer: { readonly handle: NodeJS.Timeout; readonly waitMs: number } | undefined;
  #failures = 0;
  #builtMs = Number.NEGATIVE_INFINITY;
  #isSynced = false;
  #ready = false;

  constructor(config: XdsLbConfig, deps: BuildDeps, outlets: Outlets) {
    this.#config = config;
    this.#deps = deps;
    this.#outlets = outlets;
    this.#reporter = new Reporter(deps.events);
    this.#revisions = new PodRevisions(deps.openPods, () => this.#schedule(), outlets.clock);
  }

  /** True once the first snapshots are in place. */
  get isReady(): boolean {
    return this.#ready;
  }

  /** Waits for the sources, builds, and builds again on each change. */
  start(): void {
    const { services, endpointSlices, nodes, rollouts } = this.#deps;
    const sources = [services, endpointSlices, nodes, rollouts];
    Promise.all(sources.map(({ hasSynced }) => hasSynced))
      .then(() => {
        this.#revisions.follow(splitsOf(rollouts.values()));
        return this.#revisions.synced();
      })
      .then(() => {
        if (this.#cleanup.disposed) return;
        this.#isSynced = true;
        for (const source of sources) {
          this.#cleanup.defer(source.onChange(() => this.#schedule()) as () => void);
        }
        this.#schedule();
      })
      .catch((error: unknown) => {
        // Sources that are stopped before they have read anything reject.
        const level = this.#cleanup.disposed ? 'debug' : 'error';
        this.#deps.log[level]({ error }, 'the first state could not be read');
      });
  }

  /** Tells controllers that requests to a Service wait for a pod, as soon as can be. */
  waiting(key: ServiceKey): void {
    if (this.#built === undefined || this.#cleanup.disposed) return;
    this.#heldTimes.set(key, rfc3339(this.#outlets.clock.now()));
    const service = [...this.#deps.services.values()].find((each) => keyOfService(each) === key);
    if (service === undefined) return;
    for (const told of this.#statuses([service], this.#built)) this.#outlets.publisher.also(told);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer?.handle);
    this.#cleanup.dispose();
    await this.#revisions[Symbol.asyncDispose]();
  }

  /** Builds after a wait. A shorter one replaces a longer: a change does not wait for the retry of a failed build. */
  #schedule(waitMs = this.#restMs): void {
    if (!this.#isSynced || this.#cleanup.disposed || (this.#timer !== undefined && this.#timer.waitMs <= waitMs))
      return;
    clearTimeout(this.#timer?.handle);
    const handle = setTimeout(() => {
      this.#timer = undefined;
      this.#build();
    }, waitMs);
    this.#timer = { handle, waitMs };
  }

  /** Milliseconds until the next build may begin. */
  get #restMs(): number {
    return Math.max(0, this.#builtMs + coalesceMs - this.#outlets.clock.monotonic());
  }

  #build(): void {
    const { metrics, clock } = this.#outlets;
    this.#builtMs = clock.monotonic();
    const stopTimer = metrics.buildSeconds.startTimer();
    try {
      const services = [...this.#deps.services.values()];
      const slices = [...this.#deps.endpointSlices.values()];
      const splits = splitsOf(this.#deps.rollouts.values());
      this.#revisions.follow(splits);
      const revisions = (namespace: string, label: string) => this.#revisions.of(namespace, label);
      const built = build({ services, slices, splits, revisions }, this.#config.loadBalancer, this.#memory);
      this.#memory = built.memory;
      this.#built = built;
      // Before Envoy has the clusters: the first requests count.
      this.#outlets.statistics.know(built.traffic);
      this.#put('envoy', built);
      this.#put('grpc', built);
      this.#outlets.room.know(built.doors);
      this.#forgetHeld(built);
      this.#outlets.publisher.want(this.#statuses(services, built));
      metrics.deniedEndpoints.set([...built.denied.values()].reduce((sum, { size }) => sum + size, 0));
      this.#reporter.report(reportsOf(built, services));
      this.#ready = true;
      this.#failures = 0;
    } catch (error) {
      // Clients keep what they have until it succeeds.
      this.#failures += 1;
      metrics.buildFailures.inc();
      this.#deps.log.error({ error }, 'the snapshots could not be built');
      this.#schedule(backoffMs(defaultBackoff, this.#failures));
    }
    stopTimer();
  }

  /** Times of Services whose requests need not wait any more say nothing new. */
  #forgetHeld({ doors }: Built): void {
    const shut = shutServices(doors);
    for (const key of this.#heldTimes.keys()) if (!shut.has(key)) this.#heldTimes.delete(key);
  }

  #put(group: Audience, built: Built): void {
    const snapshot = built[group];
    const count = [...snapshot.types.values()].reduce((sum, type) => sum + type.resources.size, 0);
    this.#outlets.metrics.resources.set({ group }, count);
    this.#outlets.snapshots.set(group, snapshot);
  }

  #statuses(services: readonly Service[], built: Built): Service[] {
    const config = this.#config.loadBalancer;
    const addresses = publishedAddresses(config, [...this.#deps.nodes.values()]);
    const now = rfc3339(this.#outlets.clock.now());
    const shut = shutServices(built.doors);
    return services.flatMap((service) => {
      const key = keyOfService(service);
      const claims = built.claims.get(key);
      const isForeign = service.spec.type === 'LoadBalancer' && claims === undefined;
      if (isForeign) return [];
      const held = { isOpen: !shut.has(key), lastTime: this.#heldTimes.get(key) };
      const status = claims ? wantedStatus(service, claims, addresses, now, held) : clearedStatus(service);
      return status === undefined ? [] : [{ ...service, status }];
    });
  }
}

/** Services with a port at which requests wait. */
function shutServices(doors: Built['doors']): ReadonlySet<ServiceKey> {
  return new Set([...doors.values()].filter(({ isOpen }) => !isOpen).map(({ service }) => service));
}

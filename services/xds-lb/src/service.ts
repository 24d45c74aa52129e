/** xds-lb: keeps the snapshots in step with Services and EndpointSlices, and serves them. */
import { rm } from 'node:fs/promises';
import { type Admit, admitHolders, type Credentials, guard, noCredentials } from '@gantry/client/credentials.ts';
import type { Node, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import { backoffMs, defaultBackoff } from '@gantry/runtime/backoff.ts';
import { type Clock, systemClock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { createMetrics, serveDiagnostics } from '@gantry/runtime/metrics.ts';
import type { Running } from '@gantry/runtime/service.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { Server } from '@grpc/grpc-js';
import type { Node as XdsNode } from 'envoy-control-plane-ts/envoy/core.ts';
import { type Client, createAds, type Observer } from 'envoy-control-plane-ts/server.ts';
import { SnapshotCache } from 'envoy-control-plane-ts/snapshot-cache.ts';
import { type Built, build, type Memory } from './build.ts';
import type { Audience } from './clusters.ts';
import type { XdsLbConfig } from './config.ts';
import { createXdsMetrics, type XdsMetrics } from './metrics.ts';
import { keyOfService } from './names.ts';
import { type EventSink, Reporter, reportsOf, reportsOfRejection } from './reports.ts';
import { clearedStatus, publishedAddresses, wantedStatus } from './status.ts';
import { type ServiceStatusWriter, StatusPublisher } from './status-publisher.ts';

/** A local copy of objects (packages/client's Informer is one). Objects are shared and never changed. */
export interface ObjectSource<T> {
  readonly hasSynced: Promise<void>;
  values(): Iterable<T>;
  /** Calls back on each change until the returned function is called. */
  onChange(handler: () => void): () => unknown;
}

/** Dependencies of xds-lb; the owner disposes of them. */
export interface XdsLbDeps {
  readonly services: ObjectSource<Service>;
  readonly endpointSlices: ObjectSource<EndpointSlice>;
  readonly nodes: ObjectSource<Node>;
  readonly statusWriter: ServiceStatusWriter;
  readonly events: EventSink;
  readonly log: Logger;
  readonly clock?: Clock;
  /** Credentials that clients of a port must present; absent if the configuration trusts the network or names a socket. */
  readonly credentials?: Credentials | undefined;
}

/** The running service. */
export interface XdsLb extends Running {
  /** Address of the xDS server: host:port, or unix:/path. */
  readonly xdsAddress: string;
  /** Port of the diagnostics server, where there is one. */
  readonly diagnosticsPort: number | undefined;
  /** The xDS clients that are connected now, with what each accepted and refused. */
  clients(): Client[];
}

/** Changes within this time are built together: far below what users notice, far above what a build takes. */
const coalesceMs = 20;

/** Finds clients that vanished without closing their connection. */
const serverOptions = { 'grpc.keepalive_time_ms': 30_000, 'grpc.keepalive_timeout_ms': 10_000 };

/**
 * Starts the service. Clients are answered once all sources have their state, so that a starting replica never tells
 * anybody that there is nothing. Replicas share nothing and come to the same snapshots and versions.
 */
export async function startXdsLb(config: XdsLbConfig, deps: XdsLbDeps): Promise<XdsLb> {
  await using stack = new AsyncDisposableStack();
  const clock = deps.clock ?? systemClock;
  const registry = createMetrics('xds-lb');
  const metrics = createXdsMetrics(registry);
  const snapshots = new SnapshotCache();
  const observer = observe(metrics.observer, deps);
  const ads = stack.use(createAds({ snapshots, groupOf, observer, identifier: 'gantry-xds-lb', now: clock.now }));
  const publisher = stack.use(new StatusPublisher(deps.statusWriter, { clock, log: deps.log }));
  const loop = stack.use(new BuildLoop(config, deps, { snapshots, publisher, metrics, clock }));
  const credentials = deps.credentials ?? noCredentials;
  const server = new Server({ ...serverOptions, interceptors: [guard(admitFor(config, credentials))] });
  ads.addTo(server);
  const xdsAddress = await listen(server, config, credentials);
  stack.defer(() => server.forceShutdown());
  const ready = (): boolean => loop.isReady;
  const diagnostics = config.diagnostics
    ? stack.use(await serveDiagnostics({ ...config.diagnostics, registry, ready }))
    : undefined;
  const owned = stack.move();
  const done = Promise.withResolvers<void>();
  loop.start();
  return {
    xdsAddress,
    diagnosticsPort: diagnostics?.port,
    clients: () => ads.clients(),
    done: done.promise,
    [Symbol.asyncDispose]: async () => {
      await owned.disposeAsync();
      done.resolve();
    },
  };
}

/** gRPC clients say in their user agent that they are; all others are Envoys. */
function groupOf(node: XdsNode): Audience {
  return /^grpc/i.test(node.userAgentName ?? '') ? 'grpc' : 'envoy';
}

/** Counts what happens, logs what matters, and tells users of refused listeners. */
function observe(counting: Observer, { log, services, events }: XdsLbDeps): Observer {
  const about = (client: Client): object => ({ node: client.node?.id, peer: client.peer, protocol: client.protocol });
  return {
    onConnect: (client) => {
      counting.onConnect?.(client);
      log.debug(about(client), 'an xDS client connected');
    },
    onDisconnect: (client, error) => {
      counting.onDisconnect?.(client, error);
      log.debug({ ...about(client), error: error?.message }, 'an xDS client is gone');
    },
    onRequest: (client, event) => {
      counting.onRequest?.(client, event);
      if (event.kind !== 'rejected') return;
      const { error, version } = event.rejection;
      log.warn(
        { ...about(client), type: event.typeUrl, version, error: error.message },
        'an xDS client refused resources',
      );
      for (const { service, reason, message } of reportsOfRejection(client, event, [...services.values()])) {
        events.record(service, 'Warning', reason, message);
      }
    },
    onResponse: (client, response) => counting.onResponse?.(client, response),
  };
}

/** Destinations of a build. */
interface Outlets {
  readonly snapshots: SnapshotCache;
  readonly publisher: StatusPublisher;
  readonly metrics: XdsMetrics;
  readonly clock: Clock;
}

/** Builds after each change, and publishes the result. */
class BuildLoop implements Disposable {
  readonly #config: XdsLbConfig;
  readonly #deps: XdsLbDeps;
  readonly #outlets: Outlets;
  readonly #reporter: Reporter;
  readonly #cleanup = new DisposableStack();
  #memory: Memory = new Map();
  #timer: { readonly handle: NodeJS.Timeout; readonly waitMs: number } | undefined;
  #failures = 0;
  #ready = false;

  constructor(config: XdsLbConfig, deps: XdsLbDeps, outlets: Outlets) {
    this.#config = config;
    this.#deps = deps;
    this.#outlets = outlets;
    this.#reporter = new Reporter(deps.events);
  }

  /** True once the first snapshots are in place. */
  get isReady(): boolean {
    return this.#ready;
  }

  /** Waits for the sources, builds, and builds again on each change. */
  start(): void {
    const { services, endpointSlices, nodes } = this.#deps;
    const synced = Promise.all([services.hasSynced, endpointSlices.hasSynced, nodes.hasSynced]);
    synced.then(
      () => {
        if (this.#cleanup.disposed) return;
        for (const source of [services, endpointSlices, nodes]) {
          this.#cleanup.defer(source.onChange(() => this.#schedule()) as () => void);
        }
        this.#schedule();
      },
      (error: unknown) => this.#deps.log.debug({ error }, 'stopped before the first state was read'),
    );
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer?.handle);
    this.#cleanup.dispose();
  }

  /** Builds after a wait. A shorter one replaces a longer: a change does not wait for the retry of a failed build. */
  #schedule(waitMs = coalesceMs): void {
    if (this.#cleanup.disposed || (this.#timer !== undefined && this.#timer.waitMs <= waitMs)) return;
    clearTimeout(this.#timer?.handle);
    const handle = setTimeout(() => {
      this.#timer = undefined;
      this.#build();
    }, waitMs);
    this.#timer = { handle, waitMs };
  }

  #build(): void {
    const { metrics } = this.#outlets;
    const stopTimer = metrics.buildSeconds.startTimer();
    try {
      const services = [...this.#deps.services.values()];
      const slices = [...this.#deps.endpointSlices.values()];
      const built = build({ services, slices }, this.#config.loadBalancer, this.#memory);
      this.#memory = built.memory;
      this.#put('envoy', built);
      this.#put('grpc', built);
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
    return services.flatMap((service) => {
      const claims = built.claims.get(keyOfService(service));
      const isForeign = service.spec.type === 'LoadBalancer' && claims === undefined;
      if (isForeign) return [];
      const status = claims ? wantedStatus(service, claims, addresses, now) : clearedStatus(service);
      return status === undefined ? [] : [{ ...service, status }];
    });
  }
}

/** A Unix socket is guarded by its folder; a port admits holders of the cluster's credentials, or everybody if so configured. */
function admitFor({ xdsSocket, trustNetwork }: XdsLbConfig, credentials: Credentials): Admit {
  return xdsSocket !== undefined || trustNetwork ? () => {} : admitHolders(credentials);
}

/** Resolves to the address under which the server is reached. */
async function listen(server: Server, config: XdsLbConfig, { listener }: Credentials): Promise<string> {
  const { xdsSocket, xdsPort } = config;
  const host = config.xdsHost.includes(':') ? `[${config.xdsHost}]` : config.xdsHost;
  // The socket of a server that was killed is still there.
  if (xdsSocket !== undefined) await rm(xdsSocket, { force: true });
  const address = xdsSocket === undefined ? `${host}:${xdsPort}` : `unix:${xdsSocket}`;
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, listener, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return xdsSocket === undefined ? `${host}:${port}` : address;
}

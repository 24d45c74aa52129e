/** xds-lb: serves the snapshots that build-loop.ts keeps in step with Services and EndpointSlices. */
import { rm } from 'node:fs/promises';
import { type Credentials, noCredentials } from '@gantry/client/credentials.ts';
import { type Admit, admitPeers, diagnosticsDoor, guard } from '@gantry/client/guard.ts';
import type { MeasureTrafficRequest, TrafficMeasurement } from '@gantry/client/traffic-messages.ts';
import { type Clock, systemClock } from '@gantry/runtime/clock.ts';
import { organizations, serviceNames } from '@gantry/runtime/identities.ts';
import { createMetrics, serveDiagnostics } from '@gantry/runtime/metrics.ts';
import type { Running } from '@gantry/runtime/service.ts';
import { Server } from '@grpc/grpc-js';
import type { Node as XdsNode } from 'envoy-control-plane-ts/envoy/core.ts';
import { addMetricsService } from 'envoy-control-plane-ts/metrics-service.ts';
import { addRateLimitService } from 'envoy-control-plane-ts/rate-limit-service.ts';
import { type Ads, type Client, createAds, type Observer } from 'envoy-control-plane-ts/server.ts';
import { SnapshotCache } from 'envoy-control-plane-ts/snapshot-cache.ts';
import { type BuildDeps, BuildLoop } from './build-loop.ts';
import type { Audience } from './clusters.ts';
import type { XdsLbConfig } from './config.ts';
import { answersOf } from './hold/answers.ts';
import { Settled } from './hold/settled.ts';
import { type Outcome, WaitingRoom } from './hold/waiting-room.ts';
import { createXdsMetrics } from './metrics.ts';
import type { ServiceKey } from './names.ts';
import { reportsOfRejection } from './reports.ts';
import { type ServiceStatusWriter, StatusPublisher } from './status-publisher.ts';
import { registerTrafficMetrics } from './traffic/metrics.ts';
import { serveTraffic, type TrafficServerDeps } from './traffic/server.ts';
import { TrafficStatistics } from './traffic/statistics.ts';

/** Dependencies of xds-lb; the owner disposes of them. */
export interface XdsLbDeps extends BuildDeps {
  readonly statusWriter: ServiceStatusWriter;
  readonly clock?: Clock;
  /** Credentials that clients of a port must present; absent if the configuration trusts the network or names a socket. */
  readonly credentials?: Credentials | undefined;
  /** Says in a Lease where the statistics are served. */
  readonly leases: TrafficServerDeps['client'];
}

/** The running service. */
export interface XdsLb extends Running {
  /** Address of the xDS server: host:port, or unix:/path. */
  readonly xdsAddress: string;
  /** Port of the diagnostics server, where there is one. */
  readonly diagnosticsPort: number | undefined;
  /** The xDS clients that are connected now, with what each accepted and refused. */
  clients(): Client[];
  /** Requests to Services, as Envoys count them. */
  readonly statistics: { readonly measure: (request: MeasureTrafficRequest) => TrafficMeasurement };
  /** host:port of TrafficService, where it is served. */
  readonly trafficAddress: string | undefined;
}

/** The first two find clients that vanished without closing their connection. */
const serverOptions = {
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  // An Envoy sends the statistics of all clusters at once: about a kilobyte each.
  'grpc.max_receive_message_length': 32 * 1024 * 1024,
};

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
  const envoys = (): Client[] => ads.clients().filter(({ group }) => group === 'envoy');
  const settled = new Settled(envoys, clock);
  const observer = observe(metrics.observer, deps, settled);
  const ads: Ads = stack.use(createAds({ snapshots, groupOf, observer, identifier: 'gantry-xds-lb', now: clock.now }));
  const publisher = stack.use(new StatusPublisher(deps.statusWriter, { clock, log: deps.log }));
  const statistics = new TrafficStatistics(clock.monotonic());
  registerTrafficMetrics(registry, statistics);
  const onOutcome = (outcome: Outcome, ms: number): void => metrics.holdSeconds.observe({ outcome }, ms / 1_000);
  const onWaiting = (service: ServiceKey): void => loop.waiting(service);
  const room = stack.use(new WaitingRoom({ clock, onWaiting, settled: () => settled.wait(), onOutcome }));
  const outlets = { snapshots, publisher, statistics, room, metrics, clock };
  const loop: BuildLoop = stack.use(new BuildLoop(config, deps, outlets));
  const credentials = deps.credentials ?? noCredentials;
  const server = new Server({ ...serverOptions, interceptors: [guard(admitFor(config, credentials))] });
  ads.addTo(server);
  addRateLimitService(server, answersOf(room));
  addMetricsService(server, {
    observer: {
      onMetrics: ({ stream }, families) => statistics.report(stream, families, clock.monotonic()),
      onDisconnect: ({ stream }) => statistics.lost(stream),
    },
  });
  const xdsAddress = await listen(server, config, credentials);
  stack.defer(() => server.forceShutdown());
  const door = diagnosticsDoor(credentials, config.trustNetwork);
  const told = { registry, ready: () => loop.isReady };
  const diagnostics = config.diagnostics && stack.use(await serveDiagnostics({ ...config.diagnostics, ...told }, door));
  const { traffic: options } = config;
  const traffic =
    options && stack.use(await serveTraffic(options, { ...deps, client: deps.leases, statistics, clock }));
  const owned = stack.move();
  const done = Promise.withResolvers<void>();
  loop.start();
  return {
    xdsAddress,
    diagnosticsPort: diagnostics?.port,
    clients: () => ads.clients(),
    statistics: { measure: (request) => statistics.measure(request, clock.monotonic()) },
    trafficAddress: traffic?.address,
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
function observe(counting: Observer, { log, services, events }: XdsLbDeps, settled: Settled): Observer {
  const about = (client: Client): object => ({ node: client.node?.id, peer: client.peer, protocol: client.protocol });
  return {
    onConnect: (client) => {
      counting.onConnect?.(client);
      log.debug(about(client), 'an xDS client connected');
    },
    onDisconnect: (client, error) => {
      counting.onDisconnect?.(client, error);
      settled.changed();
      log.debug({ ...about(client), error: error?.message }, 'an xDS client is gone');
    },
    onRequest: (client, event) => {
      counting.onRequest?.(client, event);
      settled.changed();
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

/**
 * A Unix socket is guarded by its folder; a port admits those whose certificate is of a group that may read the configuration, and
 * holders of the token; or everybody if so configured.
 */
function admitFor({ xdsSocket, trustNetwork }: XdsLbConfig, credentials: Credentials): Admit {
  if (xdsSocket !== undefined || trustNetwork) return () => {};
  const readers: readonly string[] = [organizations.xdsClients, organizations.masters];
  const peers = admitPeers(credentials, [serviceNames.envoy]);
  return (caller) => {
    const isReader = caller.certificate?.organizations.some((group) => readers.includes(group)) === true;
    return isReader || credentials.verify(caller.metadata) ? undefined : peers(caller);
  };
}

/** Resolves to the address under which the server is reached. */
async function listen(server: Server, config: XdsLbConfig, credentials: Credentials): Promise<string> {
  const { xdsSocket, xdsPort } = config;
  // The file system guards a socket: nothing needs to be encrypted.
  const { listener } = xdsSocket === undefined ? credentials : noCredentials;
  const host = config.xdsHost.includes(':') ? `[${config.xdsHost}]` : config.xdsHost;
  // The socket of a server that was killed is still there.
  if (xdsSocket !== undefined) await rm(xdsSocket, { force: true });
  const address = xdsSocket === undefined ? `${host}:${xdsPort}` : `unix:${xdsSocket}`;
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, listener, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return xdsSocket === undefined ? `${host}:${port}` : address;
}

/** Metrics of the xDS server. */
import type { Observer } from 'envoy-control-plane-ts/server.ts';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface XdsMetrics {
  /** Counts what happens on streams. */
  readonly observer: Observer;
  /** Seconds that a build of the snapshots took. */
  readonly buildSeconds: Histogram;
  /** Resources of the current snapshot, by group. */
  readonly resources: Gauge<'group'>;
  /** Addresses in EndpointSlices that no request is sent to. */
  readonly deniedEndpoints: Gauge;
  /** Seconds for which requests waited for a pod, by how that ended. */
  readonly holdSeconds: Histogram<'outcome'>;
  /** Builds that failed, after which clients keep what they have. */
  readonly buildFailures: Counter;
}

/** Registers the metrics. */
export function createXdsMetrics(registry: Registry): XdsMetrics {
  const registers = [registry];
  const clients = new Gauge({
    name: 'gantry_xds_clients',
    help: 'Open xDS streams.',
    labelNames: ['protocol'],
    registers,
  });
  const requests = new Counter({
    name: 'gantry_xds_requests_total',
    help: 'Requests of xDS clients by what they were: subscribed, accepted (ACK), rejected (NACK), stale.',
    labelNames: ['type', 'kind'],
    registers,
  });
  const responses = new Counter({
    name: 'gantry_xds_responses_total',
    help: 'Responses sent to xDS clients.',
    labelNames: ['type'],
    registers,
  });
  const observer: Observer = {
    onConnect: ({ protocol }) => clients.inc({ protocol }),
    onDisconnect: ({ protocol }) => clients.dec({ protocol }),
    onRequest: (_client, { typeUrl, kind }) => requests.inc({ type: shortType(typeUrl), kind }),
    onResponse: (_client, { typeUrl }) => responses.inc({ type: shortType(typeUrl) }),
  };
  return {
    observer,
    buildSeconds: new Histogram({
      name: 'gantry_xds_build_seconds',
      help: 'Seconds from a change to the snapshots made of it.',
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2],
      registers,
    }),
    deniedEndpoints: new Gauge({
      name: 'gantry_xds_denied_endpoints',
      help: 'Addresses in EndpointSlices that no request is sent to: loopback, link-local, and those that the operator denies.',
      registers,
    }),
    holdSeconds: new Histogram({
      name: 'gantry_xds_hold_seconds',
      help: 'Seconds for which requests to Services without a ready pod were held, by how that ended: opened, full, late, gone.',
      labelNames: ['outcome'],
      buckets: [0.01, 0.1, 0.5, 1, 2, 5, 10, 30, 60],
      registers,
    }),
    buildFailures: new Counter({
      name: 'gantry_xds_build_failures_total',
      help: 'Builds of the snapshots that failed; clients keep what they have until the next one.',
      registers,
    }),
    resources: new Gauge({
      name: 'gantry_xds_resources',
      help: 'Resources in the current snapshot.',
      labelNames: ['group'],
      registers,
    }),
  };
}

const knownTypes = ['Cluster', 'ClusterLoadAssignment', 'Listener', 'RouteConfiguration'];

/** Clients choose type URLs, so any but the known ones share a label. */
function shortType(typeUrl: string): string {
  const name = typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
  return knownTypes.includes(name) ? name : 'other';
}

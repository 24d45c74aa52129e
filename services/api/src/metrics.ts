import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Metrics of an api process. */
export interface ApiMetrics {
  /** A call of a gRPC method began; returns what to call with its status code when it ended. */
  started(method: string): (code: number) => void;
}

/** Counters of an api process in a registry. `watchers` tells how many watches are open. */
export function createApiMetrics(registry: Registry, watchers: () => number): ApiMetrics {
  const seconds = new Histogram({
    name: 'gantry_api_request_seconds',
    help: 'Seconds that gRPC calls took, by method and status code.',
    labelNames: ['method', 'code'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  const inFlight = new Gauge({
    name: 'gantry_api_requests_in_flight',
    help: 'gRPC calls in work, streams included.',
    registers: [registry],
  });
  new Gauge({
    name: 'gantry_api_watches',
    help: 'Watches that are open.',
    registers: [registry],
    collect() {
      this.set(watchers());
    },
  });
  const failed = new Counter({
    name: 'gantry_api_requests_failed_total',
    help: 'gRPC calls that ended with another status than OK.',
    labelNames: ['method', 'code'],
    registers: [registry],
  });
  return {
    started(method) {
      inFlight.inc();
      const startedMs = performance.now();
      return (code) => {
        inFlight.dec();
        seconds.observe({ method, code }, (performance.now() - startedMs) / 1_000);
        if (code !== 0) failed.inc({ method, code });
      };
    },
  };
}

/** Metrics of the REST edge. */
export interface RestMetrics {
  /** A request for a resource began; returns what to call with its HTTP status when its answer is sent or given up. */
  started(verb: string, resource: string): (code: number) => void;
}

/** Counters of the REST edge in a registry. */
export function createRestMetrics(registry: Registry): RestMetrics {
  const seconds = new Histogram({
    name: 'gantry_api_rest_request_seconds',
    help: 'Seconds that requests over REST took, by verb, resource and HTTP status; watches and streams are not among them.',
    labelNames: ['verb', 'resource', 'code'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  const inFlight = new Gauge({
    name: 'gantry_api_rest_requests_in_flight',
    help: 'Requests over REST in work, watches and streams included, by verb.',
    labelNames: ['verb'],
    registers: [registry],
  });
  return {
    started(verb, resource) {
      inFlight.inc({ verb });
      const startedMs = performance.now();
      return (code) => {
        inFlight.dec({ verb });
        if (verb !== 'watch') seconds.observe({ verb, resource, code }, (performance.now() - startedMs) / 1_000);
      };
    },
  };
}

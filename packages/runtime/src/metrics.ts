import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Gauge, Registry } from 'prom-client';
import { uncaughtErrors } from './process.ts';

/** A registry whose metrics all carry the service's name; one a service, so that several may live in one process. */
export function createMetrics(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  new Gauge({
    name: 'gantry_uncaught_errors_total',
    help: 'Errors of this process that nothing caught. Any is a bug.',
    registers: [registry],
    collect() {
      this.set(uncaughtErrors());
    },
  });
  return registry;
}

/** A running diagnostics server. */
export interface Diagnostics extends AsyncDisposable {
  /** The port it listens on. */
  readonly port: number;
}

/**
 * Serves /metrics (Prometheus text), /healthz and /readyz over HTTP.
 * @param options.host Address to listen on.
 * @param options.port Port; 0 for any free one.
 * @param options.ready Whether the service can do its work now; asked for by /readyz.
 */
export async function serveDiagnostics(options: {
  readonly host: string;
  readonly port: number;
  readonly registry: Registry;
  readonly ready: () => boolean;
}): Promise<Diagnostics> {
  const server = createServer(async (request, response) => {
    const path = request.url?.split('?')[0];
    if (path === '/metrics') {
      response.writeHead(200, { 'content-type': options.registry.contentType });
      response.end(await options.registry.metrics());
    } else if (path === '/healthz' || path === '/readyz') {
      const ok = path === '/healthz' || options.ready();
      response.writeHead(ok ? 200 : 503, { 'content-type': 'text/plain' });
      response.end(ok ? 'ok\n' : 'not ready\n');
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

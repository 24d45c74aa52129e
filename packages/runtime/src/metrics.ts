import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Gauge, Registry } from 'prom-client';
import {
  type CertificateSource,
  type CertifiedSocket,
  type VerifiedCertificate,
  verifiedCertificate,
} from './certificates.ts';
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

/** Proof that a client of diagnostics gives. */
export interface DiagnosticsCaller {
  /** Header of that name. */
  readonly authorization: string | undefined;
  readonly certificate: VerifiedCertificate | undefined;
}

/** Door of a diagnostics server. */
export interface DiagnosticsDoor {
  /** Certificates of the server, and the authority of its clients'; plain HTTP without. */
  readonly certificates?: CertificateSource | undefined;
  /** Whether a client may read metrics. Health is open to all. */
  readonly admits: (caller: DiagnosticsCaller) => boolean;
}

/**
 * Serves /metrics (Prometheus text), /healthz and /readyz over HTTP, by TLS where there are certificates.
 * @param options.host Address to listen on.
 * @param options.port Port; 0 for any free one.
 * @param options.ready Whether the service can do its work now; asked for by /readyz.
 */
export async function serveDiagnostics(
  options: {
    readonly host: string;
    readonly port: number;
    readonly registry: Registry;
    readonly ready: () => boolean;
  },
  door: DiagnosticsDoor,
): Promise<Diagnostics> {
  const server = serverBehind(door, (request, response) => answer(request, response, options, door));
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

function serverBehind({ certificates }: DiagnosticsDoor, listener: RequestListener): Server {
  if (certificates === undefined) return createServer(listener);
  const server = createSecureServer(
    { ...certificates.current, requestCert: true, rejectUnauthorized: false },
    listener,
  );
  server.on(
    'close',
    certificates.onChange((changed) => server.setSecureContext(changed)),
  );
  return server;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { registry, ready }: { readonly registry: Registry; readonly ready: () => boolean },
  { admits }: DiagnosticsDoor,
): Promise<void> {
  const path = request.url?.split('?')[0];
  if (path === '/healthz' || path === '/readyz') {
    const ok = path === '/healthz' || ready();
    response.writeHead(ok ? 200 : 503, { 'content-type': 'text/plain' });
    response.end(ok ? 'ok\n' : 'not ready\n');
    return;
  }
  const { authorization } = request.headers;
  if (!admits({ authorization, certificate: verifiedCertificate(request.socket as CertifiedSocket) })) {
    response.writeHead(401, { 'content-type': 'text/plain' });
    response.end('Unauthorized: metrics need a certificate of this cluster, or its token\n');
  } else if (path === '/metrics') {
    response.writeHead(200, { 'content-type': registry.contentType });
    response.end(await registry.metrics());
  } else {
    response.writeHead(404).end();
  }
}

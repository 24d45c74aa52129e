/**
 * Answers load balancers outside of the cluster that ask a node whether it has endpoints of a Service with externalTrafficPolicy
 * Local, at the Service's healthCheckNodePort. Form and codes are those of kube-proxy.
 */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from '@gantry/runtime/log.ts';
import { isReady, type ServiceEndpoints } from './endpoints.ts';
import type { ExtraAddress } from './ruleset.ts';

/** A port at which a node tells of its endpoints of one Service. */
export interface HealthCheck {
  readonly namespace: string;
  readonly name: string;
  /** spec.healthCheckNodePort. */
  readonly port: number;
  /** Ready endpoints on this node. */
  readonly localEndpoints: number;
}

/** The checks that a node serves. */
export function healthChecksOf(services: readonly ServiceEndpoints[], nodeName: string): HealthCheck[] {
  return services.flatMap(({ service: { metadata, spec }, slices }): HealthCheck[] => {
    const { namespace = '', name = '' } = metadata;
    const port = spec?.healthCheckNodePort ?? 0;
    if (spec?.type !== 'LoadBalancer' || spec.externalTrafficPolicy !== 'Local' || port === 0) return [];
    const local = slices
      .flatMap(({ endpoints = [] }) => endpoints)
      .filter((endpoint) => endpoint.nodeName === nodeName && isReady(endpoint));
    return [{ namespace, name, port, localEndpoints: new Set(local.map(({ addresses: [ip] }) => ip)).size }];
  });
}

/** The answer to whoever asks, on any path. */
export function healthAnswer({ namespace, name, localEndpoints }: HealthCheck): { status: number; body: string } {
  const body = { service: { namespace, name }, localEndpoints, serviceProxyHealthy: true };
  return { status: localEndpoints > 0 ? 200 : 503, body: `${JSON.stringify(body, null, 2)}\n` };
}

/** Connections at once to one check, and how long one may take to ask, in milliseconds. */
const maxConnections = 64;
const requestTimeoutMs = 5_000;

interface Serving {
  readonly server: Server;
  check: HealthCheck;
  /** Port of the agent's machine; undefined until it listens. */
  port: number | undefined;
}

/** HTTP servers of the checks, each on any free port of the agent's machine, to which rules lead from the node's port. */
export class HealthCheckServers implements AsyncDisposable {
  readonly #host: string;
  readonly #onListening: () => void;
  readonly #log: Logger;
  readonly #serving = new Map<number, Serving>();

  /** @param onListening Called when a check has got its port, so that rules can lead there. */
  constructor(host: string, onListening: () => void, log: Logger) {
    this.#host = host;
    this.#onListening = onListening;
    this.#log = log;
  }

  /** Serves these checks, and no others. */
  want(checks: readonly HealthCheck[]): void {
    const wanted = new Map(checks.map((check) => [check.port, check]));
    for (const [port, serving] of this.#serving) {
      const check = wanted.get(port);
      if (check !== undefined) serving.check = check;
      else this.#end(port, serving);
    }
    for (const [port, check] of wanted) if (!this.#serving.has(port)) this.#start(check);
  }

  /** Ports of the node, and where they lead. */
  addresses(): ExtraAddress[] {
    return [...this.#serving.values()].flatMap(({ check, port }): ExtraAddress[] => {
      if (port === undefined) return [];
      const backends = [{ ip: this.#host, port, nodeName: undefined }];
      return [{ name: `health/${check.namespace}/${check.name}`, port: check.port, protocol: 'TCP', backends }];
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [port, serving] of this.#serving) this.#end(port, serving);
  }

  #start(check: HealthCheck): void {
    const server = createServer((_request, response) => answer(response, healthAnswer(serving.check)));
    const serving: Serving = { server, check, port: undefined };
    server.maxConnections = maxConnections;
    server.requestTimeout = requestTimeoutMs;
    server.on('error', (error) => {
      this.#log.warn({ error, port: check.port }, 'a health check port cannot be served');
      // The next change of the services tries again.
      this.#end(check.port, serving);
    });
    server.listen(0, this.#host, () => {
      serving.port = (server.address() as AddressInfo).port;
      this.#onListening();
    });
    this.#serving.set(check.port, serving);
  }

  #end(port: number, { server }: Serving): void {
    if (this.#serving.get(port)?.server === server) this.#serving.delete(port);
    server.close();
    server.closeAllConnections();
  }
}

function answer(response: ServerResponse, { status, body }: { status: number; body: string }): void {
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'X-Content-Type-Options': 'nosniff',
    Connection: 'close',
  });
  response.end(body);
}

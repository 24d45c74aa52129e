import { rm } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { formatAddress } from '@gantry/runtime/address.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { Server, ServerCredentials, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import type { Credentials } from './credentials.ts';
import { type Admit, guard } from './guard.ts';
import { addReflection } from './reflection.ts';
import { tolerant } from './server-calls.ts';
import { listenShared, type SharedPort } from './shared-port.ts';

/** A service with what carries it out. */
export interface ServedService {
  /** Such as PodService, of gantry.api.v1; a full name where it is of another package. */
  readonly name: string;
  readonly definition: ServiceDefinition;
  readonly handlers: UntypedServiceImplementation;
}

/** A place to listen at, and the callers that are let in. */
export type ListenAt = ListenAddress & Pick<ServerOptions, 'credentials' | 'admit'>;

type ListenAddress =
  | {
      readonly host: string;
      /** 0 for any free one. */
      readonly port: number;
    }
  | {
      /** Path of a Unix socket, in a folder of its owner's; what an earlier server left there is removed. */
      readonly socket: string;
    };

export type ListenOptions = ServerOptions & ListenAddress;

interface ServerOptions {
  readonly maxRequestBytes: number;
  /** Transport that the server listens with. */
  readonly credentials: Credentials;
  /** Milliseconds that calls get to end when the server is stopped; a second if absent. */
  readonly drainMs?: number;
  /** Decides on each call, reflection included; health is open to all. */
  readonly admit: Admit;
  /** Answers requests over HTTP/1.1 at the same port, where the credentials have certificates. It lets nobody in by itself. */
  readonly http?: RequestListener;
}

/** A gRPC server that listens. Disposing of it lets unary calls end for a moment, then ends all. */
export interface GrpcServer extends AsyncDisposable {
  readonly port: number;
  /** Tells health checks that the server does, or does not, serve. */
  setServing(serving: boolean): void;
  /** Listens at a further address, in the same way; resolves with its port. */
  alsoListen(address: { readonly host: string; readonly port: number }): Promise<number>;
}

const defaultDrainMs = 1_000;

/** Serves services, with reflection and health. Rejects with ServiceUnavailable where the address is taken. */
export async function serveGrpc(services: readonly ServedService[], options: ListenOptions): Promise<GrpcServer> {
  const server = new Server({
    'grpc.max_receive_message_length': options.maxRequestBytes,
    // Large lists and manifests go out; what comes in is what is bounded.
    'grpc.max_send_message_length': -1,
    'grpc.max_concurrent_streams': 10_000,
    // Connections of clients that vanished are given up.
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 10_000,
    interceptors: [guard(options.admit)],
  });
  for (const { definition, handlers } of services) server.addService(tolerant(definition), handlers);
  const names = services.map(({ name }) => (name.includes('.') ? name : `gantry.api.v1.${name}`));
  addReflection(server, names);
  const watched = ['', ...names];
  const health = new HealthImplementation(Object.fromEntries(watched.map((name) => [name, 'SERVING' as const])));
  health.addToServer(server);
  const shared: SharedPort[] = [];
  const injectors: { destroy(): void }[] = [];
  const { http, credentials } = options;
  const listen = async (at: ListenAddress): Promise<number> => {
    const { serving: certificates } = credentials;
    if (http === undefined || certificates === undefined || 'socket' in at) return bind(server, { ...options, ...at });
    const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
    const port = await listenShared({
      ...{ host: at.host, port: at.port },
      certificates,
      http,
      grpc: (socket) => injector.injectConnection(socket),
    });
    shared.push(port);
    injectors.push(injector);
    return port.port;
  };
  const port = await listen(options);
  return {
    port,
    alsoListen: listen,
    setServing: (serving) => {
      for (const name of watched) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([
        stop(server, options.drainMs ?? defaultDrainMs),
        ...shared.map((each) => each[Symbol.asyncDispose]()),
      ]);
      for (const injector of injectors) injector.destroy();
    },
  };
}

async function bind(server: Server, options: ListenOptions): Promise<number> {
  const { credentials } = options;
  if ('socket' in options) await rm(options.socket, { force: true });
  const address = 'socket' in options ? `unix:${options.socket}` : formatAddress(options.host, options.port);
  return await new Promise((resolve, reject) => {
    server.bindAsync(address, credentials.listener, (error, bound) => {
      if (error)
        reject(
          new GantryError('ServiceUnavailable', `cannot listen on ${address}: ${error.message}`, { cause: error }),
        );
      else resolve(bound);
    });
  });
}

function stop(server: Server, drainMs: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, drainMs);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}

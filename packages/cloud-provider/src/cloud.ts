/** The objects of a cloud (proto/gantry/cloud/v1/cloud.proto): a client, and a server for clouds in TypeScript. */
import type { CallOptions } from '@gantry/client/api.ts';
import { callUnary } from '@gantry/client/calls.ts';
import { serviceDefinitionOf } from '@gantry/client/protos.ts';
import { type GrpcServer, type ListenAt, serveGrpc } from '@gantry/client/serve.ts';
import { ServerCalls } from '@gantry/client/server-calls.ts';
import type {
  CloudInstance,
  CloudLoadBalancer,
  CloudRoute,
  CreateRouteRequest,
  DeleteLoadBalancerRequest,
  DeleteRouteRequest,
  EnsureLoadBalancerRequest,
  GetInstanceRequest,
  ListRoutesRequest,
  ListRoutesResponse,
} from '@gantry/model/gen/gantry.cloud.v1.ts';
import type { LoadBalancerIngress, Node, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError, toGantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { Client as GrpcClient, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { type ProviderSettings, transportOf } from './settings.ts';

const serviceName = 'gantry.cloud.v1.CloudService';
const cloudService = serviceDefinitionOf(serviceName);
/** A Service with some thousand nodes. */
const maxMessageBytes = 64 * 1024 * 1024;

/** A route in which every field is told. */
export type Route = Required<CloudRoute>;

/** A cloud, as its author writes it. What it lacks is left out. */
export interface Cloud {
  /** The machine of a node. */
  instance?(node: Required<GetInstanceRequest>, signal: AbortSignal): Promise<CloudInstance>;
  /** Makes or changes the load balancer of a Service; resolves with its addresses. */
  ensureLoadBalancer?(
    service: Service,
    nodes: readonly Node[],
    signal: AbortSignal,
  ): Promise<readonly LoadBalancerIngress[]>;
  /** Removes the load balancer of a Service, if there is one. */
  deleteLoadBalancer?(service: Service, signal: AbortSignal): Promise<void>;
  /** Lists the routes of the cluster's network. */
  listRoutes?(clusterName: string, signal: AbortSignal): Promise<readonly CloudRoute[]>;
  /** Makes a route, if it is not there. */
  createRoute?(clusterName: string, route: Route, node: Node, signal: AbortSignal): Promise<void>;
  /** Removes a route, if it is there. */
  deleteRoute?(clusterName: string, route: Route, signal: AbortSignal): Promise<void>;
}

/** A cloud as controllers call it. All reject with a GantryError that names the call. */
export interface CloudClient extends Disposable {
  instance(node: Required<GetInstanceRequest>, options?: CallOptions): Promise<CloudInstance>;
  ensureLoadBalancer(
    service: Service,
    nodes: readonly Node[],
    options?: CallOptions,
  ): Promise<readonly LoadBalancerIngress[]>;
  deleteLoadBalancer(service: Service, options?: CallOptions): Promise<void>;
  listRoutes(clusterName: string, options?: CallOptions): Promise<readonly Route[]>;
  createRoute(clusterName: string, route: Route, node: Node, options?: CallOptions): Promise<void>;
  deleteRoute(clusterName: string, route: Route, options?: CallOptions): Promise<void>;
}

/** Connects to a cloud when it is first called, and again whenever the connection is lost. Throws Invalid on settings that cannot be. */
export function connectCloud(settings: ProviderSettings): CloudClient {
  const { target, credentials } = transportOf(settings);
  const client = new GrpcClient(target, credentials, {
    'grpc.max_send_message_length': maxMessageBytes,
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_reconnect_backoff_ms': 2_000,
    'grpc.use_local_subchannel_pool': 1,
  });
  const call = async <Response>(name: string, request: object, options: CallOptions = {}): Promise<Response> => {
    const { signal, timeoutMs = settings.timeoutMs } = options;
    const bounds = { signal, timeoutMs, idempotent: false, whenAway: 'fail' } as const;
    try {
      return await callUnary<object, Response>(client, cloudService[name]!, request, bounds);
    } catch (thrown) {
      const error = toGantryError(thrown);
      const told = error.reason === 'Timeout' ? `no answer within ${timeoutMs} ms` : error.message;
      throw new GantryError(error.reason, `cloud ${settings.address}: ${name}: ${told}`, { cause: error });
    }
  };
  return {
    instance: (node, options) => call<CloudInstance>('GetInstance', node, options),
    ensureLoadBalancer: async (service, nodes, options) =>
      (await call<CloudLoadBalancer>('EnsureLoadBalancer', { service, nodes }, options)).ingress ?? [],
    deleteLoadBalancer: async (service, options) => void (await call('DeleteLoadBalancer', { service }, options)),
    listRoutes: async (clusterName, options) =>
      ((await call<ListRoutesResponse>('ListRoutes', { clusterName }, options)).routes ?? []).map(whole),
    createRoute: async (clusterName, route, node, options) =>
      void (await call('CreateRoute', { clusterName, route, node }, options)),
    deleteRoute: async (clusterName, route, options) =>
      void (await call('DeleteRoute', { clusterName, route }, options)),
    [Symbol.dispose]: () => client.close(),
  };
}

/** Serves a cloud, to everybody who can open the socket or whom `admit` lets in. */
export async function serveCloud(
  cloud: Cloud,
  { at, log }: { readonly at: ListenAt; readonly log: Logger },
): Promise<GrpcServer> {
  const calls = new ServerCalls({ contextOf: (_, signal) => ({ signal }), log });
  const handlers = {
    ...routeHandlers(cloud, calls),
    GetInstance: calls.unary(async ({ signal }, { nodeName = '', providerID = '' }: GetInstanceRequest) => {
      if (cloud.instance === undefined) throw lacking('machines');
      return await cloud.instance({ nodeName, providerID }, signal);
    }),
    EnsureLoadBalancer: calls.unary(async ({ signal }, { service, nodes = [] }: EnsureLoadBalancerRequest) => {
      if (cloud.ensureLoadBalancer === undefined) throw lacking('load balancers');
      return { ingress: await cloud.ensureLoadBalancer(named(service), nodes, signal) };
    }),
    DeleteLoadBalancer: calls.unary(async ({ signal }, { service }: DeleteLoadBalancerRequest) => {
      if (cloud.deleteLoadBalancer === undefined) throw lacking('load balancers');
      await cloud.deleteLoadBalancer(named(service), signal);
      return {};
    }),
  };
  const served = { name: serviceName, definition: cloudService, handlers };
  return await serveGrpc([served], { maxRequestBytes: maxMessageBytes, ...at });
}

function routeHandlers(
  cloud: Cloud,
  calls: ServerCalls<{ readonly signal: AbortSignal }>,
): UntypedServiceImplementation {
  return {
    ListRoutes: calls.unary(async ({ signal }, { clusterName = '' }: ListRoutesRequest) => {
      if (cloud.listRoutes === undefined) throw lacking('routes');
      return { routes: await cloud.listRoutes(clusterName, signal) };
    }),
    CreateRoute: calls.unary(async ({ signal }, { clusterName = '', route, node }: CreateRouteRequest) => {
      if (cloud.createRoute === undefined) throw lacking('routes');
      if (route === undefined || node === undefined)
        throw new GantryError('BadRequest', 'the route or its node is missing');
      await cloud.createRoute(clusterName, whole(route), node, signal);
      return {};
    }),
    DeleteRoute: calls.unary(async ({ signal }, { clusterName = '', route }: DeleteRouteRequest) => {
      if (cloud.deleteRoute === undefined) throw lacking('routes');
      if (route === undefined) throw new GantryError('BadRequest', 'the route is missing');
      await cloud.deleteRoute(clusterName, whole(route), signal);
      return {};
    }),
  };
}

function whole({ name = '', targetNode = '', destinationCIDR = '', blackhole = false }: CloudRoute): Route {
  return { name, targetNode, destinationCIDR, blackhole };
}

function named(service: Service | undefined): Service {
  if (service !== undefined) return service;
  throw new GantryError('BadRequest', 'the Service is missing');
}

function lacking(thing: string): GantryError {
  return new GantryError('MethodNotAllowed', `this cloud has no ${thing}`);
}

import {
  accessService,
  metricsService,
  nodeService,
  placementService,
  podService,
  resourceService,
  schedulingService,
  tokenService,
  trafficService,
} from '@gantry/client/protos.ts';
import { type GrpcServer, type ListenOptions, serveGrpc } from '@gantry/client/serve.ts';
import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';

/** The services of the api. */
const services = {
  ResourceService: resourceService,
  SchedulingService: schedulingService,
  NodeService: nodeService,
  PodService: podService,
  MetricsService: metricsService,
  AccessService: accessService,
  PlacementService: placementService,
  TokenService: tokenService,
  TrafficService: trafficService,
} satisfies Readonly<Record<string, ServiceDefinition>>;

/** The handlers of each service. */
export type Handlers = Readonly<Record<keyof typeof services, UntypedServiceImplementation>>;

/** Serves the services, with reflection and health. */
export function listen(handlers: Handlers, options: ListenOptions): Promise<GrpcServer> {
  const served = Object.entries(services).map(([name, definition]) => {
    return { name, definition, handlers: handlers[name as keyof Handlers] };
  });
  return serveGrpc(served, options);
}

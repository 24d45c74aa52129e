import type { Server, ServerDuplexStream, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { loadPackageDefinition } from './package-definition.ts';

type Implementations = ReadonlyMap<string, UntypedServiceImplementation>;

/**
 * Serves gRPC reflection (v1 and v1alpha). What it says of our services takes a quarter of a second and tens of
 * megabytes to make, and most processes are never asked: it is made for the first who asks.
 * @param services Full names of the services that the server has, such as gantry.api.v1.PodService.
 */
export function addReflection(server: Server, services: readonly string[]): void {
  let made: Implementations | undefined;
  for (const [definition] of collect(new ReflectionService({}))) {
    const path = pathOf(definition);
    server.addService(definition, {
      ServerReflectionInfo: (call: ServerDuplexStream<unknown, unknown>) => {
        made ??= new Map(
          [...collect(new ReflectionService(loadPackageDefinition(), { services: [...services] }))].map(
            ([each, handlers]) => [pathOf(each), handlers],
          ),
        );
        made.get(path)!.ServerReflectionInfo!(call as never, undefined as never);
      },
    });
  }
}

/** The services that a ReflectionService adds to a server, with their handlers. */
function collect(reflection: ReflectionService): Map<ServiceDefinition, UntypedServiceImplementation> {
  const services = new Map<ServiceDefinition, UntypedServiceImplementation>();
  reflection.addToServer({ addService: (definition, handlers) => void services.set(definition, handlers) });
  return services;
}

function pathOf(definition: ServiceDefinition): string {
  return definition.ServerReflectionInfo!.path;
}

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describeFile, describeOwnFiles } from '@gantry/model/descriptors.ts';
import type { Server, ServerDuplexStream, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';

type Implementations = ReadonlyMap<string, UntypedServiceImplementation>;

/** The services that every server has beside its own, and where their packages keep the files that declare them. */
const standardServices = [
  { name: 'grpc.health.v1.Health', from: 'grpc-health-check', folder: 'proto', file: 'health/v1/health.proto' },
  ...['v1', 'v1alpha'].map((version) => ({
    name: `grpc.reflection.${version}.ServerReflection`,
    from: '@grpc/reflection',
    folder: 'build/proto',
    file: `grpc/reflection/${version}/reflection.proto`,
  })),
];

/**
 * Serves gRPC reflection (v1 and v1alpha). The descriptors of our services take a tenth of a second and some megabytes to
 * make, and most processes are never asked: they are made for the first who asks.
 * @param services Full names of the services that the server has, such as gantry.api.v1.PodService.
 */
export function addReflection(server: Server, services: readonly string[]): void {
  let made: Implementations | undefined;
  for (const [definition] of collect(new ReflectionService({}))) {
    const path = pathOf(definition);
    server.addService(definition, {
      ServerReflectionInfo: (call: ServerDuplexStream<unknown, unknown>) => {
        made ??= implementations(services);
        made.get(path)!.ServerReflectionInfo!(call as never, undefined as never);
      },
    });
  }
}

/** Implementations that answer about these services and the standard ones, by the path of the method. */
function implementations(services: readonly string[]): Implementations {
  const listed = [...services, ...standardServices.map(({ name }) => name)];
  // The library reads no more of a definition than its descriptors.
  const definition = { all: { format: 'descriptors', type: {}, fileDescriptorProtos: allDescriptors() } } as never;
  const reflection = new ReflectionService(definition, { services: listed });
  return new Map([...collect(reflection)].map(([each, handlers]) => [pathOf(each), handlers]));
}

function allDescriptors(): Buffer[] {
  const standard = standardServices.map(({ from, folder, file }) => {
    const packageFolder = dirname(createRequire(import.meta.url).resolve(`${from}/package.json`));
    return describeFile(join(packageFolder, folder), file);
  });
  return [describeOwnFiles(), ...standard].flatMap((files) => [...files.values()]);
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

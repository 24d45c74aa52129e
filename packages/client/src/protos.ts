/**
 * The gRPC services of gantry.api.v1 as @grpc/grpc-js takes them, for clients and servers alike. Requests and responses
 * that carry objects have Kubernetes' JSON form (@gantry/model/codec.ts); those of PodService, which carry bytes,
 * of TrafficService, MetricsService and AccessService, and those of PlacementService but for simulations, are plain protobuf with Buffers.
 */
import { type Codec, codecFor } from '@gantry/model/codec.ts';
import { declarations } from '@gantry/model/declarations.ts';
import { loadRoot } from '@gantry/model/proto-root.ts';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';

const servicePackage = 'gantry.api.v1';

/** Reads and writes objects. Server methods may answer with bytes that encodeMessage made. */
export const resourceService: ServiceDefinition = serviceDefinition('ResourceService', codecFor);
/** Binds and evicts pods. */
export const schedulingService: ServiceDefinition = serviceDefinition('SchedulingService', codecFor);
/** Hears from nodes. */
export const nodeService: ServiceDefinition = serviceDefinition('NodeService', codecFor);
/** Reaches into running pods; served by the api and by node agents. */
export const podService: ServiceDefinition = serviceDefinition('PodService', plainCodec);
/** Gives service accounts their tokens. */
export const tokenService: ServiceDefinition = serviceDefinition('TokenService', codecFor);
/** Tells of placements; served by the api and by schedulers. Simulations carry nodes and pods. */
export const placementService: ServiceDefinition = serviceDefinition('PlacementService', (name) =>
  name.startsWith(`${servicePackage}.Simulate`) ? codecFor(name) : plainCodec(name),
);
/** Tells of requests to Services; served by the api and by xDS servers. */
export const trafficService: ServiceDefinition = serviceDefinition('TrafficService', plainCodec);
/** Tells servers of their callers. */
export const accessService: ServiceDefinition = serviceDefinition('AccessService', plainCodec);
/** Tells of usage and of metrics. */
export const metricsService: ServiceDefinition = serviceDefinition('MetricsService', plainCodec);

/**
 * A message of gantry.api.v1 as bytes. Handlers may send the bytes in the message's place: an event that goes to many
 * watchers is encoded once.
 * @param name Such as WatchEvent.
 */
export function encodeMessage(name: string, message: object): Buffer {
  return asBuffer(codecFor(`${servicePackage}.${name}`).encode(message, 'drop'));
}

type MessageType = ReturnType<ReturnType<typeof loadRoot>['lookupType']>;

/** The parts of a service's declaration that are read here. */
interface ServiceJson {
  readonly methods: Readonly<
    Record<
      string,
      {
        readonly requestType: string;
        readonly responseType: string;
        readonly requestStream?: boolean;
        readonly responseStream?: boolean;
      }
    >
  >;
}

function serviceDefinition(name: string, codecOf: (messageName: string) => Codec): ServiceDefinition {
  return serviceDefinitionOf(`${servicePackage}.${name}`, codecOf);
}

/**
 * A service that proto/ declares. Its messages are of its own package.
 * @param fullName Such as gantry.api.v1.PodService.
 * @param codecOf The codec of a message by its full name; the JSON form, with bytes in base64, by default.
 */
export function serviceDefinitionOf(
  fullName: string,
  codecOf: (messageName: string) => Codec = codecFor,
): ServiceDefinition {
  const packageName = fullName.slice(0, fullName.lastIndexOf('.'));
  const { methods: declared } = declarations()[fullName]!.json as unknown as ServiceJson;
  const methods = Object.entries(declared).map(([methodName, method]): [string, MethodDefinition<object, object>] => {
    const request = codecOf(`${packageName}.${method.requestType}`);
    const response = codecOf(`${packageName}.${method.responseType}`);
    const definition = {
      path: `/${fullName}/${methodName}`,
      requestStream: method.requestStream === true,
      responseStream: method.responseStream === true,
      requestSerialize: (value: object) => asBuffer(request.encode(value)),
      requestDeserialize: (bytes: Buffer) => request.decode(bytes) as object,
      // Objects that a newer api stored may have fields that this one cannot send.
      responseSerialize: (value: object) =>
        asBuffer(value instanceof Uint8Array ? value : response.encode(value, 'drop')),
      responseDeserialize: (bytes: Buffer) => response.decode(bytes) as object,
    };
    return [methodName, definition];
  });
  return Object.fromEntries(methods);
}

/** Protobuf as it is: bytes are Buffers, absent fields have their zero values, and a oneof's name tells which is set. */
function plainCodec(messageName: string): Codec {
  // Most processes never speak these messages: their coders are made for the first that does.
  let known: MessageType | undefined;
  const type = (): MessageType => {
    known ??= loadRoot().lookupType(messageName);
    return known;
  };
  const options = { longs: Number, enums: String, defaults: true, oneofs: true };
  return {
    encode: (value) => type().encode(type().fromObject(value)).finish(),
    decode: (bytes) => type().toObject(type().decode(bytes), options),
  };
}

/** The same memory as a Buffer, which is what @grpc/grpc-js wants. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

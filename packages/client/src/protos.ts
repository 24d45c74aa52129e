/**
 * The gRPC services of gantry.api.v1 as @grpc/grpc-js takes them, for clients and servers alike. Requests and responses
 * that carry objects have Kubernetes' JSON form (@gantry/model/codec.ts); those of PodService, which carry bytes, are
 * plain protobuf with Buffers.
 */
import { fileURLToPath } from 'node:url';
import { codecFor } from '@gantry/model/codec.ts';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from '@grpc/proto-loader';

const servicePackage = 'gantry.api.v1';
const protoDirectory = fileURLToPath(new URL('../../../proto', import.meta.url));

/** Every message and service of gantry.api.v1 and what they use, with file descriptors: what reflection serves. */
export const packageDefinition: PackageDefinition = loadSync(
  ['resources', 'scheduling', 'nodes', 'pods'].map((name) => `gantry/api/v1/${name}.proto`),
  { includeDirs: [protoDirectory], keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true },
);

/** Reads and writes objects. Server methods may answer with bytes that encodeMessage made. */
export const resourceService: ServiceDefinition = withObjectCodecs(serviceNamed('ResourceService'));
/** Binds and evicts pods. */
export const schedulingService: ServiceDefinition = withObjectCodecs(serviceNamed('SchedulingService'));
/** Hears from nodes. */
export const nodeService: ServiceDefinition = withObjectCodecs(serviceNamed('NodeService'));
/** Reaches into running pods; served by the api and by node agents. */
export const podService: ServiceDefinition = serviceNamed('PodService');

/**
 * A message of gantry.api.v1 as bytes. Handlers may send the bytes in the message's place: an event that goes to many
 * watchers is encoded once.
 * @param name Such as WatchEvent.
 */
export function encodeMessage(name: string, message: object): Buffer {
  return asBuffer(codecFor(`${servicePackage}.${name}`).encode(message));
}

function serviceNamed(name: string): ServiceDefinition {
  return packageDefinition[`${servicePackage}.${name}`] as unknown as ServiceDefinition;
}

function withObjectCodecs(service: ServiceDefinition): ServiceDefinition {
  const methods = Object.entries(service).map(([name, method]) => [name, withObjectCodec(method)]);
  return Object.fromEntries(methods) as ServiceDefinition;
}

function withObjectCodec(method: MethodDefinition<object, object>): MethodDefinition<object, object> {
  const { requestType, responseType } = method as typeof method & Record<string, MessageTypeDefinition<object, object>>;
  const request = codecFor(fullName(requestType!));
  const response = codecFor(fullName(responseType!));
  return {
    ...method,
    requestSerialize: (value) => asBuffer(request.encode(value)),
    requestDeserialize: (bytes) => request.decode(bytes) as object,
    responseSerialize: (value) => asBuffer(value instanceof Uint8Array ? value : response.encode(value)),
    responseDeserialize: (bytes) => response.decode(bytes) as object,
  };
}

function fullName(message: MessageTypeDefinition<object, object>): string {
  return `${servicePackage}.${(message.type as { name: string }).name}`;
}

/** The same memory as a Buffer, which is what @grpc/grpc-js wants. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

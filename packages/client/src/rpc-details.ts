import { createRequire } from 'node:module';
import type protobuf from 'protobufjs';

/**
 * The messages of google.rpc that error details are made of, with the field numbers of google/rpc/status.proto and
 * google/rpc/error_details.proto. Any is written out, as only these few types are ever packed into one.
 */
const messages = {
  nested: {
    Duration: { fields: { seconds: { id: 1, type: 'int64' }, nanos: { id: 2, type: 'int32' } } },
    Any: { fields: { typeUrl: { id: 1, type: 'string' }, value: { id: 2, type: 'bytes' } } },
    Status: {
      fields: {
        code: { id: 1, type: 'int32' },
        message: { id: 2, type: 'string' },
        details: { id: 3, rule: 'repeated', type: 'Any' },
      },
    },
    FieldViolation: {
      fields: {
        field: { id: 1, type: 'string' },
        description: { id: 2, type: 'string' },
        reason: { id: 3, type: 'string' },
      },
    },
    BadRequest: { fields: { fieldViolations: { id: 1, rule: 'repeated', type: 'FieldViolation' } } },
    ResourceInfo: { fields: { resourceType: { id: 1, type: 'string' }, resourceName: { id: 2, type: 'string' } } },
    ErrorInfo: {
      fields: {
        reason: { id: 1, type: 'string' },
        domain: { id: 2, type: 'string' },
      },
    },
    RetryInfo: { fields: { retryDelay: { id: 1, type: 'Duration' } } },
  },
};

let known: protobuf.Root | undefined;

/** The messages, once an error with details comes or goes: the library is large, and most processes see none. */
function root(): protobuf.Root {
  const library = createRequire(import.meta.url)('protobufjs') as typeof protobuf;
  known ??= library.Root.fromJSON(messages);
  return known;
}

/** A detail of an error, by the google.rpc message it is. */
export interface RpcDetails {
  BadRequest?: { fieldViolations: { field: string; description: string; reason: string }[] };
  ResourceInfo?: { resourceType: string; resourceName: string };
  ErrorInfo?: { reason: string; domain: string };
  RetryInfo?: { retryDelay: { seconds: number; nanos: number } };
}

const detailTypes = ['ErrorInfo', 'BadRequest', 'ResourceInfo', 'RetryInfo'] as const;
const typeUrlPrefix = 'type.googleapis.com/google.rpc.';

/** google.rpc.Status with these details, as bytes. */
export function encodeRpcStatus(code: number, message: string, details: RpcDetails): Buffer {
  const packed = detailTypes
    .filter((name) => details[name] !== undefined)
    .map((name) => ({ typeUrl: `${typeUrlPrefix}${name}`, value: encode(name, details[name]) }));
  return encode('Status', { code, message, details: packed });
}

/** The details of a google.rpc.Status that are of types known here; undefined where the bytes are no such message. */
export function decodeRpcStatus(bytes: Uint8Array): RpcDetails | undefined {
  try {
    const status = decode('Status', bytes) as { details: { typeUrl: string; value: Uint8Array }[] };
    const found: Record<string, unknown> = {};
    for (const detail of status.details) {
      const name = detailTypes.find((known) => detail.typeUrl === `${typeUrlPrefix}${known}`);
      if (name !== undefined) found[name] = decode(name, detail.value);
    }
    return found as RpcDetails;
  } catch {
    return undefined; // Whoever sent this is not Gantry; the status code alone has to do.
  }
}

function encode(name: string, value: unknown): Buffer {
  const type = root().lookupType(name);
  return Buffer.from(type.encode(type.fromObject(value as Record<string, unknown>)).finish());
}

function decode(name: string, bytes: Uint8Array): unknown {
  const type = root().lookupType(name);
  return type.toObject(type.decode(bytes), { defaults: true, arrays: true, longs: Number });
}

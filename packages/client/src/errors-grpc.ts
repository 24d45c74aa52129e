/**
 * A GantryError as a gRPC status and back. The status carries google.rpc details: ErrorInfo with the reason, BadRequest
 * with the fields, ResourceInfo with the object and RetryInfo with the wait, so that clients in any language see all of it.
 */
import { GantryError, GrpcCode, type Reason, reasonTable, toGantryError } from '@gantry/runtime/errors.ts';
import { Metadata, type ServiceError, type StatusObject } from '@grpc/grpc-js';
import { decodeRpcStatus, encodeRpcStatus, type RpcDetails } from './rpc-details.ts';

/** Domain of our ErrorInfo reasons. */
const domain = 'gantry.dev';

const detailsKey = 'grpc-status-details-bin';

/**
 * Clients refuse trailers beyond a limit, 8 KiB by default in gRPC's C core. The text and the details share it, the text
 * percent-encoded and the details, which hold it once more, in base64.
 */
const maxMessageCharacters = 1_024;
/** Names and paths of fields are in the details as they came; nobody's are longer than this on purpose. */
const maxNameCharacters = 512;
const maxDetailsBytes = 4_096;

/** Reason for each gRPC code, for statuses without an ErrorInfo of ours. */
const reasonOfCode: Readonly<Record<number, Reason>> = {
  [GrpcCode.CANCELLED]: 'Cancelled',
  [GrpcCode.UNKNOWN]: 'InternalError',
  [GrpcCode.INVALID_ARGUMENT]: 'BadRequest',
  [GrpcCode.DEADLINE_EXCEEDED]: 'Timeout',
  [GrpcCode.NOT_FOUND]: 'NotFound',
  [GrpcCode.ALREADY_EXISTS]: 'AlreadyExists',
  [GrpcCode.PERMISSION_DENIED]: 'Forbidden',
  [GrpcCode.RESOURCE_EXHAUSTED]: 'TooManyRequests',
  [GrpcCode.FAILED_PRECONDITION]: 'FailedPrecondition',
  [GrpcCode.ABORTED]: 'Conflict',
  [GrpcCode.OUT_OF_RANGE]: 'Expired',
  [GrpcCode.UNIMPLEMENTED]: 'MethodNotAllowed',
  [GrpcCode.INTERNAL]: 'InternalError',
  [GrpcCode.UNAVAILABLE]: 'ServiceUnavailable',
  [GrpcCode.UNAUTHENTICATED]: 'Unauthorized',
};

/** The gRPC status to end a call with, for anything thrown. */
export function toGrpcStatus(thrown: unknown): StatusObject {
  const error = toGantryError(thrown);
  const code = reasonTable[error.reason].grpc;
  const message = truncate(error.message);
  const metadata = new Metadata();
  metadata.set(detailsKey, boundedDetails(code, message, error));
  return { code, details: message, metadata };
}

/** The same as an Error, which is what handlers of unary calls and streams of @grpc/grpc-js take. */
export function toServiceError(thrown: unknown): ServiceError {
  const status = toGrpcStatus(thrown);
  return Object.assign(new Error(status.details), { ...status, metadata: status.metadata ?? new Metadata() });
}

/** The GantryError that a call failed with, for anything that a call of @grpc/grpc-js rejects with. */
export function fromGrpcError(thrown: unknown): GantryError {
  if (thrown instanceof GantryError || !isStatus(thrown)) return toGantryError(thrown);
  const packed = thrown.metadata?.get(detailsKey)[0];
  const details = packed instanceof Buffer ? decodeRpcStatus(packed) : undefined;
  const reason = ownReason(details) ?? reasonWithoutDetails(thrown);
  return new GantryError(reason, thrown.details === '' ? reason : thrown.details, {
    causes: details?.BadRequest?.fieldViolations.map(({ field, description, reason }) => ({
      field,
      message: description,
      reason: reason as GantryError['causes'][number]['reason'],
    })),
    resource: details?.ResourceInfo && parseResource(details.ResourceInfo),
    retryAfterMs: details?.RetryInfo && durationMs(details.RetryInfo.retryDelay),
    cause: thrown,
  });
}

/** Leaves out the last causes where they would not fit: the first ones are what a user mends first. */
function boundedDetails(code: number, message: string, error: GantryError): Buffer {
  let causes = error.causes;
  for (;;) {
    const bytes = encodeRpcStatus(code, message, detailsOf(error, causes));
    if (bytes.length <= maxDetailsBytes || causes.length === 0) return bytes;
    causes = causes.slice(0, Math.floor(causes.length / 2));
  }
}

function detailsOf(error: GantryError, causes: GantryError['causes']): RpcDetails {
  const details: RpcDetails = { ErrorInfo: { reason: error.reason, domain } };
  if (causes.length > 0) {
    details.BadRequest = {
      fieldViolations: causes.map(({ field, message, reason }) => {
        return { field: truncate(field, maxNameCharacters), description: truncate(message), reason };
      }),
    };
  }
  if (error.resource) {
    const { group, resource, name } = error.resource;
    const resourceType = group === '' ? resource : `${resource}.${group}`;
    details.ResourceInfo = { resourceType, resourceName: truncate(name, maxNameCharacters) };
  }
  if (error.retryAfterMs !== undefined) {
    const seconds = Math.floor(error.retryAfterMs / 1_000);
    const nanos = Math.round((error.retryAfterMs - seconds * 1_000) * 1_000_000);
    details.RetryInfo = { retryDelay: { seconds, nanos } };
  }
  return details;
}

function isStatus(thrown: unknown): thrown is StatusObject {
  return thrown instanceof Object && 'code' in thrown && typeof thrown.code === 'number' && 'details' in thrown;
}

/** Reason of a status that was not made by our handlers. */
function reasonWithoutDetails({ code, details }: StatusObject): Reason {
  // gRPC itself refuses messages beyond its limits, on either side, with the code that also means "not now".
  if (code === GrpcCode.RESOURCE_EXHAUSTED && /message.* larger than/.test(details)) return 'RequestEntityTooLarge';
  return reasonOfCode[code] ?? 'InternalError';
}

function ownReason(details: RpcDetails | undefined): Reason | undefined {
  const info = details?.ErrorInfo;
  return info?.domain === domain && info.reason in reasonTable ? (info.reason as Reason) : undefined;
}

function parseResource(info: { resourceType: string; resourceName: string }): NonNullable<GantryError['resource']> {
  const dot = info.resourceType.indexOf('.');
  return dot < 0
    ? { group: '', resource: info.resourceType, name: info.resourceName }
    : { group: info.resourceType.slice(dot + 1), resource: info.resourceType.slice(0, dot), name: info.resourceName };
}

function durationMs(duration: { seconds: number; nanos: number }): number {
  return duration.seconds * 1_000 + duration.nanos / 1_000_000;
}

/** Cut in the middle: texts begin with what they are about, which may be long, and end with what is wrong with it. */
function truncate(text: string, most: number = maxMessageCharacters): string {
  if (text.length <= most) return text;
  const head = Math.ceil((most - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (most - 1 - head))}`;
}

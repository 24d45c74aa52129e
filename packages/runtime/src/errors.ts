/**
 * The one error class of Gantry. A refusal carries a machine-readable reason (Kubernetes' own where it has one),
 * the text a user sees, and where it is about input, the fields it is about.
 */

/** One field that an error is about. */
export interface FieldCause {
  /** Kubernetes' cause type, such as FieldValueInvalid. */
  readonly reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueForbidden'
    | 'FieldValueDuplicate'
    | 'FieldValueNotFound'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldValueTypeInvalid'
    | 'FieldManagerConflict'
    /** The revision that was asked for does not exist yet; no field is named. */
    | 'ResourceVersionTooLarge'
    /** Nothing new may come into a namespace that ends. */
    | 'NamespaceTerminating'
    /** A disruption budget forbids it; no field is named. */
    | 'DisruptionBudget';
  /** Path of the field, such as spec.containers[0].image. */
  readonly field: string;
  /** The problem, with the value. */
  readonly message: string;
}

/** The object that an error is about. */
export interface ResourceInfo {
  readonly group: string;
  /** The plural resource name, such as pods. */
  readonly resource: string;
  /** Such as Pod, where the kind is known: refusals of what an object says name it in the resource's place. */
  readonly kind?: string;
  readonly name: string;
}

/** gRPC status codes by the names that the gRPC specification gives them. */
export const GrpcCode = {
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

/**
 * The one table between reasons, gRPC codes and HTTP codes. HTTP codes are those of Kubernetes' Status for the same
 * reason (k8s.io/apimachinery meta/v1 StatusReason).
 */
export const reasonTable = {
  BadRequest: { grpc: GrpcCode.INVALID_ARGUMENT, http: 400 },
  Invalid: { grpc: GrpcCode.INVALID_ARGUMENT, http: 422 },
  Unauthorized: { grpc: GrpcCode.UNAUTHENTICATED, http: 401 },
  Forbidden: { grpc: GrpcCode.PERMISSION_DENIED, http: 403 },
  NotFound: { grpc: GrpcCode.NOT_FOUND, http: 404 },
  MethodNotAllowed: { grpc: GrpcCode.UNIMPLEMENTED, http: 405 },
  AlreadyExists: { grpc: GrpcCode.ALREADY_EXISTS, http: 409 },
  /** The object changed since it was read; read it again and retry. */
  Conflict: { grpc: GrpcCode.ABORTED, http: 409 },
  /** The request is well formed but the object's state does not allow it. */
  FailedPrecondition: { grpc: GrpcCode.FAILED_PRECONDITION, http: 409 },
  /** The revision asked for was compacted; list again. */
  Expired: { grpc: GrpcCode.OUT_OF_RANGE, http: 410 },
  RequestEntityTooLarge: { grpc: GrpcCode.RESOURCE_EXHAUSTED, http: 413 },
  /** No form in which the client takes answers is known. */
  NotAcceptable: { grpc: GrpcCode.INVALID_ARGUMENT, http: 406 },
  UnsupportedMediaType: { grpc: GrpcCode.INVALID_ARGUMENT, http: 415 },
  TooManyRequests: { grpc: GrpcCode.RESOURCE_EXHAUSTED, http: 429 },
  Timeout: { grpc: GrpcCode.DEADLINE_EXCEEDED, http: 504 },
  Cancelled: { grpc: GrpcCode.CANCELLED, http: 499 },
  ServiceUnavailable: { grpc: GrpcCode.UNAVAILABLE, http: 503 },
  InternalError: { grpc: GrpcCode.INTERNAL, http: 500 },
} as const;

/** Why a request was refused. */
export type Reason = keyof typeof reasonTable;

/** Parts of Kubernetes' Status that somebody else chose, such as a webhook that refuses: clients get them as they are. */
export interface ForeignStatus {
  /** The HTTP status code, from 400 on. */
  readonly code: number;
  /** Any word; absent where there is none. */
  readonly reason?: string | undefined;
  readonly details?: object | undefined;
}

/** Details of an error beside its reason and text. */
export interface GantryErrorDetails {
  readonly causes?: readonly FieldCause[];
  /** The Status that clients over REST get in place of that of the reason. */
  readonly status?: ForeignStatus;
  readonly resource?: ResourceInfo;
  /** Milliseconds after which a retry may succeed. */
  readonly retryAfterMs?: number;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/** A refusal with a reason. The message is shown to users as it is. */
export class GantryError extends Error {
  readonly reason: Reason;
  readonly causes: readonly FieldCause[];
  readonly status: ForeignStatus | undefined;
  readonly resource: ResourceInfo | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(reason: Reason, message: string, details: GantryErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'GantryError';
    this.reason = reason;
    this.causes = details.causes ?? [];
    this.status = details.status;
    this.resource = details.resource;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** True for a GantryError with one of the reasons (any reason where none is given). */
export function isError(error: unknown, ...reasons: readonly Reason[]): error is GantryError {
  return error instanceof GantryError && (reasons.length === 0 || reasons.includes(error.reason));
}

/** `pods "web" not found`, as Kubernetes words it. */
export function notFound(resource: ResourceInfo): GantryError {
  return new GantryError('NotFound', `${qualified(resource)} "${resource.name}" not found`, { resource });
}

/** `pods "web" already exists`, as Kubernetes words it. */
export function alreadyExists(resource: ResourceInfo): GantryError {
  return new GantryError('AlreadyExists', `${qualified(resource)} "${resource.name}" already exists`, { resource });
}

/** Kubernetes' wording of a lost optimistic lock, or of the given problem. */
export function conflict(resource: ResourceInfo, problem?: string): GantryError {
  const why = problem ?? 'the object has been modified; please apply your changes to the latest version and try again';
  return new GantryError(
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(resource)} "${resource.name}": ${why}`,
    {
      resource,
    },
  );
}

/** The error for anything thrown: a GantryError as it is, an abort as Cancelled, everything else as InternalError. */
export function toGantryError(thrown: unknown): GantryError {
  if (thrown instanceof GantryError) return thrown;
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    return new GantryError('Cancelled', 'the request was cancelled', { cause: thrown });
  }
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new GantryError('InternalError', `Internal error occurred: ${text}`, { cause: thrown });
}

function qualified(resource: ResourceInfo): string {
  return resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`;
}

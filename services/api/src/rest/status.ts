import { type GantryError, reasonTable } from '@gantry/runtime/errors.ts';

/** Kubernetes' Status, the answer to a request that failed, and to some that succeeded. */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: { readonly continue?: string };
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  /** The HTTP status code; absent where Kubernetes says none. */
  readonly code?: number;
}

interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly { readonly reason: string; readonly message: string; readonly field?: string }[];
  readonly retryAfterSeconds?: number;
}

/** Reasons that Kubernetes has another word for, or none. */
const reasonNames: Readonly<Partial<Record<keyof typeof reasonTable, string>>> = {
  FailedPrecondition: 'Conflict',
  Cancelled: 'Timeout',
};

/** The Status of a refusal. */
export function statusOf(error: GantryError): Status {
  const { reason, message, causes, resource, retryAfterMs, status: foreign } = error;
  if (foreign !== undefined) {
    const { code, reason: word, details } = foreign;
    const shown = { ...(word ? { reason: word } : {}), ...(details === undefined ? {} : { details }) };
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, ...shown, code };
  }
  // The refusals of a path that there is not, and of a method, have details without any.
  const isOfPath = resource === undefined && (reason === 'NotFound' || reason === 'MethodNotAllowed');
  // As Kubernetes has it: what an object says is wrong for its kind, everything else for its resource.
  const kind = (reason === 'Invalid' ? resource?.kind : undefined) ?? resource?.resource;
  const details: StatusDetails = {
    ...(resource?.name ? { name: resource.name } : {}),
    ...(resource?.group ? { group: resource.group } : {}),
    ...(kind ? { kind } : {}),
    ...(causes.length > 0
      ? {
          causes: causes.map(({ reason: cause, message: text, field }) => ({
            reason: cause,
            message: text,
            ...(field ? { field } : {}),
          })),
        }
      : {}),
    ...(retryAfterMs === undefined ? {} : { retryAfterSeconds: Math.max(1, Math.ceil(retryAfterMs / 1_000)) }),
  };
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason: reasonNames[reason] ?? reason,
    ...(isOfPath || Object.keys(details).length > 0 ? { details } : {}),
    code: reasonTable[reason].http,
  };
}

/** The answer to what was created and has no object of its own. */
export const createdStatus: Status = {
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  code: 201,
};

/** The Status of a deletion after which the object is gone. */
export function deletedStatus(details: { name: string; group: string; kind: string; uid: string | undefined }): Status {
  const { name, group, kind, uid } = details;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...(group ? { group } : {}), kind, ...(uid ? { uid } : {}) },
  };
}

/** The answer to a token whose revision is no longer kept. @param token Goes on with the state of now. */
export function expiredTokenStatus(token: string): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: { continue: token },
    status: 'Failure',
    message: expiredTokenMessage,
    reason: 'Expired',
    code: 410,
  };
}

// Kubernetes' words, which clients show.
const expiredTokenMessage =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue ' +
  'parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided ' +
  'token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was ' +
  'returned and now may show up in the list.';

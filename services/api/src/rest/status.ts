import { type GantryError, reasonTable } from '@gantry/runtime/errors.ts';

/** Kubernetes' Status, the answer to a request that failed, and to some that succeeded. */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: Record<string, never>;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code: number;
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
export function statusOf({ reason, message, causes, resource, retryAfterMs }: GantryError): Status {
  const details: StatusDetails = {
    ...(resource?.name ? { name: resource.name } : {}),
    ...(resource?.group ? { group: resource.group } : {}),
    ...(resource ? { kind: resource.resource } : {}),
    ...(causes.length > 0
      ? { causes: causes.map(({ reason: cause, message: text, field }) => ({ reason: cause, message: text, field })) }
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
    ...(Object.keys(details).length > 0 ? { details } : {}),
    code: reasonTable[reason].http,
  };
}

/** The Status of a deletion after which the object is gone. */
export function deletedStatus(details: { name: string; group: string; kind: string; uid: string | undefined }): Status {
  const { name, group, kind, uid } = details;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...(group ? { group } : {}), kind, ...(uid ? { uid } : {}) },
    code: 200,
  };
}

import type { Wrapped } from '@gantry/client/object-messages.ts';

// The requests of gantry.api.v1 in their JSON form: a field with its zero value is absent. See proto/gantry/api/v1.

export interface RefMessage {
  readonly resource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

export interface GetRequest {
  readonly ref?: RefMessage;
  readonly metadataOnly?: boolean;
}

export interface UpdateScaleRequest {
  readonly ref?: RefMessage;
  readonly uid?: string;
  readonly replicas?: number;
  readonly expectedReplicas?: number;
  readonly dryRun?: boolean;
}

export interface QueryMessage {
  readonly resource?: string;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly metadataOnly?: boolean;
}

export interface ListRequest extends QueryMessage {
  readonly limit?: number;
  readonly continue?: string;
}

export interface WatchRequest extends QueryMessage {
  readonly resourceVersion?: number;
  readonly prompt?: boolean;
}

/** CreateRequest, and UpdateRequest of a status. */
export interface ObjectRequest {
  readonly object?: Wrapped;
  readonly dryRun?: boolean;
}

export interface UpdateRequest extends ObjectRequest {
  readonly subresource?: string;
}

export interface CreateBatchRequest {
  readonly objects?: readonly Wrapped[];
  readonly dryRun?: boolean;
}

export interface PatchRequest {
  readonly ref?: RefMessage;
  readonly type?: string;
  /** In base64. */
  readonly patch?: string;
  readonly subresource?: string;
  readonly dryRun?: boolean;
}

export interface ChangeMessage {
  readonly patch?: PatchRequest;
  readonly delete?: DeleteRequest;
}

export interface ChangeBatchRequest {
  readonly changes?: readonly ChangeMessage[];
  readonly dryRun?: boolean;
}

export interface ApplyRequest {
  /** In base64. */
  readonly manifest?: string;
  readonly defaultNamespace?: string;
  readonly dryRun?: boolean;
  readonly fieldManager?: string;
  readonly force?: boolean;
}

export interface DeleteRequest {
  readonly ref?: RefMessage;
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly dryRun?: boolean;
}

export interface DeleteCollectionRequest extends QueryMessage {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: string;
  readonly dryRun?: boolean;
}

/** Answers of the api as they come over the wire. */
import type { ItemResult } from './api.ts';
import type { ObjectRef, Wrapped } from './object-messages.ts';

/** gantry.api.v1.ListResponse. */
export interface ListMessage {
  readonly items?: readonly Wrapped[];
  readonly resourceVersion?: number;
  readonly continue?: string;
  readonly damaged?: readonly {
    readonly ref?: Partial<ObjectRef>;
    readonly resourceVersion?: number;
    readonly problem?: string;
  }[];
}

/** Fields with their zero values are absent on the wire. */
export function itemResult({
  code = 0,
  message = '',
  reason = '',
  resourceVersion = 0,
}: Partial<ItemResult>): ItemResult {
  return { code, message, reason, resourceVersion };
}

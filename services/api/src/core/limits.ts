import { GantryError } from '@gantry/runtime/errors.ts';
import type { ListBounds } from './list-budget.ts';

/** Bounds of what one api process accepts. A request beyond one is refused with RESOURCE_EXHAUSTED or INVALID_ARGUMENT. */
export interface Limits {
  /** Largest gRPC message received, in bytes: a manifest of 3 MiB, the largest that is read, and what goes with it. */
  readonly maxRequestBytes: number;
  /** Largest object stored, in characters of its JSON. etcd's default request limit, which Kubernetes' users know, is 1.5 MiB. */
  readonly maxObjectChars: number;
  /** Most objects on a page of a list; a greater or absent limit gets this many and a token. */
  readonly maxPageItems: number;
  /** Characters of JSON after which a page ends, so that a reply fits the 4 MiB that gRPC clients take by default. */
  readonly maxPageChars: number;
  /** Lists under way, by the size of their pages. */
  readonly lists: ListBounds;
  /** Watches open at one time. */
  readonly maxWatches: number;
  /** Events that wait for one slow watcher; past this it reads what it missed from the store's history. */
  readonly maxWatchBacklog: number;
  /** Watches that read old changes from the store at one time; others wait. */
  readonly maxCatchUps: number;
  /** Seats of requests in work at one time, but for those of administrators: kube-apiserver's 400 that read and 200 that write. */
  readonly maxInFlight: number;
  /** Items of a CreateBatch, ChangeBatch, Bind, ReportUnschedulable or ReportPods. */
  readonly maxBatchItems: number;
  /** Characters of a label or field selector. */
  readonly maxSelectorChars: number;
  /** Open Logs, Exec, Attach and PortForward calls. */
  readonly maxPodStreams: number;
  /** Events (the kind) that wait to be written; the oldest are dropped past this. */
  readonly maxPendingEvents: number;
}

export const defaultLimits: Limits = {
  maxRequestBytes: 4 * 1024 * 1024,
  maxObjectChars: 1.5 * 1024 * 1024,
  maxPageItems: 5_000,
  maxPageChars: 3 * 1024 * 1024,
  // A page in work takes some six times its characters: its text, its objects and its answer. Five full pages at a time.
  lists: { inWork: 16 * 1024 * 1024, waiting: 256 * 1024 * 1024, unsent: 128 * 1024 * 1024 },
  maxWatches: 20_000,
  maxWatchBacklog: 4_096,
  maxCatchUps: 8,
  maxInFlight: 600,
  maxBatchItems: 1_024,
  maxSelectorChars: 16 * 1024,
  maxPodStreams: 1_024,
  maxPendingEvents: 20_000,
};

/** Refuses a batch that is too large. */
export function checkBatchSize(field: string, items: number, most: number): void {
  if (items <= most) return;
  throw new GantryError('RequestEntityTooLarge', `${field}: Too many: ${items}: must have at most ${most} items`, {
    causes: [{ reason: 'FieldValueTooMany', field, message: `Too many: ${items}: must have at most ${most} items` }],
  });
}

import type { ScopedResourceSelectorRequirement } from '../gen/gantry.core.v1.ts';
import type { Amounts } from './amounts.ts';

/** A write, as far as quotas go by it. */
export interface CountedWrite<T> {
  readonly operation: 'CREATE' | 'UPDATE';
  /** Empty for the object itself. */
  readonly subresource: string;
  readonly object: T;
  /** Undefined for a creation. */
  readonly stored: T | undefined;
}

/** Counts the objects of a kind. Pure. */
export interface Counter<T> {
  /** Whether a write may take more. */
  readonly handles: (write: CountedWrite<T>) => boolean;
  /** Whether it counts a resource by this name of a quota. */
  readonly counts: (name: string) => boolean;
  /** All that an object takes, by the names that quotas give it. */
  readonly usage: (object: T, nowMs: number) => Amounts;
  /** Whether an object has a property that a quota demands. */
  readonly matches: (scope: ScopedResourceSelectorRequirement, object: T) => boolean;
  /** The refusal of an object that leaves open what a quota bounds. */
  readonly problem?: (required: readonly string[], object: T) => string | undefined;
}

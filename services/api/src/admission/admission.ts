import type { GantryError } from '@gantry/runtime/errors.ts';
import type { Operation } from '@gantry/store/store.ts';
import type { AnyObject, Stored } from '../core/stored-object.ts';

/** A write that is about to be committed: a creation (no `stored`), a change, or a removal (no `object`). */
export interface Admittance {
  readonly object: AnyObject | undefined;
  readonly stored: Stored | undefined;
  /** 1 at first; higher after the commit met somebody else's write. */
  readonly attempt: number;
}

/** A batch that was written. */
export interface CommittedBatch {
  readonly operations: readonly Operation[];
  /** Of each operation, as the store gave it. */
  readonly revisions: readonly number[];
}

/** The write after admission. */
export interface Admitted {
  /** The object with what the server gave it; undefined for a removal. */
  readonly object: AnyObject | undefined;
  /** Written in the same batch: all of it happens, or nothing. */
  readonly operations: readonly Operation[];
  /** The error for an operation of these that cannot succeed by trying again. */
  readonly explain?: (index: number) => GantryError | undefined;
  /** See Accompaniment. */
  readonly settle?: (committed?: CommittedBatch) => void;
}

/** Admission of one kind: the server's additions to its writes, beyond defaults and validation. */
export interface AdmissionPlugin {
  /** Before validation: carries what the server gave the stored object over to its replacement, in place. */
  readonly carryOver?: (object: AnyObject, stored: AnyObject) => void;
  /** After validation. */
  readonly admit: (admittance: Admittance) => Promise<Admitted>;
}

/** The plugins by resource with its group, such as persistentvolumeclaims: kinds of other groups may have the same name. */
export type Admission = Readonly<Record<string, AdmissionPlugin | undefined>>;

/** Admission of a kind without a plugin: as it is. */
export const admitAsIs: AdmissionPlugin = {
  admit: async ({ object }) => ({ object, operations: [] }),
};

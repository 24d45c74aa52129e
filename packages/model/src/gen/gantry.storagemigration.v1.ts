// Generated from proto/ by `npm run generate`; not edited by hand.

import type { Condition, ObjectMeta } from './gantry.meta.v1.ts';

/** Names a resource. */
export interface GroupResource {
  /** Group; empty for the core group. */
  group?: string;
  /** Plural name, such as "widgets". */
  resource?: string;
}

/** Asks that all objects of a resource be stored in the version in which new ones are. Not namespaced. */
export interface StorageVersionMigration {
  apiVersion: string;
  kind: 'StorageVersionMigration';
  /** Identity. */
  metadata: ObjectMeta;
  /** The resource. Fixed after creation. */
  spec?: StorageVersionMigrationSpec;
  /** Progress. */
  status?: StorageVersionMigrationStatus;
}

/** The objects that are stored anew. */
export interface StorageVersionMigrationSpec {
  /** Their resource. */
  resource: GroupResource;
}

/** Progress of a migration. */
export interface StorageVersionMigrationStatus {
  /** Conditions: Running, Succeeded, Failed. */
  conditions?: Condition[];
  /** Objects that were last written at this revision or before are stored anew; later ones are in the new version already. */
  resourceVersion?: string;
}

// Generated from proto/ by `npm run generate`; not edited by hand.

import type { ObjectMeta } from './gantry.meta.v1.ts';

/** A claim on something for a time: leadership, or being alive. Nodes renew theirs in the namespace kube-node-lease. */
export interface Lease {
  apiVersion: string;
  kind: 'Lease';
  /** Identity. */
  metadata: ObjectMeta;
  /** Holder and duration. */
  spec?: LeaseSpec;
}

/** Holder and duration of a lease. */
export interface LeaseSpec {
  /** Identity of the holder; empty while nobody holds it. */
  holderIdentity?: string;
  /** Seconds after renewTime from which others may take it; more than 0. */
  leaseDurationSeconds?: number;
  /** When the holder got it. */
  acquireTime?: string;
  /** When the holder last renewed it. */
  renewTime?: string;
  /** How often it changed hands. */
  leaseTransitions?: number;
  /** How a coordinator picks the holder, such as "OldestEmulationVersion"; candidates race for it where absent. */
  strategy?: string;
  /** Preferred next holder: the holder is to give it up. Only with strategy. */
  preferredHolder?: string;
}

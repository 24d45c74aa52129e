// Generated from proto/ by `npm run generate`; not edited by hand.

import type { ObjectMeta } from './gantry.meta.v1.ts';

/** The replica count of any scalable kind: the scale subresource. */
export interface Scale {
  /** Identity of the scaled object, with its resourceVersion. */
  metadata: ObjectMeta;
  /** Desired state. */
  spec?: ScaleSpec;
  /** Observed state. */
  status?: ScaleStatus;
}

/** Desired state. */
export interface ScaleSpec {
  /** How many pods. */
  replicas?: number;
}

/** Observed state. */
export interface ScaleStatus {
  /** How many pods there are. */
  replicas?: number;
  /** The pods' selector, in the text form of a query, such as "app=web". */
  selector?: string;
}

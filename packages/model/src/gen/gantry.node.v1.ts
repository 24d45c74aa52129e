// Generated from proto/ by `npm run generate`; not edited by hand.

import type { Toleration } from './gantry.core.v1.ts';
import type { ObjectMeta } from './gantry.meta.v1.ts';

/** Resources that a pod takes beside those of its containers. */
export interface Overhead {
  /** Amounts by resource. */
  podFixed?: Record<string, string>;
}

/** A way to run the containers of a pod, such as in a virtual machine. Not namespaced. */
export interface RuntimeClass {
  apiVersion: string;
  kind: 'RuntimeClass';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** Name of the way in the node's container runtime. Fixed after creation. */
  handler: string;
  /** Resources that a pod takes beside those of its containers. */
  overhead?: Overhead;
  /** Nodes that have it. */
  scheduling?: Scheduling;
}

/** Nodes that have a way to run containers. */
export interface Scheduling {
  /** Labels of the nodes; pods of the class get them as further demands. */
  nodeSelector?: Record<string, string>;
  /** Tolerations that pods of the class get. */
  tolerations?: Toleration[];
}

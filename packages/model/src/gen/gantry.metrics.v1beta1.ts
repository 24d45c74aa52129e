// Generated from proto/ by `npm run generate`; not edited by hand.

import type { ObjectMeta } from './gantry.meta.v1.ts';

/** Usage of a container. */
export interface ContainerMetrics {
  /** Name of the container. */
  name: string;
  /** Use of cpu over the window, and of memory at its end. */
  usage: Record<string, string>;
}

/** Usage of a node. Not namespaced. */
export interface NodeMetrics {
  apiVersion: string;
  kind: 'NodeMetrics';
  /** Name and labels of the node. */
  metadata: ObjectMeta;
  /** End of the window over which usage was measured. */
  timestamp: string;
  /** Length of the window. */
  window: string;
  /** Use of cpu over the window, and of memory at its end. */
  usage: Record<string, string>;
}

/** Usage of the containers of a pod. */
export interface PodMetrics {
  apiVersion: string;
  kind: 'PodMetrics';
  /** Name and labels of the pod. */
  metadata: ObjectMeta;
  /** End of the window over which usage was measured. */
  timestamp: string;
  /** Length of the window. */
  window: string;
  /** The running containers. */
  containers: ContainerMetrics[];
}

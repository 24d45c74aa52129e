// Generated from proto/ by `npm run generate`; not edited by hand.

import type { TopologySelectorTerm } from './gantry.core.v1.ts';
import type { ObjectMeta } from './gantry.meta.v1.ts';

/** A way of making volumes on demand. Not namespaced. */
export interface StorageClass {
  apiVersion: string;
  kind: 'StorageClass';
  /** Identity; the annotation storageclass.kubernetes.io/is-default-class marks the default one. */
  metadata: ObjectMeta;
  /** Provisioner of the volumes, such as "rancher.io/local-path". Fixed after creation, as are parameters. */
  provisioner: string;
  /** Settings for the provisioner, 512 at most. */
  parameters?: Record<string, string>;
  /** Reclaim policy of its volumes: "Delete" (default) or "Retain". */
  reclaimPolicy?: string;
  /** Mount options of its volumes, not checked beforehand. */
  mountOptions?: string[];
  /** Whether claims may be made larger later. */
  allowVolumeExpansion?: boolean;
  /** "Immediate" (default), or "WaitForFirstConsumer": make the volume where the first pod is placed. */
  volumeBindingMode?: string;
  /** Topologies in which volumes may be made; empty allows all. */
  allowedTopologies?: TopologySelectorTerm[];
}

// Generated from proto/ by `npm run generate`; not edited by hand.

import type { PersistentVolumeSpec, TopologySelectorTerm } from './gantry.core.v1.ts';
import type { LabelSelector, ObjectMeta } from './gantry.meta.v1.ts';

/** A CSI driver. Its name is the driver's own. Not namespaced. */
export interface CSIDriver {
  apiVersion: string;
  kind: 'CSIDriver';
  /** Identity: the driver's name. */
  metadata: ObjectMeta;
  /** Abilities and wishes of the driver. */
  spec: CSIDriverSpec;
}

/** Abilities and wishes of a driver. */
export interface CSIDriverSpec {
  /** Whether volumes must be attached to a node before they are mounted; true by default, and fixed after creation. */
  attachRequired?: boolean;
  /** Whether the driver is told of the pod that a volume is mounted for; false by default. */
  podInfoOnMount?: boolean;
  /** Kinds of volumes: "Persistent" (default) and "Ephemeral". Fixed after creation. */
  volumeLifecycleModes?: string[];
  /** Whether the driver tells of its free space by CSIStorageCapacity objects, which the scheduler looks at; false by default. */
  storageCapacity?: boolean;
  /** Change of a volume's owner and permissions: "ReadWriteOnceWithFSType" (default), "File" or "None". */
  fsGroupPolicy?: string;
  /** Tokens of the pod's service account that the driver is given. */
  tokenRequests?: TokenRequest[];
  /** Whether mounted volumes are published again and again, so that their content follows changes; false by default. */
  requiresRepublish?: boolean;
  /** Whether volumes can be mounted with a SELinux context; false by default. */
  seLinuxMount?: boolean;
  /** Seconds between updates of the number of volumes that nodes can take; at least 10. None by default. */
  nodeAllocatableUpdatePeriodSeconds?: number;
  /** Whether tokens are given as secrets and not as part of the volume's context; false by default. */
  serviceAccountTokenInSecrets?: boolean;
  /** Whether pods wait for a node that has the driver; false by default. */
  preventPodSchedulingIfMissing?: boolean;
}

/** The CSI drivers of a node. Its name is that of the node. Not namespaced. */
export interface CSINode {
  apiVersion: string;
  kind: 'CSINode';
  /** Identity: the node's name. */
  metadata: ObjectMeta;
  /** The drivers. */
  spec: CSINodeSpec;
  /** Observed state. */
  status?: CSINodeStatus;
}

/** A driver on a node. */
export interface CSINodeDriver {
  /** Name of the driver. */
  name: string;
  /** The driver's name for the node; 256 characters at most. */
  nodeID: string;
  /** Keys of the node's labels that tell where its volumes can be reached. */
  topologyKeys?: string[];
  /** Room for volumes of the driver. */
  allocatable?: VolumeNodeResources;
}

/** The drivers of a node. */
export interface CSINodeSpec {
  /** The drivers. */
  drivers?: CSINodeDriver[];
}

/** Observed state of the drivers: nothing yet. */
export interface CSINodeStatus {
}

/** The free space for volumes of a class on some nodes, as a driver tells it. */
export interface CSIStorageCapacity {
  apiVersion: string;
  kind: 'CSIStorageCapacity';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** The nodes; none where absent. Fixed after creation. */
  nodeTopology?: LabelSelector;
  /** The storage class. Fixed after creation. */
  storageClassName: string;
  /** Free space in bytes. */
  capacity?: string;
  /** Largest volume that can be made, in bytes. */
  maximumVolumeSize?: string;
}

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

/** A token that a driver is given. */
export interface TokenRequest {
  /** Audience of the token; that of the api where empty. */
  audience?: string;
  /** Lifetime in seconds, from 600 to 2^32; 3600 by default. */
  expirationSeconds?: number;
}

/** The wish that a volume be attached to a node, and its state. Not namespaced. */
export interface VolumeAttachment {
  apiVersion: string;
  kind: 'VolumeAttachment';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** The volume and the node. Fixed after creation. */
  spec: VolumeAttachmentSpec;
  /** Observed state, written by the driver's attacher. */
  status?: VolumeAttachmentStatus;
}

/** A volume: one of the two is set. */
export interface VolumeAttachmentSource {
  /** Name of a PersistentVolume. */
  persistentVolumeName?: string;
  /** A volume of a pod's own, of a plugin whose driver has moved to CSI. */
  inlineVolumeSpec?: PersistentVolumeSpec;
}

/** The volume and the node. */
export interface VolumeAttachmentSpec {
  /** The CSI driver that attaches it. */
  attacher: string;
  /** The volume. */
  source: VolumeAttachmentSource;
  /** The node. */
  nodeName?: string;
}

/** Observed state. */
export interface VolumeAttachmentStatus {
  /** Whether the volume is attached. */
  attached?: boolean;
  /** Facts of the attached volume that the node must know; 256 KiB at most. */
  attachmentMetadata?: Record<string, string>;
  /** The last failure to attach. */
  attachError?: VolumeError;
  /** The last failure to detach. */
  detachError?: VolumeError;
}

/** A set of attributes that volumes can be given, also later. Not namespaced. */
export interface VolumeAttributesClass {
  apiVersion: string;
  kind: 'VolumeAttributesClass';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** The CSI driver. Fixed after creation. */
  driverName: string;
  /** Settings for the driver, from 1 to 512. Fixed after creation. */
  parameters?: Record<string, string>;
}

/** A failure of a driver. */
export interface VolumeError {
  /** When it happened. */
  time?: string;
  /** Text of the error; 1,024 bytes at most. */
  message?: string;
  /** The gRPC status code. */
  errorCode?: number;
}

/** Room for volumes. */
export interface VolumeNodeResources {
  /** Volumes of the driver that the node can take; no limit where absent. */
  count?: number;
}

import type {
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodSpec,
  Taint,
  Volume,
} from '@gantry/model/gen/gantry.core.v1.ts';
import type { StorageClass } from '@gantry/model/gen/gantry.storage.v1.ts';

// Short ways to write nodes and pods in tests and benchmarks.

export interface NodeFields {
  readonly cpu?: string;
  readonly memory?: string;
  readonly pods?: string;
  readonly extended?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  readonly unschedulable?: boolean;
  /** Sizes of the images that it holds, in bytes, by name. */
  readonly images?: Readonly<Record<string, number>>;
}

/** A node with the label kubernetes.io/hostname, 4 cores and 32 GiB, and room for 110 pods where nothing else is said. */
export function nodeNamed(name: string, fields: NodeFields = {}): Node {
  const {
    cpu = '4',
    memory = '32Gi',
    pods = '110',
    extended,
    labels,
    taints = [],
    unschedulable,
    images = {},
  } = fields;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: { taints: [...taints], ...(unschedulable ? { unschedulable } : {}) },
    status: {
      allocatable: { cpu, memory, pods, ...extended },
      images: Object.entries(images).map(([image, sizeBytes]) => ({ names: [image], sizeBytes })),
    },
  };
}

export interface PodFields extends Partial<Omit<PodSpec, 'resources'>> {
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Kind of the controller that would make it anew; none where absent. */
  readonly owner?: string;
  readonly requests?: Readonly<Record<string, string>>;
  /** Node on which room is being made for it. */
  readonly nominatedNodeName?: string;
  /** Start time on its node. */
  readonly startTime?: string;
}

/** A pod of one container that requests what `requests` says. Its uid is its name. */
export function podNamed(name: string, fields: PodFields = {}): Pod {
  const { namespace = 'default', labels, annotations, owner, requests = {}, startTime, ...rest } = fields;
  const { nominatedNodeName, ...spec } = rest;
  const status = { ...(startTime ? { startTime } : {}), ...(nominatedNodeName ? { nominatedNodeName } : {}) };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      uid: name,
      ...(labels ? { labels: { ...labels } } : {}),
      ...(annotations ? { annotations: { ...annotations } } : {}),
      ...(owner ? { ownerReferences: [controller(owner)] } : {}),
    },
    spec: { containers: [{ name: 'main', image: 'pause:3', resources: { requests: { ...requests } } }], ...spec },
    ...(startTime || nominatedNodeName ? { status } : {}),
  };
}

function controller(kind: string): NonNullable<Pod['metadata']['ownerReferences']>[number] {
  return { apiVersion: 'apps/v1', kind, name: 'owner', uid: `uid-of-${kind}`, controller: true };
}

/** A claim of the namespace default for a gibibyte, once on one node, where nothing else is said. */
export function claimNamed(name: string, spec: Partial<PersistentVolumeClaim['spec']> = {}): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
  };
}

/** A volume of a gibibyte, once on one node, where nothing else is said. */
export function volumeNamed(
  name: string,
  spec: Partial<PersistentVolume['spec']> = {},
  labels: Readonly<Record<string, string>> = {},
): PersistentVolume {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, labels: { ...labels } },
    spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/data' }, ...spec },
  };
}

/** A class whose volumes are made by hand, and bound when their pod is placed. */
export function storageClassNamed(name: string, fields: Partial<StorageClass> = {}): StorageClass {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
    ...fields,
  };
}

/** Volumes of a pod, each one of these claims. */
export function volumesOf(...claims: readonly string[]): Volume[] {
  return claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } }));
}

import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Node, Pod, PodSpec, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Rollout, RolloutStatus } from '@gantry/model/gen/gantry.rollout.v1.ts';
import { controllerReference } from '../core/owners.ts';

let nextUid = 1;

export const meta = (
  name: string,
): { name: string; namespace: string; uid: string; resourceVersion: string; creationTimestamp: string } => ({
  name,
  namespace: 'default',
  uid: `uid-${nextUid++}`,
  resourceVersion: '1',
  creationTimestamp: '2026-01-01T00:00:00Z',
});

const template = (image: string): ReplicaSet['spec']['template'] & object => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image }] },
});

/** A Deployment of `app: web` pods. */
export function aDeployment(overrides: Partial<Deployment['spec']> = {}, image = 'web:1'): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...meta('web'), generation: 1 },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: template(image),
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      ...overrides,
    },
  };
}

/** A ReplicaSet of `app: web` pods. */
export function aReplicaSet(replicas: number, owner?: Deployment): ReplicaSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      ...meta('web-1'),
      labels: { app: 'web' },
      ...(owner ? { ownerReferences: [controllerReference(owner)] } : {}),
    },
    spec: { replicas, selector: { matchLabels: { app: 'web' } }, template: template('web:1') },
  };
}

/** A StatefulSet of `app: web` pods. */
export function aStatefulSet(overrides: Partial<StatefulSet['spec']> = {}, image = 'web:1'): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { ...meta('web'), generation: 1 },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: template(image),
      serviceName: 'web',
      podManagementPolicy: 'OrderedReady',
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0, maxUnavailable: 1 } },
      revisionHistoryLimit: 10,
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      ...overrides,
    },
  };
}

/** A DaemonSet of `app: agent` pods. */
export function aDaemonSet(
  rollingUpdate: NonNullable<DaemonSet['spec']['updateStrategy']>['rollingUpdate'] = { maxUnavailable: 1 },
  pod: Partial<PodSpec> = {},
): DaemonSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: {
      ...meta('agent'),
      generation: 1,
      annotations: { 'deprecated.daemonset.template.generation': '1' },
    },
    spec: {
      selector: { matchLabels: { app: 'agent' } },
      template: {
        metadata: { name: '', labels: { app: 'agent' } },
        spec: { containers: [{ name: 'agent', image: 'agent:1' }], ...pod },
      },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate },
    },
  };
}

/** A pod of `app: web`, ready since a minute after 2026 began unless told otherwise. */
export function aPod(
  name: string,
  options: { owner?: ReplicaSet; ready?: boolean; node?: string; labels?: Record<string, string> } = {},
): Pod {
  const { owner, ready = true, node, labels = { app: 'web' } } = options;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...meta(name), labels, ...(owner ? { ownerReferences: [controllerReference(owner)] } : {}) },
    spec: {
      containers: [{ name: 'web', image: 'web:1', ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }] }],
      ...(node === undefined ? {} : { nodeName: node }),
    },
    status: {
      phase: node === undefined ? 'Pending' : 'Running',
      podIP: node === undefined ? undefined : `10.0.0.${nextUid % 250}`,
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: '2026-01-01T00:01:00Z' }],
    },
  };
}

/** A Service of `app: web` pods. */
export function aService(overrides: Partial<Service['spec']> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: meta('web'),
    spec: {
      selector: { app: 'web' },
      ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }],
      ...overrides,
    },
  };
}

/** A ready node. */
export function aNode(name: string, overrides: Partial<Node> = {}): Node {
  const { namespace: _namespace, ...metadata } = meta(name);
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata,
    spec: {},
    status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }] },
    ...overrides,
  };
}

/** A Rollout of the workload `web`, in this state. */
export function aRollout(kind: 'Deployment' | 'StatefulSet' | 'DaemonSet', status: RolloutStatus = {}): Rollout {
  return {
    apiVersion: 'gantry.dev/v1',
    kind: 'Rollout',
    metadata: meta('web'),
    spec: { workloadRef: { apiVersion: 'apps/v1', kind, name: 'web' }, strategy: { canary: {} } },
    status,
  };
}

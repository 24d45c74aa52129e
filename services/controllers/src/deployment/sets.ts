import { isDeepStrictEqual } from 'node:util';
import type { Deployment, ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { PodTemplateSpec } from '@gantry/model/gen/gantry.core.v1.ts';
import { contentHash } from '@gantry/model/hash.ts';
import { controllerReference } from '../core/owners.ts';

/** Label that ties pods and ReplicaSets of one revision together. */
export const hashLabel = 'pod-template-hash';
/** Number of a rollout; `rollout history` and `undo` go by it. */
export const revisionAnnotation = 'deployment.kubernetes.io/revision';
const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas';
const maxAnnotation = 'deployment.kubernetes.io/max-replicas';
/** Annotations of a Deployment that say nothing about its revisions. */
const ownAnnotations = new Set([
  revisionAnnotation,
  desiredAnnotation,
  maxAnnotation,
  'kubectl.kubernetes.io/last-applied-configuration',
]);

/** A Deployment's ReplicaSets: the one with its present template, and all others, oldest first. */
export interface Revisions {
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
}

/** Sorts a Deployment's ReplicaSets out. Of several with the present template the oldest counts. */
export function revisionsOf(deployment: Deployment, sets: readonly ReplicaSet[]): Revisions {
  const byAge = [...sets].sort(
    (a, b) =>
      (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '') ||
      a.metadata.name.localeCompare(b.metadata.name),
  );
  const current = byAge.find((set) => sameTemplate(set.spec.template, deployment.spec.template));
  return { current, old: byAge.filter((set) => set !== current) };
}

/** The rollout number in an object's annotation, 0 where there is none. */
export function revisionOf(object: { readonly metadata: { readonly annotations?: Record<string, string> } }): number {
  return Number(object.metadata.annotations?.[revisionAnnotation] ?? 0) || 0;
}

/** The ReplicaSet for a Deployment's present template. */
export function newSetFor(deployment: Deployment, replicas: number, revision: number, maxReplicas: number): ReplicaSet {
  const hash = contentHash(deployment.spec.template, deployment.status?.collisionCount);
  const template = structuredClone(deployment.spec.template);
  template.metadata = { ...template.metadata!, labels: { ...template.metadata?.labels, [hashLabel]: hash } };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace!,
      labels: { ...template.metadata.labels },
      annotations: setAnnotations(deployment, revision, maxReplicas),
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas,
      minReadySeconds: deployment.spec.minReadySeconds ?? 0,
      selector: {
        ...deployment.spec.selector,
        matchLabels: { ...deployment.spec.selector.matchLabels, [hashLabel]: hash },
      },
      template,
    },
  };
}

/** The annotations that a Deployment's ReplicaSet carries. */
export function setAnnotations(deployment: Deployment, revision: number, maxReplicas: number): Record<string, string> {
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(([name]) => !ownAnnotations.has(name));
  return {
    ...Object.fromEntries(copied),
    [revisionAnnotation]: String(revision),
    ...countAnnotations(deployment, maxReplicas),
  };
}

/** The counts by which a set's share of a scaled Deployment is known. */
export function countAnnotations(deployment: Deployment, maxReplicas: number): Record<string, string> {
  return { [desiredAnnotation]: String(deployment.spec.replicas ?? 1), [maxAnnotation]: String(maxReplicas) };
}

/** The replicas that the Deployment asked for when this set was written last. */
export function desiredWhenWritten(set: ReplicaSet): number | undefined {
  const value = set.metadata.annotations?.[desiredAnnotation];
  return value === undefined ? undefined : Number(value);
}

function sameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  return isDeepStrictEqual(comparable(a), comparable(b));
}

/** A template without the hash label and without empty lists and maps, which mean the same as absent ones. */
function comparable(template: PodTemplateSpec | undefined): unknown {
  const { [hashLabel]: _hash, ...labels } = template?.metadata?.labels ?? {};
  return withoutEmpty({ labels, annotations: template?.metadata?.annotations, spec: template?.spec });
}

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).flatMap(([name, field]) => {
    const content = withoutEmpty(field);
    return content === undefined ? [] : [[name, content] as const];
  });
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

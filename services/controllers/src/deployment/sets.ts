import { isDeepStrictEqual } from 'node:util';
import type { Deployment, ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { PodTemplateSpec } from '@gantry/model/gen/gantry.core.v1.ts';
import { contentHash } from '@gantry/model/hash.ts';
import { controllerReference } from '../core/owners.ts';
import { currentAnnotations, revisionOf, sizeAnnotations } from './annotations.ts';

/** Label that ties pods and ReplicaSets of one revision together. */
export const hashLabel = 'pod-template-hash';
/** Most characters of an object's name. */
const maxName = 253;

/** A Deployment's ReplicaSets: the one with its present template, and all others, oldest first. */
export interface Revisions {
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
}

/** Sorts a Deployment's ReplicaSets out. Of several with the present template the oldest counts. */
export function revisionsOf(deployment: Deployment, sets: readonly ReplicaSet[]): Revisions {
  const byAge = [...sets].sort(olderFirst);
  const current = byAge.find((set) => isSameTemplate(set.spec.template, deployment.spec.template));
  return { current, old: byAge.filter((set) => set !== current) };
}

/** Orders sets by age, those of one second by name. */
export function olderFirst(a: ReplicaSet, b: ReplicaSet): number {
  const [one, other] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  if (one !== other) return one < other ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

/** True for a set that asks for pods. */
export function isLive({ spec }: ReplicaSet): boolean {
  return (spec.replicas ?? 1) > 0;
}

/** The revision that a Deployment's present template gets: above those of all other templates. */
export function nextRevision(old: readonly ReplicaSet[]): bigint {
  return old.map(revisionOf).reduce((most, revision) => (revision > most ? revision : most), 0n) + 1n;
}

/** The ReplicaSet for a Deployment's present template. */
export function newSetFor(deployment: Deployment, replicas: number, revision: bigint, maxReplicas: number): ReplicaSet {
  const hash = contentHash(deployment.spec.template, deployment.status?.collisionCount);
  const template = structuredClone(deployment.spec.template);
  template.metadata = { ...template.metadata!, labels: { ...template.metadata?.labels, [hashLabel]: hash } };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: setName(deployment, hash),
      namespace: deployment.metadata.namespace!,
      labels: { ...template.metadata.labels },
      annotations: {
        ...currentAnnotations(deployment, { metadata: {} }, revision),
        ...sizeAnnotations(deployment, maxReplicas),
      },
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

/** A set's template as its Deployment has it: without the label of its hash. */
export function templateWithoutHash({ spec }: ReplicaSet): PodTemplateSpec {
  const { [hashLabel]: _hash, ...labels } = spec.template.metadata?.labels ?? {};
  return { ...spec.template, metadata: { ...spec.template.metadata!, labels } };
}

/** True for templates that make the same pods, but for the label of their hash. */
export function isSameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  return isDeepStrictEqual(comparable(a), comparable(b));
}

function setName({ metadata }: Deployment, hash: string): string {
  return `${metadata.name.slice(0, maxName - 1 - hash.length)}-${hash}`;
}

/** A template without the hash label and without empty lists and maps, which mean the same as absent ones. */
function comparable(template: PodTemplateSpec | undefined): unknown {
  const { labels: all, ...metadata } = template?.metadata ?? {};
  const { [hashLabel]: _hash, ...labels } = all ?? {};
  return withoutEmpty({ metadata: { ...metadata, labels }, spec: template?.spec });
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

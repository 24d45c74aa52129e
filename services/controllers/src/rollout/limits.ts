import type { Rollout } from '@gantry/model/gen/gantry.rollout.v1.ts';
import type { View } from '../core/action.ts';

/** A workload as its policies know it. */
interface Target {
  readonly kind: string;
  readonly metadata: { readonly namespace?: string; readonly name: string };
}

/** The policy for a workload: the oldest of those that name it, by time and then by name. */
export function rolloutFor(workload: Target, view: View): Rollout | undefined {
  const { namespace, name } = workload.metadata;
  let oldest: Rollout | undefined;
  for (const rollout of view.list('Rollout', namespace)) {
    const { workloadRef } = rollout.spec;
    if (workloadRef.kind !== workload.kind || workloadRef.name !== name) continue;
    if (oldest === undefined || isOlder(rollout, oldest)) oldest = rollout;
  }
  return oldest;
}

/** The key of the workload of this kind that a policy is for. */
export function governedKey({ metadata, spec }: Rollout, kind: string): string[] {
  const { workloadRef } = spec;
  return workloadRef.kind === kind ? [`${metadata.namespace}/${workloadRef.name}`] : [];
}

function isOlder({ metadata: a }: Rollout, { metadata: b }: Rollout): boolean {
  const order = (a.creationTimestamp ?? '').localeCompare(b.creationTimestamp ?? '');
  return order < 0 || (order === 0 && a.name < b.name);
}

/** Bounds that a policy sets to the pods of each revision of its workload. */
export interface Limits {
  /** The revision that serves; its pods are kept. */
  readonly stable: string;
  /** The workload's present revision, where that is another one. */
  readonly canary: string | undefined;
  /** Pods that the canary may have: on their own in a Deployment, in place of stable ones in other workloads. */
  readonly canaryPods: number;
  /** Revisions whose pods stay as they are for now: they may have requests under way. */
  readonly held: ReadonlySet<string>;
}

/**
 * The limits of a workload; undefined where it is free to go by its own strategy: it has no policy, none of its revisions was complete
 * yet, or its present revision is the stable one and no other has requests.
 *
 * The policy may not know the workload's present revision yet: then that has no pods.
 *
 * @param revision the workload's present revision; undefined while it has none: then no revision may get pods but the stable one.
 */
export function limitsOf(rollout: Rollout | undefined, revision: string | undefined): Limits | undefined {
  const { stableRevision = '', canaryRevision = '', canaryWeight = 0, drainingRevision = '' } = rollout?.status ?? {};
  if (stableRevision === '' || rollout?.status?.phase === 'Ignored') return undefined;
  const held = new Set<string>();
  if (drainingRevision !== '') held.add(drainingRevision);
  // Another revision than the present one: its requests end first.
  if (canaryRevision !== '' && canaryRevision !== revision && canaryWeight > 0) held.add(canaryRevision);
  if (revision === stableRevision) {
    return held.size === 0 ? undefined : { stable: stableRevision, canary: undefined, canaryPods: 0, held };
  }
  const canaryPods = revision !== undefined && canaryRevision === revision ? (rollout?.status?.canaryReplicas ?? 0) : 0;
  held.delete(revision ?? '');
  return { stable: stableRevision, canary: revision, canaryPods, held };
}

/** Pods of a revision under limits: a number, or `held` where they stay as they are. */
export function podsOf(revision: string, limits: Limits, replicas: number): number | 'held' {
  if (revision === limits.stable) return replicas;
  if (revision === limits.canary) return limits.canaryPods;
  return limits.held.has(revision) ? 'held' : 0;
}

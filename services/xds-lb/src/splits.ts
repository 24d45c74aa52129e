/** Splits: how the requests to a Service are divided between revisions of its pods, as Rollouts say. Pure. */
import { inUse, type Target } from './endpoints.ts';
import type { ServiceKey } from './names.ts';

/** The part of a Rollout (gantry.dev/v1) that this service goes by. */
export interface RolloutState {
  readonly metadata: {
    readonly namespace?: string;
    readonly name: string;
    readonly creationTimestamp?: string | undefined;
  };
  readonly spec: { readonly workloadRef: { readonly kind: string } };
  readonly status?:
    | {
        readonly phase?: string | undefined;
        readonly stableRevision?: string | undefined;
        readonly canaryRevision?: string | undefined;
        readonly canaryWeight?: number | undefined;
        readonly drainingRevision?: string | undefined;
        readonly services?: readonly string[] | undefined;
        readonly previewServices?: readonly string[] | undefined;
      }
    | undefined;
}

/** How one Service is split. */
export interface Split {
  /** Label of the pods whose value is their revision. */
  readonly label: string;
  /** Revision that gets all requests that the canary does not get. */
  readonly stable: string;
  /** Revision on its way; undefined where there is none. */
  readonly canary: string | undefined;
  /** Percent of the requests that the canary gets. */
  readonly canaryWeight: number;
  /** Revision that gets no new requests, and may still have some under way. */
  readonly draining: string | undefined;
}

/** The revision of a pod by its uid; undefined where it is not known. */
export type RevisionOf = (uid: string) => string | undefined;

/** A cluster of a Service's port, with its part of the requests. */
export interface Share {
  /** Name of the cluster. */
  readonly cluster: string;
  /** Revision of its pods; undefined for the cluster of all pods. */
  readonly revision: string | undefined;
  /** Percent of the requests; 0 for a cluster that is kept for requests under way, or for what comes. */
  readonly weight: number;
  readonly targets: readonly Target[];
}

/** Label of the pods of a Deployment with their revision; the other workloads have the second. */
const templateLabel = 'pod-template-hash';
const controllerLabel = 'controller-revision-hash';

/** The splits by Service. Of several Rollouts that name a Service the oldest counts, as it does for their workloads. */
export function splitsOf(rollouts: Iterable<RolloutState>): Map<ServiceKey, Split> {
  const splits = new Map<ServiceKey, Split>();
  for (const { metadata, spec, status } of [...rollouts].sort(byAge)) {
    if (status === undefined || !status.stableRevision || status.phase === 'Ignored') continue;
    const canary = status.canaryRevision || undefined;
    const split = {
      label: spec.workloadRef.kind === 'Deployment' ? templateLabel : controllerLabel,
      stable: status.stableRevision,
      canary,
      draining: status.drainingRevision || undefined,
    };
    const weight = canary === undefined ? 0 : Math.min(100, Math.max(0, status.canaryWeight ?? 0));
    const add = (name: string, canaryWeight: number): void => {
      const key = `${metadata.namespace}/${name}`;
      if (!splits.has(key)) splits.set(key, { ...split, canaryWeight });
    };
    for (const name of status.services ?? []) add(name, weight);
    for (const name of status.previewServices ?? []) add(name, canary === undefined ? 0 : 100);
  }
  return splits;
}

/** Name of the cluster of a revision. The character that joins them is in no name of a Service. */
export function clusterOfRevision(name: string, revision: string): string {
  return `${name}@${revision}`;
}

/**
 * The clusters of a Service's port. The one of all its pods is always there: it takes the requests where no revision has a ready pod,
 * so that a split never refuses a request that the Service would have answered. A revision without a ready pod gets no
 * requests, and its cluster leads to the others' pods until no route names it any more.
 */
export function sharesOf(
  name: string,
  targets: readonly Target[],
  split: Split | undefined,
  revisionOf: RevisionOf,
): Share[] {
  const all = inUse(targets);
  if (split === undefined) return [{ cluster: name, revision: undefined, weight: 100, targets: all }];
  const ready = Map.groupBy(
    targets.filter(({ state }) => state === 'ready'),
    ({ pod }) => (pod === undefined ? undefined : revisionOf(pod)),
  );
  const { stable, canary, draining } = split;
  const weights = weightsOf(split, ready.has(stable), canary !== undefined && ready.has(canary));
  const revisions = new Set([stable, canary, draining].filter((revision) => revision !== undefined));
  const own = [...revisions].map((revision): Share => {
    const weight = revision === stable ? weights.stable : revision === canary ? weights.canary : 0;
    return { cluster: clusterOfRevision(name, revision), revision, weight, targets: ready.get(revision) ?? all };
  });
  const rest = weights.stable + weights.canary > 0 ? 0 : 100;
  return [{ cluster: name, revision: undefined, weight: rest, targets: all }, ...own];
}

function weightsOf(
  { stable, canary, canaryWeight }: Split,
  hasStable: boolean,
  hasCanary: boolean,
): { readonly stable: number; readonly canary: number } {
  if (!hasCanary || canary === stable) return { stable: hasStable ? 100 : 0, canary: 0 };
  if (!hasStable) return { stable: 0, canary: 100 };
  return { stable: 100 - canaryWeight, canary: canaryWeight };
}

function byAge(a: RolloutState, b: RolloutState): number {
  const [ageA, ageB] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  if (ageA !== ageB) return ageA < ageB ? -1 : 1;
  const [keyA, keyB] = [a, b].map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  return keyA! < keyB! ? -1 : 1;
}

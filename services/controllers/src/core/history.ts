import type { ControllerRevision, DaemonSet, Deployment, StatefulSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { PodTemplateSpec } from '@gantry/model/gen/gantry.core.v1.ts';
import { canonicalJson, contentHash } from '@gantry/model/hash.ts';
import type { Action, View } from './action.ts';
import { controllerReference } from './owners.ts';

/** Label of the pods of a DaemonSet, and of its revisions, with the hash of the revision's data (Kubernetes' own). */
export const podHashLabel = 'controller-revision-hash';
/** Label of a revision with the hash of its data, by the kind of its owner (Kubernetes' own). */
const revisionHashLabels = { DaemonSet: podHashLabel, StatefulSet: 'controller.kubernetes.io/hash' } as const;
/** Most characters of an owner's name in its revisions' names, so that hash and dash fit into a name of 253. */
const maxPrefix = 223;

/** A workload whose templates are kept as ControllerRevisions. */
export type Historied = StatefulSet | DaemonSet;

/** A workload's history, and what has to be written before pods are made of its present template. */
export interface History {
  /** The revision of the present template; undefined where it has to be made first, or its name is taken. */
  readonly current: ControllerRevision | undefined;
  /** All revisions, oldest first. */
  readonly all: readonly ControllerRevision[];
  /** Makes the revision of the present template, or moves an equal one of earlier days to the end (a rollback). */
  readonly actions: readonly Action[];
  /** True where another revision has the name that the present template's would get: `status.collisionCount` must count up. */
  readonly collides: boolean;
}

/**
 * Finds the revision of a workload's present template among those that it owns.
 *
 * @param revisions the ControllerRevisions that the workload manages (see `claimsOf`).
 */
export function historyOf(owner: Historied, revisions: readonly ControllerRevision[], view: View): History {
  const all = inOrder(revisions);
  const data = revisionData(owner.spec.template!);
  const text = canonicalJson(data);
  const equal = all.findLast((revision) => canonicalJson(revision.data) === text);
  const number = (all.at(-1)?.revision ?? 0) + 1;
  if (equal !== undefined) {
    const isLast = equal === all.at(-1);
    const actions: Action[] = isLast ? [] : [{ type: 'update', object: { ...equal, revision: number } }];
    return { current: equal, all, actions, collides: false };
  }
  const object = revisionOfTemplate(owner, data, number);
  const { namespace, name } = object.metadata;
  const collides = view.get('ControllerRevision', namespace, name) !== undefined;
  return { current: undefined, all, actions: collides ? [] : [{ type: 'create', object }], collides };
}

/** Counts that another revision has the name which the present template's would get: the count salts the next hash. */
export function countCollision<T extends Historied | Deployment>(owner: T): Action {
  const collisionCount = (owner.status?.collisionCount ?? 0) + 1;
  return { type: 'updateStatus', object: { ...owner, status: { ...owner.status, collisionCount } } as T };
}

/** The pod template that a revision is a snapshot of. */
export function templateOf(revision: ControllerRevision): PodTemplateSpec {
  const { $patch: _patch, ...template } = (revision.data as RevisionData).spec.template;
  return template as PodTemplateSpec;
}

/** Value of the controller-revision-hash label of a revision's pods of a DaemonSet; a StatefulSet's carry the revision's name. */
export function hashOf({ metadata }: ControllerRevision): string {
  return metadata.labels?.[podHashLabel] ?? metadata.name;
}

/**
 * Deletes the oldest revisions beyond the limit that nobody needs.
 *
 * @param needed names of the revisions that pods are of, or that the status names.
 * @param limit `spec.revisionHistoryLimit`; revisions that are needed don't count, and a negative one keeps all.
 */
export function truncated(all: readonly ControllerRevision[], needed: ReadonlySet<string>, limit: number): Action[] {
  if (limit < 0) return [];
  const idle = all.filter(({ metadata }) => !needed.has(metadata.name) && metadata.deletionTimestamp === undefined);
  return idle
    .slice(0, Math.max(0, idle.length - limit))
    .map((object) => ({ type: 'delete', object, ifUnchanged: true }));
}

/** Revisions by their number; of equal numbers the older object first, then by name. */
function inOrder(revisions: readonly ControllerRevision[]): ControllerRevision[] {
  return [...revisions].sort(
    (a, b) =>
      (a.revision ?? 0) - (b.revision ?? 0) ||
      (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '') ||
      a.metadata.name.localeCompare(b.metadata.name),
  );
}

interface RevisionData {
  readonly spec: { readonly template: PodTemplateSpec & { readonly $patch: 'replace' } };
}

/**
 * A strategic merge patch that gives the workload this template: the form in which Kubernetes stores it, and kubectl reads it. Properties are in the
 * order of their names, as clients compare it with their own byte by byte.
 */
function revisionData(template: PodTemplateSpec): RevisionData {
  const data: RevisionData = { spec: { template: { ...template, $patch: 'replace' } } };
  return JSON.parse(canonicalJson(data)) as RevisionData;
}

function revisionOfTemplate(owner: Historied, data: RevisionData, revision: number): ControllerRevision {
  const { metadata, spec, status } = owner;
  const hash = contentHash(data, status?.collisionCount);
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${metadata.name.slice(0, maxPrefix)}-${hash}`,
      namespace: metadata.namespace!,
      labels: {
        ...spec.template?.metadata?.labels,
        [revisionHashLabels[owner.kind as keyof typeof revisionHashLabels]]: hash,
      },
      annotations: { ...metadata.annotations },
      ownerReferences: [controllerReference(owner)],
    },
    data,
    revision,
  };
}

import type { UnknownResources } from '@gantry/client/api.ts';
import type { NamespaceCondition } from '@gantry/model/gen/gantry.core.v1.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';

/** The part of a namespace's content that is of one kind. */
export interface KindContent {
  /** Plural name and group of the kind, as `pods.` or `deployments.apps`. */
  readonly resource: string;
  /** Objects that are there. */
  readonly count: number;
  /** Number of them that each finalizer holds. */
  readonly finalizers: ReadonlyMap<string, number>;
  /** Reasons why content of this kind cannot be deleted, or is not known. */
  readonly problems: readonly string[];
}

interface Verdict {
  readonly isTrue: boolean;
  readonly reason: string;
  readonly message: string;
}

/** The reasons for which a namespace that is being deleted stays. */
export interface Holdups {
  readonly content: readonly KindContent[];
  /** Groups whose kinds cannot be told at present. */
  readonly unknown: readonly UnknownResources[];
}

/**
 * The conditions of a namespace that is being deleted, in Kubernetes' words and order. The second is about the parsing of versions, which
 * cannot fail here.
 * @param before The conditions so far: one whose status is the same keeps its time.
 */
export function deletionConditions(
  { content, unknown }: Holdups,
  before: readonly NamespaceCondition[],
  nowMs: number,
): NamespaceCondition[] {
  const verdicts: Readonly<Record<string, Verdict>> = {
    NamespaceDeletionDiscoveryFailure: undiscovered(unknown),
    NamespaceDeletionGroupVersionParsingFailure: well(
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    NamespaceDeletionContentFailure: failure(content),
    NamespaceContentRemaining: remaining(content),
    NamespaceFinalizersRemaining: held(content),
  };
  const own = Object.entries(verdicts).map(([type, { isTrue, reason, message }]): NamespaceCondition => {
    const status = isTrue ? 'True' : 'False';
    const known = before.find((condition) => condition.type === type);
    const since = known?.status === status ? known.lastTransitionTime : rfc3339(nowMs);
    return { type, status, ...(since === undefined ? {} : { lastTransitionTime: since }), reason, message };
  });
  // Conditions keep their places, those of others among them.
  const known = new Set(before.map(({ type }) => type));
  const kept = before.map((condition) => own.find(({ type }) => type === condition.type) ?? condition);
  return [...kept, ...own.filter(({ type }) => !known.has(type))];
}

function well(reason: string, message: string): Verdict {
  return { isTrue: false, reason, message };
}

function undiscovered(unknown: readonly UnknownResources[]): Verdict {
  if (unknown.length === 0) return well('ResourcesDiscovered', 'All resources successfully discovered');
  const failures = unknown.map(({ group, version, problem }) => `${group}/${version}: ${problem}`).sort();
  const all = `unable to retrieve the complete list of server APIs: ${failures.join(', ')}`;
  const message = `Discovery failed for some groups, ${unknown.length} failing: ${all}`;
  return { isTrue: true, reason: 'DiscoveryFailed', message };
}

function failure(content: readonly KindContent[]): Verdict {
  const problems = content.flatMap((kind) => kind.problems).sort();
  if (problems.length === 0) {
    return well('ContentDeleted', 'All content successfully deleted, may be waiting on finalization');
  }
  const message = `Failed to delete all resource types, ${problems.length} remaining: ${problems.join(', ')}`;
  return { isTrue: true, reason: 'ContentDeletionFailed', message };
}

function remaining(content: readonly KindContent[]): Verdict {
  const parts = content
    .filter(({ count }) => count > 0)
    .map(({ resource, count }) => `${resource} has ${count} resource instances`);
  if (parts.length === 0) return well('ContentRemoved', 'All content successfully removed');
  const message = `Some resources are remaining: ${parts.sort().join(', ')}`;
  return { isTrue: true, reason: 'SomeResourcesRemain', message };
}

function held(content: readonly KindContent[]): Verdict {
  const counts = new Map<string, number>();
  for (const { finalizers } of content) {
    for (const [name, count] of finalizers) counts.set(name, (counts.get(name) ?? 0) + count);
  }
  if (counts.size === 0) return well('ContentHasNoFinalizers', 'All content-preserving finalizers finished');
  const parts = [...counts].map(([name, count]) => `${name} in ${count} resource instances`).sort();
  const message = `Some content in the namespace has finalizers remaining: ${parts.join(', ')}`;
  return { isTrue: true, reason: 'SomeFinalizersRemain', message };
}

import { isDeepStrictEqual } from 'node:util';
import type { Subject } from '@gantry/model/gen/gantry.rbac.v1.ts';
import { uncovered } from '../rbac/rules.ts';
import { type AnyBinding, type AnyRole, autoUpdateAnnotation } from './defaults.ts';

/**
 * A stored role with what the default one grants beyond it; undefined where nothing is missing, and where its administrator keeps it
 * from being changed. Rules that were added stay.
 */
export function reconciledRole(stored: AnyRole, wanted: AnyRole): AnyRole | undefined {
  if (isProtected(stored)) return undefined;
  const result = { ...stored, metadata: mergedMetadata(stored, wanted) };
  const missing = uncovered(stored.rules ?? [], wanted.rules ?? []);
  // An aggregated role's rules are those of its parts.
  const isAggregated = wanted.kind === 'ClusterRole' && wanted.aggregationRule !== undefined;
  if (!isAggregated && missing.length > 0) result.rules = [...(stored.rules ?? []), ...missing];
  if (result.kind === 'ClusterRole' && wanted.kind === 'ClusterRole') setAggregation(result, wanted);
  return isDeepStrictEqual(result, stored) ? undefined : result;
}

function setAggregation(
  role: Extract<AnyRole, { kind: 'ClusterRole' }>,
  { aggregationRule }: Extract<AnyRole, { kind: 'ClusterRole' }>,
): void {
  if (aggregationRule === undefined) {
    delete role.aggregationRule;
    return;
  }
  const known = role.aggregationRule?.clusterRoleSelectors ?? [];
  const missing = (aggregationRule.clusterRoleSelectors ?? []).filter(
    (selector) => !known.some((each) => isDeepStrictEqual(each, selector)),
  );
  if (missing.length > 0) role.aggregationRule = { clusterRoleSelectors: [...known, ...missing] };
}

/**
 * Plan for a stored binding: the same with the default's subjects, or a new one in its place where it binds another role,
 * which cannot be changed.
 */
export type BindingPlan =
  | { readonly type: 'keep' }
  | { readonly type: 'update'; readonly object: AnyBinding }
  | { readonly type: 'replace'; readonly object: AnyBinding };

/** Compares a stored binding with the default one. Subjects that were added stay. */
export function planBinding(stored: AnyBinding, wanted: AnyBinding): BindingPlan {
  if (isProtected(stored)) return { type: 'keep' };
  if (!isDeepStrictEqual(stored.roleRef, wanted.roleRef)) return { type: 'replace', object: wanted };
  const subjects = stored.subjects ?? [];
  const missing = (wanted.subjects ?? []).filter((subject) => !subjects.some((each) => isSameSubject(each, subject)));
  const object = {
    ...stored,
    metadata: mergedMetadata(stored, wanted),
    ...(missing.length > 0 ? { subjects: [...subjects, ...missing] } : {}),
  };
  return isDeepStrictEqual(object, stored) ? { type: 'keep' } : { type: 'update', object };
}

function isSameSubject(left: Subject, right: Subject): boolean {
  return left.kind === right.kind && left.name === right.name && (left.namespace ?? '') === (right.namespace ?? '');
}

function isProtected({ metadata }: AnyRole | AnyBinding): boolean {
  return metadata.annotations?.[autoUpdateAnnotation] === 'false';
}

/** Labels and annotations of both, those that are stored before those of the default. */
function mergedMetadata(stored: AnyRole | AnyBinding, wanted: AnyRole | AnyBinding): AnyRole['metadata'] {
  return {
    ...stored.metadata,
    labels: { ...wanted.metadata.labels, ...stored.metadata.labels },
    annotations: { ...wanted.metadata.annotations, ...stored.metadata.annotations },
  };
}

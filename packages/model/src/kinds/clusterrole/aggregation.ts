import { isDeepStrictEqual } from 'node:util';
import type { ClusterRole, PolicyRule } from '../../gen/gantry.rbac.v1.ts';
import { matchesLabels } from '../../selectors.ts';

/** Whether a cluster role's rules are a part of those of an aggregated one. */
export function isPartOf(part: ClusterRole, whole: ClusterRole): boolean {
  if (part.metadata.name === whole.metadata.name) return false;
  const { clusterRoleSelectors = [] } = whole.aggregationRule ?? {};
  return clusterRoleSelectors.some((selector) => matchesLabels(selector, part.metadata.labels ?? {}));
}

/** The rules of an aggregated cluster role: those of its parts in order of their names, each once. */
export function aggregatedRules(whole: ClusterRole, all: Iterable<ClusterRole>): PolicyRule[] {
  const parts = [...all]
    .filter((part) => isPartOf(part, whole))
    .sort((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1));
  const rules: PolicyRule[] = [];
  for (const rule of parts.flatMap((part) => part.rules ?? [])) {
    if (!rules.some((known) => isDeepStrictEqual(known, rule))) rules.push(rule);
  }
  return rules;
}

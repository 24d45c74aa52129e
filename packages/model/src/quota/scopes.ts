import type { ResourceQuota, ScopedResourceSelectorRequirement } from '../gen/gantry.core.v1.ts';

/** All that an object must be to count in a quota. */
export function scopesOf({ spec }: Pick<ResourceQuota, 'spec'>): ScopedResourceSelectorRequirement[] {
  return [
    ...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' })),
    ...(spec?.scopeSelector?.matchExpressions ?? []),
  ];
}

/** Whether one of the names that an object goes by meets a demand on them; it may have none. */
export function matchesName(requirement: ScopedResourceSelectorRequirement, names: readonly string[]): boolean {
  const { operator, values = [] } = requirement;
  switch (operator) {
    case 'Exists':
      return names.length > 0;
    case 'DoesNotExist':
      return names.length === 0;
    case 'In':
      return names.some((name) => values.includes(name));
    case 'NotIn':
      return names.length === 0 || names.some((name) => !values.includes(name));
    default:
      return false;
  }
}

import type { LabelSelector } from './gen/gantry.meta.v1.ts';
import { type Requirement, requirementsOf } from './selectors.ts';

/** A selector as a query has it: `app=web,tier in (a,b),!old`, in order of keys; empty for an empty selector. */
export function selectorText(selector: LabelSelector): string {
  const matchLabels = Object.keys(selector.matchLabels ?? {}).length;
  const parts = requirementsOf(selector).map((requirement, index): [key: string, text: string] => [
    requirement.key,
    // The conditions of matchLabels come first.
    formatRequirement(requirement, index < matchLabels),
  ]);
  const sorted = parts.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return sorted.map(([, text]) => text).join(',');
}

function formatRequirement(requirement: Requirement, isMatchLabel: boolean): string {
  const { key, operator } = requirement;
  switch (operator) {
    case 'In':
    case 'NotIn': {
      if (isMatchLabel) return `${key}=${requirement.values[0]}`;
      const values = [...requirement.values].sort().join(',');
      return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values})`;
    }
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
    case 'Gt':
      return `${key}>${requirement.value}`;
    case 'Lt':
      return `${key}<${requirement.value}`;
  }
}

import type { Requirement } from '@gantry/model/selectors.ts';

/** A condition of PromQL on a label. */
export interface Matcher {
  readonly label: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  /** A text, or a regular expression. */
  readonly value: string;
  /** The values that it names, where it names any. */
  readonly values: readonly string[];
}

/** The label has one of the values. */
export function oneOf(label: string, values: readonly string[]): Matcher {
  if (values.length === 1) return { label, operator: '=', value: values[0]!, values };
  return { label, operator: '=~', value: values.map(escaped).join('|'), values };
}

/** The conditions of a label selector. Prometheus takes a label that is absent for an empty one. */
export function matchersOf(requirements: readonly Requirement[]): Matcher[] {
  return requirements.map((requirement): Matcher => {
    const { key: label } = requirement;
    switch (requirement.operator) {
      case 'In':
        return oneOf(label, requirement.values);
      case 'NotIn': {
        const { operator, ...rest } = oneOf(label, requirement.values);
        return { ...rest, operator: operator === '=' ? '!=' : '!~', values: [] };
      }
      case 'Exists':
        return { label, operator: '!=', value: '', values: [] };
      case 'DoesNotExist':
        return { label, operator: '=', value: '', values: [] };
      default:
        throw new Error(`no matcher for ${requirement.operator}`);
    }
  });
}

/** Matchers as they stand between braces. */
export function matchersText(matchers: readonly Matcher[]): string {
  return matchers.map(({ label, operator, value }) => `${label}${operator}${quoted(value)}`).join(',');
}

/** The values of single labels, as templates have them. */
export function valuesByName(matchers: readonly Matcher[]): Record<string, string> {
  return Object.fromEntries(matchers.map(({ label, values }) => [label, values.join('|')]));
}

/** Name of a label, which stands in an expression as it is. */
export const labelPattern = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Text of PromQL, whose escapes are Go's. */
function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

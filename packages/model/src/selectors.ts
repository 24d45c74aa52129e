/** Label and field selectors, in Kubernetes' syntax and as objects. */
import { GantryError } from '@gantry/runtime/errors.ts';
import type { LabelSelector } from './gen/gantry.meta.v1.ts';
import type { Kind, KubeObject } from './kind.ts';

type Labels = Readonly<Record<string, string>> | undefined;

/** One condition on labels. */
export type Requirement =
  | { readonly key: string; readonly operator: 'In' | 'NotIn'; readonly values: readonly string[] }
  | { readonly key: string; readonly operator: 'Exists' | 'DoesNotExist' }
  /** The label's value as a whole number is more, or less, than this one; of node affinity only. */
  | { readonly key: string; readonly operator: 'Gt' | 'Lt'; readonly value: number };

/** True where labels meet the condition. */
export function meets(labels: Labels, requirement: Requirement): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && requirement.values.includes(value);
    case 'NotIn':
      return value === undefined || !requirement.values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return isWhole(value) && Number(value) > requirement.value;
    case 'Lt':
      return isWhole(value) && Number(value) < requirement.value;
  }
}

function isWhole(value: string | undefined): boolean {
  return value !== undefined && /^[+-]?\d+$/.test(value);
}

/** The conditions of a selector object; an empty one selects everything. */
export function requirementsOf(selector: LabelSelector): Requirement[] {
  const equal = Object.entries(selector.matchLabels ?? {}).map(
    ([key, value]): Requirement => ({ key, operator: 'In', values: [value] }),
  );
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }): Requirement => {
    if (operator === 'In' || operator === 'NotIn') return { key, operator, values };
    if (operator === 'Exists' || operator === 'DoesNotExist') return { key, operator };
    throw new GantryError('BadRequest', `${JSON.stringify(operator)} is not a valid label selector operator`);
  });
  return [...equal, ...expressions];
}

/** A condition of node affinity. Throws BadRequest for an operator that there is not. */
export function nodeRequirement(expression: { key: string; operator: string; values?: string[] }): Requirement {
  const { key, operator, values = [] } = expression;
  switch (operator) {
    case 'In':
    case 'NotIn':
      return { key, operator, values };
    case 'Exists':
    case 'DoesNotExist':
      return { key, operator };
    case 'Gt':
    case 'Lt':
      return { key, operator, value: Number(values[0]) };
    default:
      throw new GantryError('BadRequest', `${JSON.stringify(operator)} is not a valid node selector operator`);
  }
}

/** True where a selector object selects labels; an absent selector selects nothing, an empty one everything. */
export function matchesLabels(selector: LabelSelector | undefined, labels: Labels): boolean {
  return labelTest(selector)(labels);
}

/** The same as a test of many objects: the selector is read once. */
export function labelTest(selector: LabelSelector | undefined): (labels: Labels) => boolean {
  if (selector === undefined) return () => false;
  const requirements = requirementsOf(selector);
  return (labels) => requirements.every((requirement) => meets(labels, requirement));
}

const namePattern = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)$/;
const prefixPattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
/** Conditions in one selector, at most. */
const maxRequirements = 256;

/** Reads a label selector such as `app=web,tier in (a,b),!old`. Throws BadRequest in Kubernetes' words. */
export function parseLabelSelector(text: string): Requirement[] {
  const parts = splitOutsideParentheses(text);
  if (parts.length > maxRequirements) throw invalid(text, `more than ${maxRequirements} requirements`);
  return parts.map((part) => parseRequirement(part.trim(), text));
}

function splitOutsideParentheses(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index <= text.length; index++) {
    const character = text[index];
    if (character === '(') depth++;
    if (character === ')') depth--;
    if (index === text.length || (character === ',' && depth === 0)) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  return parts.length === 1 && parts[0]!.trim() === '' ? [] : parts;
}

function parseRequirement(part: string, whole: string): Requirement {
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(part);
  if (set !== null) {
    const values = set[3]!.split(',').map((value) => value.trim());
    return checked({ key: set[1]!, operator: set[2] === 'in' ? 'In' : 'NotIn', values }, whole);
  }
  const compared = /^([^\s=!<>]+)\s*(==|=|!=|>|<)\s*([^\s=!<>()]*)$/.exec(part);
  if (compared !== null) {
    const [, key, operator, value] = compared as unknown as [string, string, string, string];
    if (operator === '>' || operator === '<') {
      if (!isWhole(value)) throw invalid(whole, `for 'Gt', 'Lt' operators, the value must be an integer`);
      return checked({ key, operator: operator === '>' ? 'Gt' : 'Lt', value: Number(value) }, whole);
    }
    return checked({ key, operator: operator === '!=' ? 'NotIn' : 'In', values: [value] }, whole);
  }
  const exists = /^(!?)\s*([^\s=!<>()]+)$/.exec(part);
  if (exists !== null)
    return checked({ key: exists[2]!, operator: exists[1] === '!' ? 'DoesNotExist' : 'Exists' }, whole);
  throw invalid(whole, `found ${JSON.stringify(part)}, expected: '!', identifier, or 'end of string'`);
}

function checked(requirement: Requirement, whole: string): Requirement {
  const { key } = requirement;
  const [name, prefix, ...more] = key.split('/').reverse();
  const wellFormed =
    namePattern.test(name!) && name!.length <= 63 && (prefix === undefined || prefixPattern.test(prefix));
  if (!wellFormed || more.length > 0) {
    throw invalid(
      whole,
      `key: Invalid value: ${JSON.stringify(key)}: name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    );
  }
  for (const value of 'values' in requirement ? requirement.values : []) {
    if (value.length > 63 || (value !== '' && !namePattern.test(value))) {
      throw invalid(
        whole,
        `values[0][${key}]: Invalid value: ${JSON.stringify(value)}: a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
      );
    }
  }
  return requirement;
}

function invalid(whole: string, problem: string): GantryError {
  return new GantryError(
    'BadRequest',
    `unable to parse requirement in label selector ${JSON.stringify(whole)}: ${problem}`,
  );
}

/** One condition on a field. */
export interface FieldRequirement {
  readonly field: string;
  readonly equal: boolean;
  readonly value: string;
}

/** Reads a field selector such as `spec.nodeName=node-1,status.phase!=Failed`. Backslashes escape `,`, `=` and themselves. */
export function parseFieldSelector(text: string): FieldRequirement[] {
  const parts = text.match(/(?:\\.|[^,\\])+/g) ?? [];
  if (parts.length > maxRequirements)
    throw new GantryError('BadRequest', `invalid field selector: more than ${maxRequirements} requirements`);
  return parts.map((part) => {
    const match = /^((?:\\.|[^=!\\])+)(!=|==|=)((?:\\.|[^=\\])*)$/.exec(part.trim());
    if (match === null) {
      throw new GantryError('BadRequest', `invalid selector: '${text}'; can't understand '${part}'`);
    }
    return { field: match[1]!.trim(), equal: match[2] !== '!=', value: match[3]!.replace(/\\(.)/g, '$1') };
  });
}

/** A test of a kind's objects by field. Throws BadRequest for a field that the kind does not offer. */
export function compileFieldSelector<T extends KubeObject>(kind: Kind<T>, text: string): (object: T) => boolean {
  const tests = parseFieldSelector(text).map(({ field, equal, value }) => {
    const read = fieldReader(kind, field);
    return (object: T): boolean => (read(object) === value) === equal;
  });
  return (object) => tests.every((test) => test(object));
}

function fieldReader<T extends KubeObject>(kind: Kind<T>, field: string): (object: T) => string {
  if (field === 'metadata.name') return ({ metadata }) => metadata.name;
  if (field === 'metadata.namespace') return ({ metadata }) => metadata.namespace ?? '';
  if (Object.hasOwn(kind.selectableFields, field)) return kind.selectableFields[field]!;
  const hasNone = Object.keys(kind.selectableFields).length === 0;
  const known = `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
  throw new GantryError('BadRequest', hasNone ? known : `field label not supported: ${field}`);
}

/** A test of labels. */
export function compileLabelSelector(text: string): (labels: Labels) => boolean {
  const requirements = parseLabelSelector(text);
  return (labels) => requirements.every((requirement) => meets(labels, requirement));
}

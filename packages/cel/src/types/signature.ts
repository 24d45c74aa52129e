/** Signatures of functions, written as `list(A).(A) -> int` (a method) or `(A, B) -> bool`. */
import { libraryObject, listOf, mapOf, opaque, optionalOf, parameter, type Type, typeOf, types } from './types.ts';

export interface Signature {
  /** The target of a method first. */
  readonly parameters: readonly Type[];
  readonly result: Type;
  readonly isMethod: boolean;
  /** Names of the type parameters in it. */
  readonly typeParameters: readonly string[];
}

/** Types of Kubernetes' libraries. IP and CIDR are opaque there, the others objects; it shows in costs. */
const libraryTypes: Readonly<Record<string, Type>> = {
  ip: opaque('net.IP'),
  cidr: opaque('net.CIDR'),
  url: libraryObject('kubernetes.URL'),
  quantity: libraryObject('kubernetes.Quantity'),
  semver: libraryObject('kubernetes.Semver'),
  format: libraryObject('kubernetes.NamedFormat'),
  authorizer: libraryObject('kubernetes.authorization.Authorizer'),
  pathCheck: libraryObject('kubernetes.authorization.PathCheck'),
  groupCheck: libraryObject('kubernetes.authorization.GroupCheck'),
  resourceCheck: libraryObject('kubernetes.authorization.ResourceCheck'),
  decision: libraryObject('kubernetes.authorization.Decision'),
};

export function libraryType(name: string): Type {
  const type = libraryTypes[name];
  if (type === undefined) throw new Error(`${name}: no type of a library`);
  return type;
}

/** @throws Error where the text is no signature: a mistake in a table of functions. */
export function signature(text: string): Signature {
  const arrow = text.indexOf('->');
  if (arrow < 0) throw new Error(`${text}: no signature`);
  const head = text.slice(0, arrow).trim();
  const open = openingParenthesis(head);
  const target = head.slice(0, open).replace(/\.$/, '');
  const inner = head.slice(open + 1, -1);
  const parameters = [...(target === '' ? [] : [readType(target)]), ...split(inner).map(readType)];
  const result = readType(text.slice(arrow + 2).trim());
  const typeParameters = [...new Set([...text.matchAll(/\b[A-Z]\b/g)].map(([name]) => name))];
  return { parameters, result, isMethod: target !== '', typeParameters };
}

/** Index of the parenthesis that closes at the end of the text. */
function openingParenthesis(text: string): number {
  let depth = 0;
  for (let index = text.length - 1; index >= 0; index--) {
    if (text[index] === ')') depth++;
    if (text[index] === '(' && --depth === 0) return index;
  }
  throw new Error(`${text}: no signature`);
}

function split(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let index = 0; index <= text.length; index++) {
    if (text[index] === '(') depth++;
    else if (text[index] === ')') depth--;
    else if ((text[index] === ',' || index === text.length) && depth === 0) {
      parts.push(text.slice(from, index).trim());
      from = index + 1;
    }
  }
  return parts.filter((part) => part !== '');
}

function readType(text: string): Type {
  const match = /^(\w+)(?:\((.*)\))?$/.exec(text);
  if (match === null) throw new Error(`${text}: no type`);
  const [, name, inner = ''] = match;
  const [first, second] = split(inner).map(readType);
  if (name === 'list') return listOf(first!);
  if (name === 'map') return mapOf(first!, second!);
  if (name === 'optional') return optionalOf(first!);
  if (name === 'type') return typeOf(first!);
  if (/^[A-Z]$/.test(name!)) return parameter(name!);
  const known = types[name as keyof typeof types];
  return known ?? libraryType(name!);
}

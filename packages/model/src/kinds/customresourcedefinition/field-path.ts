/** Paths of fields within objects, such as .spec.color or .spec['a.b'], and the schemas that they lead to. */
import type { JSONSchemaProps } from '../../gen/gantry.apiextensions.v1.ts';

/** The field that a path leads to. */
export interface FoundField {
  /** Names on the way to it. */
  readonly names: readonly string[];
  readonly schema: JSONSchemaProps;
}

const escapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  "'": "'",
  '\\': '\\',
};

/**
 * Follows a path from a schema on. Returns its problem, in Kubernetes' words, where it does not lead to a field.
 * @param takesBrackets Names may stand in brackets and quotes.
 */
export function findField(path: string, root: JSONSchemaProps, takesBrackets = true): FoundField | string {
  const tokens = tokensOf(path);
  const names: string[] = [];
  let schema = root;
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!;
    if (token !== '.' && token !== '[') return `expected [ or . but got: ${token}`;
    if (token === '[' && !takesBrackets) return 'array notation is not allowed';
    const next = tokens[++at];
    if (next === undefined) return 'unexpected end of JSON path';
    const name = token === '.' ? { text: next } : quoted(next);
    if (typeof name === 'string') return name;
    const inner = fieldOf(schema, name.text);
    if (inner === undefined) return 'does not refer to a valid field';
    names.push(name.text);
    schema = inner;
    if (token === '.') continue;
    const end = tokens[++at];
    if (end === undefined) return 'unexpected end of JSON path';
    if (end !== ']') return `expected ] but got ${end}`;
  }
  return { names, schema };
}

function fieldOf(
  { properties = {}, additionalProperties }: JSONSchemaProps,
  name: string,
): JSONSchemaProps | undefined {
  if (Object.keys(properties).length > 0) return Object.hasOwn(properties, name) ? properties[name] : undefined;
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

/** Delimiters, texts in quotes, and the names between them. */
function tokensOf(path: string): string[] {
  return path.match(/[.[\]]|'(?:[^'\\]|\\.)*'|'[^']*$|[^.[\]']+[^.[\]]*/g) ?? [];
}

/** The text in quotes, or what is wrong with it. */
function quoted(token: string): { readonly text: string } | string {
  if (token.length < 2 || !token.startsWith("'") || !token.endsWith("'")) {
    return `expected single quoted string but got ${token}`;
  }
  const inner = token.slice(1, -1);
  const unknown = /\\[^abfnrtv'\\]/.exec(inner);
  if (unknown !== null) return `invalid string literal: invalid escape char ${unknown[0]}`;
  return { text: inner.replace(/\\(.)/g, (_, letter: string) => escapes[letter]!) };
}

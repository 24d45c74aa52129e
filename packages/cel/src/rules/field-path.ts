/** Paths of fields in rules, such as .spec.color or .spec['a.b'], as messages write them. */
import { type Schema, valuesOf } from './schema.ts';

const escapes: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** The path in the form of messages: spec.color, labels[x]. Undefined where it does not lead to a field of the schema. */
export function normalizedPath(path: string, root: Schema): string | undefined {
  let schema: Schema = root;
  let text = '';
  let rest = path;
  while (rest !== '') {
    const match = /^(?:\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\])/.exec(rest);
    if (match === null) return undefined;
    const [token, plain, quoted] = match;
    const name = plain ?? quoted!.replaceAll(/\\(.)/g, (_, letter: string) => escapes[letter] ?? letter);
    rest = rest.slice(token.length);
    const isNamed = schema.properties !== undefined;
    const next = isNamed ? schema.properties![name] : valuesOf(schema);
    if (next === undefined) return undefined;
    text += isNamed ? `${text === '' ? '' : '.'}${name}` : `[${name}]`;
    schema = next;
  }
  return text;
}

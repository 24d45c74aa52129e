/** Names of fields in expressions: JSON's names that are no identifiers are written with escapes, such as `a__dash__b`. */

/** Words that cannot name a field as they are. */
const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

const escapes: readonly (readonly [string, string])[] = [
  ['__', '__underscores__'],
  ['.', '__dot__'],
  ['-', '__dash__'],
  ['/', '__slash__'],
];
const escapeOf = new Map(escapes);
const originalOf = new Map(escapes.map(([original, escaped]) => [escaped, original]));

/** The name as expressions write it; undefined where none can. */
export function escapedName(name: string): string | undefined {
  if (!/^[a-zA-Z_./-][a-zA-Z0-9_./-]*$/.test(name)) return undefined;
  if (reserved.has(name)) return `__${name}__`;
  return name.replaceAll(/__|[-./]/g, (part) => escapeOf.get(part)!);
}

/** The JSON name of what an expression wrote; undefined where it is no escape. */
export function unescapedName(name: string): string | undefined {
  if (!name.includes('__')) return name;
  let isWrong = false;
  const original = name.replaceAll(/__[^_]+__/g, (escaped) => {
    const part = originalOf.get(escaped);
    if (part !== undefined) return part;
    const word = escaped.slice(2, -2);
    if (!reserved.has(word) || escaped.length !== name.length) isWrong = true;
    return word;
  });
  return isWrong ? undefined : original;
}

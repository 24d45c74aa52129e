/** Calls of format() whose text and values are literals: each clause is held to the type of its value. */
import type { CallExpr, Expr } from '../syntax/ast.ts';
import type { Problem } from '../syntax/source.ts';
import type { TypeKind } from '../types/types.ts';
import type { Checked } from './check.ts';

interface Clause {
  readonly kinds: ReadonlySet<TypeKind>;
  readonly problem: string;
}

const clause = (problem: string, ...kinds: TypeKind[]): Clause => ({ kinds: new Set(kinds), problem });

const texts = clause(
  'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
  ...([
    'list',
    'map',
    'int',
    'uint',
    'double',
    'bool',
    'string',
    'timestamp',
    'bytes',
    'duration',
    'type',
    'null',
  ] as const),
);
const hexes = clause(
  'only integers, byte buffers, and strings can be formatted as hex',
  'int',
  'uint',
  'string',
  'bytes',
);
const clauses: Readonly<Record<string, Clause>> = {
  s: texts,
  d: clause('decimal clause can only be used on integers', 'int', 'uint'),
  // NaN and infinities are written as texts.
  f: clause('fixed-point clause can only be used on doubles', 'double', 'string'),
  e: clause('scientific clause can only be used on doubles', 'double', 'string'),
  b: clause('only integers and bools can be formatted as binary', 'int', 'uint', 'bool'),
  x: hexes,
  X: hexes,
  o: clause('octal clause can only be used on integers', 'int', 'uint'),
};

/** The first problem of a call of format(). */
export function formatProblem(checked: Checked, call: CallExpr): Problem[] {
  const [values] = call.args;
  if (call.target?.kind !== 'literal' || typeof call.target.value !== 'string' || values?.kind !== 'list') return [];
  const { elements } = values;
  let index = 0;
  for (const [, percent, , letter] of call.target.value.matchAll(/%(?:(%)|(?:\.(\d*))?(.?))/gs)) {
    if (percent !== undefined) continue;
    const element = elements[index];
    if (element === undefined) return [{ at: call.at, message: `index ${index} out of range` }];
    index++;
    const known = clauses[letter!];
    if (known === undefined) return [{ at: call.at, message: unknownClause(letter!) }];
    const wrong = wrongPart(checked, element, known);
    if (wrong === undefined) continue;
    const { name } = checked.types.get(wrong.id)!;
    return [{ at: wrong.at, message: `error during formatting: ${known.problem}, was given ${name}` }];
  }
  if (elements.length <= index) return [];
  const message = `too many arguments supplied to string.format (expected ${index}, got ${elements.length})`;
  return [{ at: call.at, message }];
}

function unknownClause(letter: string): string {
  if (letter === '') return 'unexpected end of string';
  return `could not parse formatting clause: unrecognized formatting clause "${letter}"`;
}

/** The part of a value that a clause does not take. Lists and maps are looked into where they are literals. */
function wrongPart(checked: Checked, expr: Expr, known: Clause): Expr | undefined {
  const { kind } = checked.types.get(expr.id)!;
  if (kind !== 'dyn' && !known.kinds.has(kind)) return expr;
  if (known !== texts) return undefined;
  const parts =
    expr.kind === 'list'
      ? expr.elements
      : expr.kind === 'map'
        ? expr.entries.flatMap(({ key, value }) => [key, value])
        : [];
  for (const part of parts) {
    const wrong = wrongPart(checked, part, known);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

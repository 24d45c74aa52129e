/**
 * Literals that make no sense, told when an expression is compiled: patterns, durations and times that functions could never take, lists and maps
 * of mixed types, texts of format() that do not go with their values.
 */
import { patternProblem } from '../functions/regex.ts';
import type { CallExpr, Expr, ListExpr, MapExpr } from '../syntax/ast.ts';
import type { Problem } from '../syntax/source.ts';
import { partsOf } from '../syntax/walk.ts';
import { formatType, isSameType, type Type } from '../types/types.ts';
import { parseDuration, parseTimestamp } from '../values/times.ts';
import type { Checked } from './check.ts';
import { formatProblem } from './format-calls.ts';

const tests: Readonly<Record<string, (text: string) => boolean>> = {
  duration: (text) => parseDuration(text) !== undefined,
  timestamp: (text) => parseTimestamp(text) !== undefined,
  matches: (text) => patternProblem(text) === undefined,
};

export function literalProblems(checked: Checked): Problem[] {
  const problems: Problem[] = [];
  visit(checked, checked.expr, false, problems);
  return problems;
}

/** @param isFormatted It stands within the values of format(), which may be of any types. */
function visit(checked: Checked, expr: Expr, isFormatted: boolean, problems: Problem[]): void {
  if (expr.kind === 'call') problems.push(...callProblems(checked, expr));
  else if (!isFormatted && expr.kind === 'list') problems.push(...listProblems(checked, expr));
  else if (!isFormatted && expr.kind === 'map') problems.push(...mapProblems(checked, expr));
  const isWithin = isFormatted || (expr.kind === 'call' && expr.name === 'format');
  for (const inner of partsOf(expr)) visit(checked, inner, isWithin, problems);
}

function callProblems(checked: Checked, call: CallExpr): Problem[] {
  if (call.name === 'format') return formatProblem(checked, call);
  const [first] = call.args;
  const isRight = tests[call.name];
  if (isRight === undefined || first?.kind !== 'literal' || typeof first.value !== 'string') return [];
  return isRight(first.value) ? [] : [{ at: first.at, message: `invalid ${call.name} argument` }];
}

function listProblems({ types }: Checked, { elements, optionals }: ListExpr): Problem[] {
  const typeAt = (index: number): Type => {
    const type = types.get(elements[index]!.id)!;
    return optionals.has(index) ? (type.parameters[0] ?? type) : type;
  };
  const other = elements.findIndex((_, index) => !isSameType(typeAt(0), typeAt(index)));
  return other < 0 ? [] : [mixed(elements[other]!, typeAt(0), typeAt(other))];
}

function mapProblems({ types }: Checked, { entries }: MapExpr): Problem[] {
  const valueType = ({ value, isOptional }: MapExpr['entries'][number]): Type => {
    const type = types.get(value.id)!;
    return isOptional ? (type.parameters[0] ?? type) : type;
  };
  return entries.flatMap((entry) => {
    const [first] = entries as readonly [MapExpr['entries'][number]];
    const [keyType, otherKey] = [types.get(first.key.id)!, types.get(entry.key.id)!];
    return [
      ...(isSameType(keyType, otherKey) ? [] : [mixed(entry.key, keyType, otherKey)]),
      ...(isSameType(valueType(first), valueType(entry))
        ? []
        : [mixed(entry.value, valueType(first), valueType(entry))]),
    ];
  });
}

function mixed({ at }: Expr, expected: Type, found: Type): Problem {
  return { at, message: `expected type '${formatType(expected)}' but found '${formatType(found)}'` };
}

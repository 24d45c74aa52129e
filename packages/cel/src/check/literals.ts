/** Literals that functions could never take, told when an expression is compiled: patterns, durations, times. */
import { patternProblem } from '../functions/regex.ts';
import type { CallExpr, Expr } from '../syntax/ast.ts';
import type { Problem } from '../syntax/source.ts';
import { parseDuration, parseTimestamp } from '../values/times.ts';
import type { Checked } from './check.ts';

const tests: Readonly<Record<string, (text: string) => boolean>> = {
  duration: (text) => parseDuration(text) !== undefined,
  timestamp: (text) => parseTimestamp(text) !== undefined,
  matches: (text) => patternProblem(text) === undefined,
};

export function literalProblems({ expr }: Checked): Problem[] {
  const problems: Problem[] = [];
  visit(expr, (call) => {
    const [first] = call.args;
    const isRight = tests[call.name];
    if (isRight === undefined || first?.kind !== 'literal' || typeof first.value !== 'string') return;
    if (!isRight(first.value)) problems.push({ at: first.at, message: `invalid ${call.name} argument` });
  });
  return problems;
}

function visit(expr: Expr, visitCall: (call: CallExpr) => void): void {
  if (expr.kind === 'call') visitCall(expr);
  for (const inner of partsOf(expr)) visit(inner, visitCall);
}

function partsOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'select':
      return [expr.operand];
    case 'call':
      return expr.target === undefined ? expr.args : [expr.target, ...expr.args];
    case 'list':
      return expr.elements;
    case 'map':
      return expr.entries.flatMap(({ key, value }) => [key, value]);
    case 'message':
      return expr.fields.map(({ value }) => value);
    case 'comprehension':
      return [expr.range, expr.init, expr.condition, expr.step, expr.result];
    default:
      return [];
  }
}

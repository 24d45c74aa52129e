import type { MatchCondition } from '@gantry/model/gen/gantry.admissionregistration.v1.ts';
import { type CompiledExpression, compileExpression, type ExpressionScope } from './compile.ts';
import { type Bindings, costBudgets, Evaluator, OutOfBudget } from './evaluation.ts';

/** Match conditions that are ready to be evaluated. */
export interface Conditions {
  readonly all: readonly { readonly condition: MatchCondition; readonly compiled: CompiledExpression }[];
  readonly variables: ReadonlyMap<string, CompiledExpression> | undefined;
}

/** The outcome of match conditions: whether all are met, or why nobody can tell. */
export type Met = { readonly isMet: boolean } | { readonly error: string; readonly failed: number };

/** Compiles match conditions. A wrong one is an error at each evaluation. */
export function compileConditions(
  conditions: readonly MatchCondition[],
  scope: ExpressionScope,
  variables?: ReadonlyMap<string, CompiledExpression>,
): Conditions {
  const all = conditions.map((condition) => ({
    condition,
    compiled: compileExpression(condition.expression, scope, 'condition'),
  }));
  return { all, variables };
}

/** Evaluates match conditions: one that is not met decides, whatever is wrong with others. */
export function meetsAll({ all, variables }: Conditions, bindings: Bindings): Met {
  if (all.length === 0) return { isMet: true };
  const evaluator = new Evaluator(bindings, costBudgets.conditions, variables);
  const errors: string[] = [];
  try {
    for (const { condition, compiled } of all) {
      const outcome = evaluator.evaluate(condition.expression, compiled);
      if ('error' in outcome) errors.push(outcome.error);
      else if (outcome.value === false) return { isMet: false };
    }
  } catch (error) {
    if (error instanceof OutOfBudget) return { error: error.message, failed: 0 };
    throw error;
  }
  return errors.length === 0 ? { isMet: true } : { error: aggregated(errors), failed: errors.length };
}

/** Errors as one, each told once. */
function aggregated(errors: readonly string[]): string {
  const once = [...new Set(errors)];
  return once.length === 1 ? once[0]! : `[${once.join(', ')}]`;
}

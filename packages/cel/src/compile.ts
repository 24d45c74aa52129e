/** Compiles expressions, and evaluates what was compiled. */
import { type Checked, check } from './check/check.ts';
import type { Environment } from './check/environment.ts';
import { literalProblems } from './check/literals.ts';
import { Frame, type Variable } from './evaluate/frame.ts';
import { plan } from './evaluate/plan.ts';
import { parse } from './syntax/parse.ts';
import { formatProblems, type Problem } from './syntax/source.ts';
import type { Type } from './types/types.ts';
import { CostExceeded, EvaluationError, type Value } from './values/value.ts';

/** The most that one evaluation may cost: about a tenth of a second in Kubernetes (PerCallLimit). */
export const perCallLimit = 1_000_000;

/** Outcome of an evaluation: a value, or an error in cel-go's words; and the cost that it had either way. */
export type Outcome =
  | { readonly value: Value; readonly cost: number }
  | {
      readonly error: string;
      readonly cost: number;
      /** The evaluation was stopped: it cost more than it may. */
      readonly isExceeded: boolean;
    };

export interface Program {
  readonly text: string;
  /** Type of its value, as far as it is known. */
  readonly type: Type;
  /** Cost estimates and the like go by it. */
  readonly checked: Checked;
  /** Whether the expression names this variable. */
  uses(variable: string): boolean;
  /**
   * @param bindings JSON or values of the variables. A variable that has none is an error where it is read.
   * @param limit The most that the evaluation may cost.
   */
  evaluate(bindings: Readonly<Record<string, unknown>>, limit?: number): Outcome;
}

export type Compilation = { readonly program: Program } | { readonly problems: string };

/** Compiles an expression. Problems are as cel-go shows them, with the line of the text and a caret. */
export function compile(text: string, environment: Environment): Compilation {
  const parsed = parse(text);
  if ('problems' in parsed) return problemsOf(text, parsed.problems);
  const checked = check(parsed.expr, environment);
  if ('problems' in checked) return problemsOf(text, checked.problems);
  const wrongLiterals = literalProblems(checked);
  if (wrongLiterals.length > 0) return problemsOf(text, wrongLiterals);
  try {
    return { program: programOf(text, checked, environment) };
  } catch (error) {
    if (error instanceof EvaluationError) return { problems: `program instantiation failed: ${error.message}` };
    throw error;
  }
}

function problemsOf(text: string, problems: readonly Problem[]): Compilation {
  return { problems: formatProblems(text, problems) };
}

function programOf(text: string, checked: Checked, environment: Environment): Program {
  const { step, variables } = plan(checked, environment);
  return {
    text,
    type: checked.type,
    checked,
    uses: (name) => variables.some((variable: Variable) => variable.name === name),
    evaluate: (bindings, limit = perCallLimit) => {
      const frame = new Frame(bindings, variables, limit);
      try {
        return { value: step(frame), cost: frame.cost };
      } catch (error) {
        if (error instanceof EvaluationError) return { error: error.message, cost: frame.cost, isExceeded: false };
        if (error instanceof CostExceeded) return { error: error.message, cost: frame.cost, isExceeded: true };
        if (error instanceof RangeError)
          return { error: new CostExceeded().message, cost: limit + 1, isExceeded: true };
        throw error;
      }
    },
  };
}

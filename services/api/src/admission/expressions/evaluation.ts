import type { Program } from '@gantry/cel/compile.ts';
import { fail, MapValue, type Value } from '@gantry/cel/values/value.ts';
import type { CompiledExpression } from './compile.ts';

/** Costs that evaluations may have together, by Kubernetes' numbers: of a policy with one binding, and of match conditions. */
export const costBudgets = { policy: 10_000_000, conditions: 2_500_000 } as const;

/** The value of an expression, or its error in Kubernetes' words. */
export type Evaluated = { readonly value: Value } | { readonly error: string };

/** Thrown where expressions cost more together than they may. */
export class OutOfBudget extends Error {
  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run');
  }
}

/** Values of variables by their names; JSON or values of CEL. */
export type Bindings = Readonly<Record<string, unknown>>;

/** Evaluates expressions with the same variables within one budget. */
export class Evaluator {
  readonly #bindings: Bindings;
  readonly #variables: LazyVariables | undefined;
  #remaining: number;

  /** @param variables Of a policy, in order; each is evaluated when it is first read. */
  constructor(bindings: Bindings, budget: number, variables?: ReadonlyMap<string, CompiledExpression>) {
    this.#remaining = budget;
    this.#variables = variables && new LazyVariables(variables, () => this.#bindings);
    this.#bindings = this.#variables === undefined ? bindings : { ...bindings, variables: this.#variables };
  }

  /** Cost that is left. */
  get remaining(): number {
    return this.#remaining;
  }

  /** Evaluates an expression. Throws OutOfBudget. */
  evaluate(expression: string, compiled: CompiledExpression): Evaluated {
    if ('problem' in compiled) return { error: `compilation error: ${compiled.problem}` };
    const outcome = compiled.program.evaluate(this.#bindings);
    this.#remaining -= outcome.cost + (this.#variables?.takeCost() ?? 0);
    if (this.#remaining < 0) throw new OutOfBudget();
    return 'error' in outcome
      ? { error: `expression '${expression}' resulted in error: ${outcome.error}` }
      : { value: outcome.value };
  }
}

/** Values of a policy's variables: each is evaluated when it is first read, and kept. */
class LazyVariables extends MapValue {
  override readonly typeName = 'kubernetes.variables';
  readonly #compiled: ReadonlyMap<string, CompiledExpression>;
  readonly #bindings: () => Bindings;
  readonly #values = new Map<string, { readonly value: Value } | { readonly problem: string }>();
  #cost = 0;

  constructor(compiled: ReadonlyMap<string, CompiledExpression>, bindings: () => Bindings) {
    super();
    this.#compiled = compiled;
    this.#bindings = bindings;
  }

  get size(): number {
    return this.#compiled.size;
  }

  keys(): Iterable<Value> {
    return this.#compiled.keys();
  }

  get(key: Value): Value | undefined {
    if (typeof key !== 'string') return undefined;
    const compiled = this.#compiled.get(key);
    if (compiled === undefined) return undefined;
    const known = this.#values.get(key) ?? this.#evaluate(key, compiled);
    this.#values.set(key, known);
    return 'problem' in known ? fail(known.problem) : known.value;
  }

  /** The cost since it was last taken. */
  takeCost(): number {
    const cost = this.#cost;
    this.#cost = 0;
    return cost;
  }

  #evaluate(
    name: string,
    compiled: { readonly program: Program } | { readonly problem: string },
  ): { readonly value: Value } | { readonly problem: string } {
    const start = `composited variable ${JSON.stringify(name)} fails to`;
    if ('problem' in compiled) return { problem: `${start} compile: ${compiled.problem}` };
    const outcome = compiled.program.evaluate(this.#bindings());
    this.#cost += outcome.cost;
    return 'error' in outcome ? { problem: `${start} evaluate: ${outcome.error}` } : { value: outcome.value };
  }
}

/** State of one evaluation. */

import type { Declaration } from '../types/types.ts';
import { readJson } from '../values/read.ts';
import { CostExceeded, EvaluationError, fail, type Value } from '../values/value.ts';
import { comparisons, maxComparisons } from '../values/work.ts';

/** A part of an expression that can be evaluated. */
export type Step = (frame: Frame) => Value;

/** A variable that an expression uses. */
export interface Variable {
  readonly name: string;
  readonly declaration: Declaration;
}

export class Frame {
  /** Cost so far. */
  cost = 0;
  readonly limit: number;
  /** Variables of folds, and their accumulators. An accumulator holds the error of its step until another step drops it. */
  readonly slots: (Value | EvaluationError)[] = [];
  readonly bindings: Readonly<Record<string, unknown>>;
  readonly #variables: readonly Variable[];
  readonly #values: (Value | undefined)[] = [];
  readonly #maxSteps = comparisons.steps + maxComparisons;

  constructor(bindings: Readonly<Record<string, unknown>>, variables: readonly Variable[], limit: number) {
    this.bindings = bindings;
    this.#variables = variables;
    this.limit = limit;
  }

  /** @throws CostExceeded */
  charge(cost: number): void {
    this.cost += cost;
    if (this.cost > this.limit || comparisons.steps > this.#maxSteps) throw new CostExceeded();
  }

  variable(index: number): Value {
    const known = this.#values[index];
    if (known !== undefined) return known;
    const value = this.#read(index);
    this.#values[index] = value;
    return value;
  }

  /** JSON of a variable as it was bound; undefined where there is none. */
  raw(index: number): unknown {
    return this.bindings[this.#variables[index]!.name];
  }

  #read(index: number): Value {
    const { name, declaration } = this.#variables[index]!;
    const bound = this.bindings[name];
    if (bound === undefined) return fail(`no such attribute(s): ${name}`);
    return isBoundValue(bound) ? bound : readJson(bound, declaration);
  }

  slot(index: number): Value {
    const value = this.slots[index]!;
    if (value instanceof EvaluationError) throw value;
    return value;
  }
}

/** Values are given as they are, JSON is read by its declaration. */
function isBoundValue(bound: unknown): bound is Value {
  if (typeof bound !== 'object' || bound === null || Array.isArray(bound)) return false;
  const prototype: unknown = Object.getPrototypeOf(bound);
  return prototype !== Object.prototype && prototype !== null;
}

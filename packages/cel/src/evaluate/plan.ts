/** Makes of a checked expression a function that evaluates it: everything that can be known before is. */
import type { Checked, Reference } from '../check/check.ts';
import type { Environment } from '../check/environment.ts';
import { listCost, mapCost, messageCost } from '../cost/runtime.ts';
import {
  accumulatorName,
  type CallExpr,
  type ComprehensionExpr,
  type Expr,
  type ListExpr,
  type MapExpr,
  type MessageExpr,
  operators,
  type SelectExpr,
} from '../syntax/ast.ts';
import { isEqual } from '../values/equal.ts';
import { ArrayList, EntryMap, EvaluationError, fail, ListValue, OptionalValue, type Value } from '../values/value.ts';
import { access, accessIfPresent, isPresent } from './access.ts';
import { callStep } from './dispatch.ts';
import { foldStep, GrowingList, newList, newMap } from './fold.ts';
import type { Frame, Step, Variable } from './frame.ts';

export interface Plan {
  readonly step: Step;
  readonly variables: readonly Variable[];
}

/** @throws EvaluationError where a constant part fails, such as duration('x'). */
export function plan(checked: Checked, environment: Environment): Plan {
  const planner = new Planner(checked, environment);
  const step = planner.plan(checked.expr);
  return { step, variables: planner.variables };
}

/** Conversions of constants are made once. */
const conversions = new Set('bool bytes double duration dyn int string timestamp type uint'.split(' '));

class Planner {
  readonly variables: Variable[] = [];
  readonly #checked: Checked;
  readonly #environment: Environment;
  /** Slots of the variables of folds, the innermost last. */
  readonly #scopes: string[] = [];
  /** Values of the steps that are constants. */
  readonly #constants = new Map<Step, Value>();

  constructor(checked: Checked, environment: Environment) {
    this.#checked = checked;
    this.#environment = environment;
  }

  plan(expr: Expr): Step {
    const reference = this.#checked.references.get(expr.id);
    switch (expr.kind) {
      case 'literal':
        return this.#constant(expr.value);
      case 'ident':
        return this.#named(reference!);
      case 'select':
        return reference === undefined ? this.#select(expr) : this.#named(reference);
      case 'call':
        return this.#call(expr, reference);
      case 'list':
        return this.#list(expr);
      case 'map':
        return this.#map(expr);
      case 'message':
        return this.#message(expr, reference);
      case 'comprehension':
        return this.#comprehension(expr);
    }
  }

  #constant(value: Value): Step {
    const step: Step = () => value;
    this.#constants.set(step, value);
    return step;
  }

  #named(reference: Reference): Step {
    if (reference.kind === 'constant') return this.#constant(reference.value);
    if (reference.kind !== 'variable') throw new Error('a name is a variable or a type');
    const slot = this.#scopes.lastIndexOf(reference.name);
    if (slot >= 0) {
      return (frame) => {
        frame.charge(1);
        return frame.slot(slot);
      };
    }
    const index = this.#variable(reference.name);
    return (frame) => {
      frame.charge(1);
      return frame.variable(index);
    };
  }

  #variable(name: string): number {
    const known = this.variables.findIndex((variable) => variable.name === name);
    if (known >= 0) return known;
    return this.variables.push({ name, declaration: this.#environment.variables.get(name)! }) - 1;
  }

  #select(expr: SelectExpr): Step {
    const { field } = expr;
    const operand = this.plan(expr.operand);
    const cost = isAttribute(expr.operand) ? 1 : 2;
    if (expr.isTest) {
      return (frame) => {
        const value = operand(frame);
        frame.charge(cost);
        return isPresent(value, field);
      };
    }
    return (frame) => {
      const value = operand(frame);
      frame.charge(cost);
      return access(value, field);
    };
  }

  #call(expr: CallExpr, reference: Reference | undefined): Step {
    switch (expr.name) {
      case operators.and:
        return junction(
          expr.args.map((term) => this.plan(term)),
          false,
        );
      case operators.or:
        return junction(
          expr.args.map((term) => this.plan(term)),
          true,
        );
      case operators.conditional:
        return this.#conditional(expr.args as readonly [Expr, Expr, Expr]);
      case operators.notStrictlyFalse:
        return notStrictlyFalse(this.plan(expr.args[0]!));
      case operators.index:
        return this.#index(expr.args as readonly [Expr, Expr], access);
      case operators.optionalIndex:
      case operators.optionalSelect:
        return this.#index(expr.args as readonly [Expr, Expr], accessIfPresent);
      case operators.add:
        return this.#growth(expr) ?? this.#function(expr, reference);
      case 'or':
      case 'orValue':
        return this.#alternative(expr) ?? this.#function(expr, reference);
      default:
        return this.#function(expr, reference);
    }
  }

  #function(expr: CallExpr, reference: Reference | undefined): Step {
    if (reference?.kind !== 'function') throw new Error('a call has overloads');
    const args = [...(expr.target === undefined || reference.hasNamespace ? [] : [expr.target]), ...expr.args];
    const steps = args.map((argument) => this.plan(argument));
    const argumentTypes = args.map(({ id }) => this.#checked.types.get(id)!);
    if (expr.name === '@in') {
      const membership = this.#membership(steps);
      if (membership !== undefined) return membership;
    }
    const step = callStep(reference.name, reference.overloads, steps, argumentTypes);
    const isFixed = conversions.has(reference.name) && steps.every((argument) => this.#constants.has(argument));
    return isFixed ? this.#constant(step(constantFrame)) : step;
  }

  /** Membership in a list of constants: no list is made, and nothing is charged for it. */
  #membership([element, list]: readonly Step[]): Step | undefined {
    const constant = this.#constants.get(list!);
    if (!(constant instanceof ListValue)) return undefined;
    const values = [...constant];
    if (!values.every((value) => typeof value === 'string')) {
      return (frame) => {
        const value = element!(frame);
        return values.some((candidate) => isEqual(candidate, value));
      };
    }
    const texts: ReadonlySet<Value> = new Set(values);
    return (frame) => texts.has(element!(frame));
  }

  #conditional([condition, whenTrue, whenFalse]: readonly [Expr, Expr, Expr]): Step {
    const test = this.plan(condition);
    const [first, second] = [this.#branch(whenTrue), this.#branch(whenFalse)];
    return (frame) => {
      const value = test(frame);
      if (value === true) return first(frame);
      return value === false ? second(frame) : fail('no such overload');
    };
  }

  /** The variable of a branch costs nothing, as in cel-go. */
  #branch(expr: Expr): Step {
    const step = this.plan(expr);
    if (!isAttribute(expr)) return step;
    return (frame) => {
      frame.charge(-1);
      return step(frame);
    };
  }

  #index([operandExpr, keyExpr]: readonly [Expr, Expr], read: (operand: Value, key: Value) => Value): Step {
    const operand = this.plan(operandExpr);
    const key = this.plan(keyExpr);
    const cost = (isAttribute(operandExpr) ? 0 : 1) + (isAttribute(keyExpr) ? 0 : 1);
    return (frame) => {
      const value = operand(frame);
      const index = key(frame);
      frame.charge(cost);
      return read(value, index);
    };
  }

  /** `accumulator + [element]`: the list of the fold grows where it is. */
  #growth(expr: CallExpr): Step | undefined {
    const [accumulator, addition] = expr.args as [Expr, Expr];
    if (accumulator.kind !== 'ident' || accumulator.name !== accumulatorName || addition.kind !== 'list')
      return undefined;
    const [list, element] = [this.plan(accumulator), this.plan(addition.elements[0]!)];
    return (frame) => {
      const grown = list(frame);
      const value = element(frame);
      frame.charge(listCost + 1);
      if (!(grown instanceof GrowingList)) return fail('no such overload');
      grown.values.push(value);
      return grown;
    };
  }

  /** `optional.or(other)`: the other is evaluated only where it is needed. */
  #alternative(expr: CallExpr): Step | undefined {
    if (expr.target === undefined || expr.args.length !== 1) return undefined;
    const [optional, other] = [this.plan(expr.target), this.plan(expr.args[0]!)];
    const isWrapped = expr.name === 'or';
    return (frame) => {
      const value = optional(frame);
      if (!(value instanceof OptionalValue)) return fail('no such overload');
      if (value.value === undefined) return other(frame);
      return isWrapped ? value : value.value;
    };
  }

  #list(expr: ListExpr): Step {
    const elements = expr.elements.map((element) => this.plan(element));
    const { optionals } = expr;
    const make: Step = (frame) => {
      const values: Value[] = [];
      for (const [index, element] of elements.entries()) {
        const value = element(frame);
        if (!optionals.has(index)) values.push(value);
        else addOptional(value, (inner) => values.push(inner));
      }
      frame.charge(listCost);
      return new ArrayList(values);
    };
    return elements.every((element) => this.#constants.has(element)) ? this.#constant(make(constantFrame)) : make;
  }

  #map(expr: MapExpr): Step {
    const entries = expr.entries.map(({ key, value, isOptional }) => ({
      key: this.plan(key),
      value: this.plan(value),
      isOptional,
    }));
    const make: Step = (frame) => {
      const map = new EntryMap();
      for (const entry of entries) {
        const key = entry.key(frame);
        const add = (value: Value): void => map.set(key, value);
        const value = entry.value(frame);
        if (entry.isOptional) addOptional(value, add);
        else add(value);
      }
      frame.charge(mapCost);
      return map;
    };
    const isConstant = entries.every(({ key, value }) => this.#constants.has(key) && this.#constants.has(value));
    return isConstant ? this.#constant(make(constantFrame)) : make;
  }

  #message(expr: MessageExpr, reference: Reference | undefined): Step {
    if (reference?.kind !== 'message') throw new Error('a message has a type');
    const fields = expr.fields.map(({ name, value, isOptional }) => ({ name, value: this.plan(value), isOptional }));
    return (frame) => {
      const values = new Map<string, Value>();
      for (const { name, value, isOptional } of fields) {
        if (isOptional) addOptional(value(frame), (inner) => values.set(name, inner));
        else values.set(name, value(frame));
      }
      frame.charge(messageCost);
      return reference.message.create(values);
    };
  }

  #comprehension(expr: ComprehensionExpr): Step {
    const range = this.plan(expr.range);
    const init = freshInit(expr.init) ?? this.plan(expr.init);
    const accumulator = this.#scopes.push(expr.accumulator) - 1;
    const variable = this.#scopes.push(expr.variable) - 1;
    const variable2 = expr.variable2 === undefined ? undefined : this.#scopes.push(expr.variable2) - 1;
    const condition = this.plan(expr.condition);
    const step = this.plan(expr.step);
    this.#scopes.length = accumulator + 1;
    const result = this.plan(expr.result);
    this.#scopes.length = accumulator;
    return foldStep({ range, variable, variable2, accumulator, init, condition, step, result });
  }
}

/** A list or map that a fold fills is a new one each time. */
function freshInit(init: Expr): Step | undefined {
  if (init.kind === 'list' && init.elements.length === 0) return newList;
  return init.kind === 'map' && init.entries.length === 0 ? newMap : undefined;
}

/** Constants are made without limit, before any evaluation. */
const constantFrame = { charge: () => {} } as unknown as Frame;

/** Parts of a path that starts at a variable, which cel-go costs as one. */
function isAttribute(expr: Expr): boolean {
  if (expr.kind === 'ident') return true;
  if (expr.kind === 'select') return !expr.isTest;
  return (
    expr.kind === 'call' &&
    (expr.name === operators.index || expr.name === operators.optionalIndex || expr.name === operators.optionalSelect)
  );
}

function addOptional(value: Value, add: (value: Value) => void): void {
  if (!(value instanceof OptionalValue)) fail('no such overload');
  else if (value.value !== undefined) add(value.value);
}

/** `&&` and `||`: one term can decide whatever the others are, errors included. */
function junction(terms: readonly Step[], decisive: boolean): Step {
  return (frame) => {
    let problem: EvaluationError | undefined;
    for (const term of terms) {
      try {
        const value = term(frame);
        if (value === decisive) return decisive;
        if (value !== !decisive) problem ??= new EvaluationError('no such overload');
      } catch (error) {
        if (!(error instanceof EvaluationError)) throw error;
        problem ??= error;
      }
    }
    if (problem !== undefined) throw problem;
    return !decisive;
  };
}

/** False only where the value is false: errors do not end a fold. */
function notStrictlyFalse(operand: Step): Step {
  return (frame) => {
    frame.charge(1);
    try {
      return operand(frame) !== false;
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      return true;
    }
  };
}

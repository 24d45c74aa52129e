/** The most that an expression can cost, as Kubernetes estimates it when it is written: by the bounds that schemas give. */
import type { Checked } from '../check/check.ts';
import {
  accumulatorName,
  type CallExpr,
  type ComprehensionExpr,
  type Expr,
  type ListExpr,
  type MapExpr,
  operators,
} from '../syntax/ast.ts';
import { typed } from '../types/declaration.ts';
import { type Declaration, type Type, types } from '../types/types.ts';
import { sizeOf } from '../values/size.ts';
import { type Estimate, eitherSize, estimateCall, type Operand } from './call-estimates.ts';
import { add, fixed, multiply, type Range, unbounded, union, unknownRange } from './range.ts';
import { listCost, mapCost, messageCost } from './runtime.ts';

/**
 * @param root Schema of the variables: it bounds sizes. Kubernetes lets every name stand for it, elements of lists that expressions made included.
 * @returns Cost units; 2^64 and more stand for no bound.
 */
export function estimateCost(checked: Checked, root: Declaration): Range {
  return new Estimator(checked, root).cost(checked.expr);
}

/** Schema of the data at a path from a variable on; `lost` where the path leads out of what schemas describe. */
type Schema = Declaration | 'lost';

/** Keys of maps: nothing bounds them, and Kubernetes counts none of their characters. */
const keySchema = typed(types.string);

/** Sizes of the entries of a list or map that an expression made. */
interface EntrySize {
  readonly kind: 'list' | 'map';
  readonly key: Range;
  readonly value: Range;
}

/** A variable of a fold, or its accumulator. */
interface Local {
  readonly name: string;
  /** Undefined where the variable stands for no data of the root. */
  readonly schema: Schema | undefined;
  readonly size: Range | undefined;
  readonly entrySize: EntrySize | undefined;
}

const scalars: ReadonlySet<Type['kind']> = new Set(['bool', 'double', 'duration', 'int', 'timestamp', 'uint'] as const);

/** Types whose values have one size whatever they are. Null is not among them. */
function isScalar(type: Type): boolean {
  if (type.kind === 'opaque' && type.name === 'optional_type') return isScalar(type.parameters[0]!);
  return scalars.has(type.kind);
}

class Estimator {
  readonly #checked: Checked;
  readonly #root: Declaration;
  readonly #locals: Local[] = [];
  /** Schemas of the data that expressions name, by the id of the expression. */
  readonly #schemas = new Map<number, Schema | undefined>();
  readonly #sizes = new Map<number, Range>();
  readonly #entrySizes = new Map<number, EntrySize>();

  constructor(checked: Checked, root: Declaration) {
    this.#checked = checked;
    this.#root = root;
  }

  cost(expr: Expr): Range {
    switch (expr.kind) {
      case 'literal':
        return fixed(0);
      case 'ident':
        this.#schemas.set(expr.id, this.#schemaOfName(expr.name));
        return fixed(1);
      case 'select':
        return this.#select(expr);
      case 'call':
        return this.#call(expr);
      case 'list':
        return this.#list(expr);
      case 'map':
        return this.#map(expr);
      case 'message':
        return add(fixed(messageCost), ...expr.fields.map(({ value }) => this.cost(value)));
      case 'comprehension':
        return isBinding(expr) ? this.#binding(expr) : this.#comprehension(expr);
    }
  }

  #schemaOfName(name: string): Schema | undefined {
    const local = this.#local(name);
    return local === undefined ? this.#root : local.schema;
  }

  #local(name: string): Local | undefined {
    return this.#locals.findLast((local) => local.name === name);
  }

  #typeOf(expr: Expr): Type {
    return this.#checked.types.get(expr.id)!;
  }

  #select(expr: Expr & { kind: 'select' }): Range {
    const reference = this.#checked.references.get(expr.id);
    if (reference !== undefined) {
      this.#schemas.set(expr.id, this.#root);
      return fixed(1);
    }
    const operand = this.cost(expr.operand);
    if (expr.isTest) return operand;
    const schema = this.#schemas.get(expr.operand.id);
    // A path that begins nowhere begins with the name of the field.
    this.#schemas.set(expr.id, schema === undefined ? this.#root : fieldSchema(schema, expr.field));
    const { kind } = this.#typeOf(expr.operand);
    return kind === 'map' || kind === 'object' || kind === 'parameter' ? add(operand, fixed(1)) : operand;
  }

  #call(expr: CallExpr): Range {
    if (expr.name === 'dyn' && expr.target === undefined) return this.#dynamic(expr);
    const argCosts = expr.args.map((argument) => this.cost(argument));
    if (expr.name === operators.and || expr.name === operators.or) return junctionCost(argCosts);
    const reference = this.#checked.references.get(expr.id);
    // `.?` names a field, not a function.
    if (reference?.kind !== 'function') return add(fixed(1), ...argCosts);
    if (expr.name === operators.conditional) return this.#conditional(expr, argCosts);
    const isMethod = expr.target !== undefined && !reference.hasNamespace;
    const targetCost = isMethod ? this.cost(expr.target!) : fixed(0);
    const args = expr.args.map((argument) => this.#operand(argument));
    const target = isMethod ? this.#operand(expr.target!) : undefined;
    let call: Range = { min: unbounded, max: 0 };
    let size: Range | undefined;
    for (const { id } of reference.overloads) {
      const estimate: Estimate = estimateCall(reference.name, id, args, target);
      call = union(call, add(estimate.cost, ...argCosts));
      size = eitherSize(size, estimate.size);
      if (id === 'index_list' || id === 'index_map') {
        size = this.#entrySize(expr.args[0]!)?.value;
        this.#schemas.set(expr.id, elementSchema(this.#schemas.get(expr.args[0]!.id)) ?? this.#root);
      }
      if (id === 'add_list' || id === 'add_string' || id === 'add_bytes') this.#joinEntries(expr);
      size ??= this.#size(expr);
    }
    if (size !== undefined) this.#sizes.set(expr.id, size);
    return add(targetCost, call);
  }

  /** dyn(x) costs 1, and has the size of x. */
  #dynamic(expr: CallExpr): Range {
    const [argument] = expr.args as [Expr];
    const cost = this.cost(argument);
    this.#copySizes(expr, argument);
    return add(fixed(1), cost);
  }

  #copySizes(to: Expr, from: Expr): void {
    const size = this.#size(from);
    if (size !== undefined) this.#sizes.set(to.id, size);
    const entrySize = this.#entrySize(from);
    if (entrySize !== undefined) this.#entrySizes.set(to.id, entrySize);
  }

  #conditional(expr: CallExpr, [condition, whenTrue, whenFalse]: readonly Range[]): Range {
    const [, first, second] = expr.args as [Expr, Expr, Expr];
    this.#setUnion(expr, this.#entrySize(first), this.#entrySize(second));
    this.#sizes.set(expr.id, union(this.#size(first) ?? unknownRange, this.#size(second) ?? unknownRange));
    return add(condition!, union(whenTrue!, whenFalse!));
  }

  #joinEntries(expr: CallExpr): void {
    this.#setUnion(expr, this.#entrySize(expr.args[0]!), this.#entrySize(expr.args[1]!));
  }

  #setUnion(expr: Expr, a: EntrySize | undefined, b: EntrySize | undefined): void {
    if (a === undefined || b === undefined) return;
    this.#entrySizes.set(expr.id, { kind: a.kind, key: union(a.key, b.key), value: union(a.value, b.value) });
  }

  #operand(expr: Expr): Operand {
    const element = elementSchema(this.#schemas.get(expr.id));
    return {
      expr,
      type: this.#typeOf(expr),
      size: this.#size(expr),
      elementSize: element === undefined ? undefined : sizeBySchema(element),
    };
  }

  #list(expr: ListExpr): Range {
    let cost = fixed(listCost);
    let value: Range = { min: expr.elements.length === 0 ? 0 : unbounded, max: 0 };
    for (const element of expr.elements) {
      cost = add(cost, this.cost(element));
      value = union(value, this.#size(element) ?? unknownRange);
    }
    this.#entrySizes.set(expr.id, { kind: 'list', key: fixed(1), value });
    return cost;
  }

  #map(expr: MapExpr): Range {
    let cost = fixed(mapCost);
    const empty: Range = { min: expr.entries.length === 0 ? 0 : unbounded, max: 0 };
    let [key, value] = [empty, empty];
    for (const entry of expr.entries) {
      cost = add(cost, this.cost(entry.key), this.cost(entry.value));
      key = union(key, this.#size(entry.key) ?? unknownRange);
      value = union(value, this.#size(entry.value) ?? unknownRange);
    }
    this.#entrySizes.set(expr.id, { kind: 'map', key, value });
    return cost;
  }

  #comprehension(expr: ComprehensionExpr): Range {
    const rangeCost = this.cost(expr.range);
    const initCost = this.cost(expr.init);
    const depth = this.#locals.length;
    this.#push(expr.accumulator, expr.init);
    this.#pushVariables(expr);
    const loop = add(this.cost(expr.condition), this.cost(expr.step));
    this.#locals.length = depth + 1;
    const resultCost = this.cost(expr.result);
    this.#locals.length = depth;
    const count = this.#size(expr.range) ?? unknownRange;
    if (expr.init.kind === 'literal') this.#sizes.set(expr.id, this.#size(expr.init) ?? unknownRange);
    else if (expr.init.kind === 'list' || expr.init.kind === 'map') {
      this.#sizes.set(expr.id, count);
      const entrySize = this.#entrySize(expr.step);
      if (entrySize !== undefined) this.#entrySizes.set(expr.id, entrySize);
    }
    return add(rangeCost, initCost, resultCost, multiply(count, loop));
  }

  #binding(expr: ComprehensionExpr): Range {
    const cost = add(this.cost(expr.range), this.cost(expr.init));
    this.#push(expr.accumulator, expr.init);
    const result = this.cost(expr.result);
    this.#locals.pop();
    this.#copySizes(expr, expr.result);
    return add(cost, result);
  }

  #push(name: string, init: Expr): void {
    const schema = this.#schemas.get(init.id);
    this.#locals.push({ name, schema, size: this.#size(init), entrySize: this.#entrySize(init) });
  }

  #pushVariables({ range, variable, variable2 }: ComprehensionExpr): void {
    const entries = this.#entrySize(range);
    const isList = (entries?.kind ?? this.#typeOf(range).kind) === 'list';
    const schema = this.#schemas.get(range.id);
    // Elements of a list without a path are found where paths begin.
    const within = (inner: Schema | undefined): Schema => (schema === undefined ? this.#root : (inner ?? 'lost'));
    const isMap = schema !== undefined && schema !== 'lost' && schema.reading === 'map';
    const key = { schema: within(isMap ? keySchema : undefined), size: entries?.key, entrySize: undefined };
    const value = { schema: within(elementSchema(schema)), size: entries?.value, entrySize: undefined };
    if (variable2 === undefined) this.#locals.push({ name: variable, ...(isList ? value : key) });
    else this.#locals.push({ name: variable, ...key }, { name: variable2, ...value });
  }

  /** Size of a value: of what the expression says, else of what a schema says, else by its type. */
  #size(expr: Expr): Range | undefined {
    const known = this.#sizes.get(expr.id);
    if (known !== undefined) return known;
    if (expr.kind === 'literal') return expr.value === null ? fixed(1) : fixed(sizeOf(expr.value));
    if (expr.kind === 'list') return fixed(expr.elements.length);
    if (expr.kind === 'map') return fixed(expr.entries.length);
    const schema = this.#schemas.get(expr.id) ?? (expr.kind === 'ident' ? this.#schemaOfName(expr.name) : undefined);
    const bySchema = schema === undefined ? undefined : sizeBySchema(schema);
    if (bySchema !== undefined) return bySchema;
    if (isScalar(this.#typeOf(expr))) return fixed(1);
    return expr.kind === 'ident' ? this.#local(expr.name)?.size : undefined;
  }

  #entrySize(expr: Expr): EntrySize | undefined {
    return this.#entrySizes.get(expr.id) ?? (expr.kind === 'ident' ? this.#local(expr.name)?.entrySize : undefined);
  }
}

function fieldSchema(schema: Schema, field: string): Schema {
  return schema === 'lost' ? schema : (schema.named.get(field)?.declaration ?? 'lost');
}

function elementSchema(schema: Schema | undefined): Schema | undefined {
  return schema === undefined || schema === 'lost' ? schema : (schema.element ?? 'lost');
}

function sizeBySchema(schema: Schema): Range | undefined {
  return schema === 'lost' ? undefined : { min: 0, max: Math.min(schema.maxElements, unbounded) };
}

/** A variable for the length of an expression, which is evaluated once. */
function isBinding({ range, condition, accumulator }: ComprehensionExpr): boolean {
  const isNothing = range.kind === 'list' && range.elements.length === 0;
  return isNothing && condition.kind === 'literal' && condition.value === false && accumulator !== accumulatorName;
}

/** The first term alone is always evaluated. */
function junctionCost(terms: readonly Range[]): Range {
  return { min: terms[0]!.min, max: add(...terms).max };
}

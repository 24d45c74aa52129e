/** Gives every part of an expression its type, and every name what it means, as cel-go does. */
import type { FunctionDeclaration, Overload } from '../functions/function.ts';
import {
  type CallExpr,
  type ComprehensionExpr,
  type Expr,
  type ListExpr,
  type MapExpr,
  type MessageExpr,
  operators,
  type SelectExpr,
} from '../syntax/ast.ts';
import type { Problem } from '../syntax/source.ts';
import {
  formatCall,
  formatType,
  isDyn,
  isDynOrError,
  isSameType,
  listOf,
  mapOf,
  optionalOf,
  optionalValue,
  parameter,
  type Type,
  typeOf,
  types,
} from '../types/types.ts';
import { Bindings, mostGeneral, substituted } from '../types/unify.ts';
import { TypeValue, typeNameOf, type Value } from '../values/value.ts';
import type { Environment, MessageType } from './environment.ts';

/** Meaning of a name in an expression. */
export type Reference =
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'constant'; readonly value: Value }
  | { readonly kind: 'message'; readonly message: MessageType }
  /** Overloads that can be meant, more than one where types are known at run time alone. */
  | {
      readonly kind: 'function';
      readonly name: string;
      readonly overloads: readonly Overload[];
      /** The target is part of the function's name, such as `format` in `format.named('uri')`. */
      readonly hasNamespace: boolean;
    };

export interface Checked {
  readonly expr: Expr;
  readonly type: Type;
  readonly types: ReadonlyMap<number, Type>;
  readonly references: ReadonlyMap<number, Reference>;
}

export function check(expr: Expr, environment: Environment): Checked | { readonly problems: readonly Problem[] } {
  const checker = new Checker(environment);
  checker.check(expr);
  if (checker.problems.length > 0) return { problems: checker.problems };
  const known = checker.finished();
  return { expr, type: known.get(expr.id)!, types: known, references: checker.references };
}

const literalTypes: Readonly<Record<string, Type>> = {
  bool: types.bool,
  int: types.int,
  uint: types.uint,
  double: types.double,
  string: types.string,
  bytes: types.bytes,
  null_type: types.null,
};

class Checker {
  readonly problems: Problem[] = [];
  readonly references = new Map<number, Reference>();
  readonly #types = new Map<number, Type>();
  readonly #environment: Environment;
  /** Variables of folds, the innermost last. */
  readonly #scopes: (readonly [name: string, type: Type])[] = [];
  readonly #bindings = new Bindings();
  #freeTypes = 0;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  finished(): ReadonlyMap<number, Type> {
    return new Map([...this.#types].map(([id, type]) => [id, substituted(this.#bindings, type, true)]));
  }

  check(expr: Expr): Type {
    const type = this.#typeOf(expr);
    this.#types.set(expr.id, type);
    return type;
  }

  #typeOf(expr: Expr): Type {
    switch (expr.kind) {
      case 'literal':
        return literalTypes[typeNameOf(expr.value)]!;
      case 'ident':
        return this.#named(expr, [expr.name]) ?? this.#undeclared(expr, expr.name);
      case 'select':
        return this.#select(expr);
      case 'call':
        return this.#call(expr);
      case 'list':
        return this.#list(expr);
      case 'map':
        return this.#map(expr);
      case 'message':
        return this.#message(expr);
      case 'comprehension':
        return this.#comprehension(expr);
    }
  }

  #problem({ at }: { readonly at: number }, message: string): Type {
    this.problems.push({ at, message });
    return types.error;
  }

  #undeclared(expr: Expr, name: string): Type {
    return this.#problem(expr, `undeclared reference to '${name}' (in container '')`);
  }

  #mismatch(expr: Expr, expected: Type, found: Type): Type {
    return this.#problem(expr, `expected type '${this.#shown(expected)}' but found '${this.#shown(found)}'`);
  }

  #shown(type: Type): string {
    return formatType(substituted(this.#bindings, type, false));
  }

  /** Type of a variable or type's name; undefined if there is none of this name. */
  #named(expr: Expr, path: readonly string[]): Type | undefined {
    const isAbsolute = path[0]!.startsWith('.');
    const name = path.join('.').replace(/^\./, '');
    const local = isAbsolute ? undefined : this.#scopes.findLast(([variable]) => variable === path[0]);
    if (local !== undefined && path.length > 1) return undefined;
    const variable = local?.[1] ?? this.#environment.variables.get(name)?.type;
    if (variable !== undefined) {
      this.references.set(expr.id, { kind: 'variable', name });
      return variable;
    }
    const type = this.#environment.typeNames.get(name);
    if (type === undefined) return undefined;
    this.references.set(expr.id, { kind: 'constant', value: new TypeValue(type.name) });
    return typeOf(type);
  }

  #select(expr: SelectExpr): Type {
    const path = expr.isTest ? undefined : namePath(expr);
    const named = path === undefined ? undefined : this.#named(expr, path);
    if (named !== undefined) return named;
    const type = this.#field(expr, expr.operand, expr.field, false);
    return expr.isTest ? types.bool : type;
  }

  #field(expr: Expr, operand: Expr, field: string, isOptional: boolean): Type {
    const operandType = substituted(this.#bindings, this.check(operand), false);
    const inner = optionalValue(operandType);
    const target = inner ?? operandType;
    const result = this.#fieldOf(expr, target, field);
    return inner !== undefined || isOptional ? optionalOf(result) : result;
  }

  #fieldOf(expr: Expr, target: Type, field: string): Type {
    if (target.kind === 'map') return target.parameters[1]!;
    if (target.kind === 'parameter') {
      this.#assign(types.dyn, target);
      return types.dyn;
    }
    if (target.kind === 'object') {
      const known = target.declaration?.named;
      // Fields that reserved words name are found with and without their escapes, as `namespace` in most rules of metadata.
      const named = known?.get(field) ?? known?.get(`__${field}__`);
      if (named !== undefined) return named.declaration.type;
      const message = this.#environment.messageType(target.name)?.field(field);
      return message ?? this.#problem(expr, `undefined field '${field}'`);
    }
    if (!isDynOrError(target)) {
      this.#problem(expr, `type '${this.#shown(target)}' does not support field selection`);
    }
    return types.dyn;
  }

  #call(expr: CallExpr): Type {
    if (expr.name === operators.optionalSelect) return this.#optionalSelect(expr);
    const argumentTypes = expr.args.map((argument) => this.check(argument));
    if (expr.name === operators.and || expr.name === operators.or) return this.#terms(expr, argumentTypes);
    if (expr.target === undefined) {
      const name = expr.name.replace(/^\./, '');
      const declared = this.#environment.functions.get(name);
      if (declared === undefined) return this.#undeclared(expr, expr.name);
      return this.#resolve(expr, declared, argumentTypes, false, false);
    }
    const path = namePath(expr.target);
    const qualified =
      path === undefined
        ? undefined
        : this.#environment.functions.get([...path, expr.name].join('.').replace(/^\./, ''));
    if (qualified !== undefined) return this.#resolve(expr, qualified, argumentTypes, false, true);
    const targetType = this.check(expr.target);
    const declared = this.#environment.functions.get(expr.name);
    if (declared === undefined) return this.#undeclared(expr, expr.name);
    return this.#resolve(expr, declared, [targetType, ...argumentTypes], true, false);
  }

  #optionalSelect(expr: CallExpr): Type {
    const [operand, field] = expr.args as [Expr, Expr];
    const name = field.kind === 'literal' ? String(field.value) : '';
    this.check(field);
    return this.#field(expr, operand, name, true);
  }

  #terms(expr: CallExpr, argumentTypes: readonly Type[]): Type {
    let isWrong = false;
    for (const [index, type] of argumentTypes.entries()) {
      if (this.#assign(type, types.bool)) continue;
      this.#mismatch(expr.args[index]!, types.bool, type);
      isWrong = true;
    }
    const overloads = this.#environment.functions.get(expr.name)!.overloads;
    this.references.set(expr.id, { kind: 'function', name: expr.name, overloads, hasNamespace: false });
    return isWrong ? types.error : types.bool;
  }

  #resolve(
    expr: CallExpr,
    declared: FunctionDeclaration,
    argumentTypes: readonly Type[],
    isMethod: boolean,
    hasNamespace: boolean,
  ): Type {
    const overloads: Overload[] = [];
    let result: Type | undefined;
    for (const overload of declared.overloads) {
      if (overload.signature.isMethod !== isMethod) continue;
      const { parameters, result: resultType, typeParameters } = overload.signature;
      const fresh = new Map(typeParameters.map((name): [string, Type] => [name, this.#freshType()]));
      const instance = (type: Type): Type => substituted(fresh, type, false);
      if (!this.#bindings.areAssignable(argumentTypes, parameters.map(instance))) continue;
      overloads.push(overload);
      const type = substituted(this.#bindings, instance(resultType), false);
      if (result === undefined) result = type;
      else if (!isDyn(result) && !isSameType(type, result)) result = types.dyn;
    }
    if (result === undefined) {
      const shown = argumentTypes.map((type) => substituted(this.#bindings, type, true));
      const call = formatCall(shown, isMethod);
      return this.#problem(expr, `found no matching overload for '${declared.name}' applied to '${call}'`);
    }
    this.references.set(expr.id, { kind: 'function', name: declared.name, overloads, hasNamespace });
    return result;
  }

  #list(expr: ListExpr): Type {
    let element: Type | undefined;
    for (const [index, inner] of expr.elements.entries()) {
      const type = this.#unwrapped(inner, expr.optionals.has(index));
      element = this.#joined(element, type);
    }
    return listOf(element ?? this.#freshType());
  }

  #map(expr: MapExpr): Type {
    let key: Type | undefined;
    let value: Type | undefined;
    for (const entry of expr.entries) {
      key = this.#joined(key, this.check(entry.key));
      value = this.#joined(value, this.#unwrapped(entry.value, entry.isOptional));
    }
    return mapOf(key ?? this.#freshType(), value ?? this.#freshType());
  }

  /** Type of an element, field or entry; of its value where it is an optional that may be left out. */
  #unwrapped(expr: Expr, isOptional: boolean): Type {
    const type = this.check(expr);
    if (!isOptional) return type;
    const inner = optionalValue(type);
    if (inner === undefined && !isDyn(type)) this.#mismatch(expr, optionalOf(type), type);
    return inner ?? type;
  }

  /** Type of the elements of a list, or of the keys or values of a map: dyn where they are mixed, which literals.ts refuses. */
  #joined(before: Type | undefined, type: Type): Type {
    if (before === undefined) return type;
    return this.#assign(before, type) ? mostGeneral(before, type) : types.dyn;
  }

  #message(expr: MessageExpr): Type {
    const name = expr.name.replace(/^\./, '');
    const message = this.#environment.messageType(name);
    if (message === undefined) return this.#undeclared(expr, expr.name);
    this.references.set(expr.id, { kind: 'message', message });
    for (const field of expr.fields) {
      const type = this.#unwrapped(field.value, field.isOptional);
      const expected = message.field(field.name);
      if (expected === undefined) this.#problem(field, `undefined field '${field.name}'`);
      else if (!this.#assign(expected, type)) {
        this.#problem(
          field,
          `expected type of field '${field.name}' is '${this.#shown(expected)}' but provided type is '${this.#shown(type)}'`,
        );
      }
    }
    return message.type;
  }

  #comprehension(expr: ComprehensionExpr): Type {
    const range = substituted(this.#bindings, this.check(expr.range), false);
    const accumulator = this.check(expr.init);
    const [variable, variable2] = this.#variableTypes(expr, range);
    const depth = this.#scopes.length;
    this.#scopes.push([expr.accumulator, accumulator]);
    this.#scopes.push([expr.variable, variable]);
    if (expr.variable2 !== undefined) this.#scopes.push([expr.variable2, variable2]);
    this.#expect(expr.condition, types.bool);
    this.#expect(expr.step, accumulator);
    this.#scopes.length = depth + 1;
    const result = this.check(expr.result);
    this.#scopes.length = depth;
    return substituted(this.#bindings, result, false);
  }

  #variableTypes(expr: ComprehensionExpr, range: Type): [Type, Type] {
    const isDouble = expr.variable2 !== undefined;
    if (range.kind === 'list')
      return isDouble ? [types.int, range.parameters[0]!] : [range.parameters[0]!, types.error];
    if (range.kind === 'map') return [range.parameters[0]!, range.parameters[1]!];
    if (isDynOrError(range) || range.kind === 'parameter') {
      this.#assign(types.dyn, range);
      return [types.dyn, types.dyn];
    }
    this.#problem(
      expr.range,
      `expression of type '${this.#shown(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
    );
    return [types.error, types.error];
  }

  #expect(expr: Expr, expected: Type): void {
    const type = this.check(expr);
    if (!this.#assign(expected, type)) this.#mismatch(expr, expected, type);
  }

  #assign(a: Type, b: Type): boolean {
    return this.#bindings.areAssignable([a], [b]);
  }

  #freshType(): Type {
    return parameter(`_var${this.#freeTypes++}`);
  }
}

/** The names of `a.b.c`; undefined for other expressions. */
function namePath(expr: Expr): string[] | undefined {
  if (expr.kind === 'ident') return [expr.name];
  if (expr.kind !== 'select' || expr.isTest) return undefined;
  const before = namePath(expr.operand);
  return before === undefined ? undefined : [...before, expr.field];
}

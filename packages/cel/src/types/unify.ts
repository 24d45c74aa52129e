/** Assignability of types: dyn fits everything, parameters are bound as they meet types. */
import { isDyn, isDynOrError, isSameType, type Type, type TypeKind, types } from './types.ts';

/** Types that parameters stand for, by their name. */
export interface Known {
  get(name: string): Type | undefined;
}

/** Types that parameters of one expression turned out to stand for. What an attempt noted is taken back where it fails. */
export class Bindings implements Known {
  readonly #types = new Map<string, Type>();
  readonly #noted: (readonly [name: string, before: Type | undefined])[] = [];

  get(name: string): Type | undefined {
    return this.#types.get(name);
  }

  set(name: string, type: Type): void {
    this.#noted.push([name, this.#types.get(name)]);
    this.#types.set(name, type);
  }

  /** Whether each of b can be assigned to that of a (or the other way around). Parameters are bound as that asks. */
  areAssignable(a: readonly Type[], b: readonly Type[]): boolean {
    const mark = this.#noted.length;
    if (areAssignable(this, a, b)) return true;
    while (this.#noted.length > mark) {
      const [name, before] = this.#noted.pop()!;
      if (before === undefined) this.#types.delete(name);
      else this.#types.set(name, before);
    }
    return false;
  }
}

function areAssignable(bindings: Bindings, a: readonly Type[], b: readonly Type[]): boolean {
  return a.length === b.length && a.every((type, index) => isAssignable(bindings, type, b[index]!));
}

const nullables: ReadonlySet<TypeKind> = new Set<TypeKind>(['opaque', 'object', 'duration', 'timestamp', 'null']);

function isAssignable(bindings: Bindings, a: Type, b: Type): boolean {
  if (b.kind === 'parameter') {
    const binding = bind(bindings, a, b);
    if (binding !== 'free') return binding === 'fits';
  }
  if (a.kind === 'parameter') return bind(bindings, b, a) === 'fits';
  if (isDynOrError(a) || isDynOrError(b)) return true;
  if (a.kind === 'null') return nullables.has(b.kind);
  if (b.kind === 'null') return nullables.has(a.kind);
  if (a.kind !== b.kind) return false;
  if (a.kind === 'type') return true;
  if (a.kind === 'list' || a.kind === 'map' || a.kind === 'opaque') {
    return a.name === b.name && areAssignable(bindings, a.parameters, b.parameters);
  }
  return a.name === b.name;
}

/** Tries a type in the place of a parameter: it fits, contradicts what is known, or cannot be said (`free`). */
function bind(bindings: Bindings, type: Type, parameter: Type): 'fits' | 'contradicts' | 'free' {
  if (isSameType(type, parameter)) return 'fits';
  const known = bindings.get(parameter.name);
  if (known !== undefined) {
    if (isSameType(type, known)) return 'fits';
    if (!isAssignable(bindings, type, known)) return 'contradicts';
    const general = mostGeneral(type, known);
    if (!isWithin(bindings, parameter, general)) bindings.set(parameter.name, general);
    return 'fits';
  }
  if (isWithin(bindings, parameter, type)) return 'free';
  bindings.set(parameter.name, type);
  return 'fits';
}

function isWithin(bindings: Known, parameter: Type, type: Type): boolean {
  if (isSameType(parameter, type)) return true;
  if (type.kind === 'parameter') {
    const known = bindings.get(type.name);
    return known !== undefined && isWithin(bindings, parameter, known);
  }
  return type.parameters.some((inner) => isWithin(bindings, parameter, inner));
}

/** Whichever of two types that fit one another says less. */
export function mostGeneral(a: Type, b: Type): Type {
  return isLessSpecific(a, b) ? a : b;
}

function isLessSpecific(a: Type, b: Type): boolean {
  if (isDyn(a) || a.kind === 'parameter') return true;
  if (isDyn(b) || b.kind === 'parameter') return false;
  if (a.kind !== b.kind || a.name !== b.name || a.parameters.length !== b.parameters.length) return false;
  return a.kind === 'type' || a.parameters.every((type, index) => isLessSpecific(type, b.parameters[index]!));
}

/** The type with every bound parameter replaced; those that stay free become dyn where that is asked for. */
export function substituted(bindings: Known, type: Type, freeToDyn: boolean): Type {
  if (type.kind === 'parameter') {
    const known = bindings.get(type.name);
    if (known !== undefined) return substituted(bindings, known, freeToDyn);
    return freeToDyn ? types.dyn : type;
  }
  if (type.parameters.length === 0) return type;
  return { ...type, parameters: type.parameters.map((inner) => substituted(bindings, inner, freeToDyn)) };
}

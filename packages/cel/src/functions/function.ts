/** Functions and operators: their overloads, what they do, and how libraries list them. */
import { type Signature, signature } from '../types/signature.ts';
import type { Value } from '../values/value.ts';

export type Implementation = (...args: never[]) => Value;

export interface Overload {
  /** Name of the overload, which costs go by. */
  readonly id: string;
  readonly signature: Signature;
  readonly call: (...args: readonly Value[]) => Value;
}

export interface FunctionDeclaration {
  readonly name: string;
  readonly overloads: readonly Overload[];
}

/** Overloads of one name: id, signature such as `string.(int) -> string`, and implementation. */
export function declare(
  name: string,
  ...overloads: readonly (readonly [id: string, text: string, call: Implementation])[]
): FunctionDeclaration {
  return {
    name,
    overloads: overloads.map(([id, text, call]) => ({
      id,
      signature: signature(text),
      // A signature says which values its implementation is given.
      call: call as unknown as Overload['call'],
    })),
  };
}

/** The functions of several libraries by name; overloads of one name are put together. */
export function functionsByName(
  libraries: readonly (readonly FunctionDeclaration[])[],
): ReadonlyMap<string, FunctionDeclaration> {
  const byName = new Map<string, FunctionDeclaration>();
  for (const declaration of libraries.flat()) {
    const before = byName.get(declaration.name);
    const overloads = [...(before?.overloads ?? []), ...declaration.overloads];
    byName.set(declaration.name, { name: declaration.name, overloads });
  }
  return byName;
}

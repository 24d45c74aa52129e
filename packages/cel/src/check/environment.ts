/** Names that an expression may use: variables, functions, types. */
import type { FunctionDeclaration } from '../functions/function.ts';
import type { Declaration, Type } from '../types/types.ts';
import type { Value } from '../values/value.ts';

/** A type whose values expressions can make: `Name{field: value}`. */
export interface MessageType {
  readonly type: Type;
  /** Type of a field; undefined if there is no such field. */
  field(name: string): Type | undefined;
  /** @throws EvaluationError where the values are none that it can have. */
  create(fields: ReadonlyMap<string, Value>): Value;
}

export interface Environment {
  /** Variables by name, declared by their schema or only by their type. */
  readonly variables: ReadonlyMap<string, Declaration>;
  readonly functions: ReadonlyMap<string, FunctionDeclaration>;
  /** Types that expressions name as values, such as int or net.IP. */
  readonly typeNames: ReadonlyMap<string, Type>;
  readonly messageType: (name: string) => MessageType | undefined;
}

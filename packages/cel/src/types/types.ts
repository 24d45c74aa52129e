/**
 * Types of expressions, as the checker sees them, and declarations of data: how JSON is read as values, and the bounds that cost estimates go by. A
 * declaration is made of a schema once, and shared by everything that reads objects of it.
 */

export type TypeKind =
  | 'dyn'
  | 'error'
  | 'null'
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'timestamp'
  | 'duration'
  | 'list'
  | 'map'
  | 'object'
  | 'opaque'
  | 'type'
  | 'parameter';

export interface Type {
  readonly kind: TypeKind;
  /** Of an object, an opaque type and a parameter its name; of others that of the kind. */
  readonly name: string;
  /** Element of a list; key and value of a map; parameters of an opaque type; the type that a type names. */
  readonly parameters: readonly Type[];
  /** Fields of an object; undefined where none can be selected. */
  readonly declaration?: Declaration;
}

/** How a JSON value is read. */
export type Reading =
  | 'dyn'
  | 'intOrString'
  | 'bool'
  | 'int'
  | 'double'
  | 'string'
  | 'bytes'
  | 'date'
  | 'dateTime'
  | 'duration'
  | 'list'
  | 'map'
  | 'object'
  /** Compared as a whole, and never looked into. */
  | 'unknown';

export interface Declaration {
  readonly reading: Reading;
  readonly type: Type;
  /** Null is a value of its own. */
  readonly isNullable: boolean;
  /** Fields of an object, by their JSON name; also those that no expression can name. */
  readonly fields: ReadonlyMap<string, Declaration>;
  /** Fields of an object that expressions can name, by their escaped name. */
  readonly named: ReadonlyMap<string, NamedField>;
  /** Element of a list, value of a map. */
  readonly element: Declaration | undefined;
  readonly listType: 'atomic' | 'set' | 'map';
  /** Fields that identify the elements of a list of type map. */
  readonly listKeys: readonly string[];
  /** The most elements, entries or bytes that a value can have; Infinity where nothing bounds it. */
  readonly maxElements: number;
  /** The fewest bytes of JSON that a value takes. */
  readonly minSize: number;
}

export interface NamedField {
  readonly jsonName: string;
  readonly declaration: Declaration;
}

const simple = (kind: TypeKind, name: string = kind): Type => ({ kind, name, parameters: [] });

export const types = {
  dyn: simple('dyn'),
  error: simple('error'),
  null: simple('null', 'null_type'),
  bool: simple('bool'),
  int: simple('int'),
  uint: simple('uint'),
  double: simple('double'),
  string: simple('string'),
  bytes: simple('bytes'),
  timestamp: simple('timestamp', 'google.protobuf.Timestamp'),
  duration: simple('duration', 'google.protobuf.Duration'),
} as const;

export const listOf = (element: Type): Type => ({ kind: 'list', name: 'list', parameters: [element] });
export const mapOf = (key: Type, value: Type): Type => ({ kind: 'map', name: 'map', parameters: [key, value] });
export const optionalOf = (value: Type): Type => ({ kind: 'opaque', name: 'optional_type', parameters: [value] });
export const typeOf = (type: Type): Type => ({ kind: 'type', name: 'type', parameters: [type] });
export const parameter = (name: string): Type => ({ kind: 'parameter', name, parameters: [] });
/** A type without fields that libraries work on. */
export const libraryObject = (name: string): Type => ({ kind: 'object', name, parameters: [] });
export const opaque = (name: string, ...parameters: Type[]): Type => ({ kind: 'opaque', name, parameters });

export function isDyn(type: Type): boolean {
  return type.kind === 'dyn';
}

export function isDynOrError(type: Type): boolean {
  return type.kind === 'dyn' || type.kind === 'error';
}

/** The type of an optional's value; undefined of other types. */
export function optionalValue(type: Type): Type | undefined {
  return type.kind === 'opaque' && type.name === 'optional_type' ? type.parameters[0] : undefined;
}

export function isSameType(a: Type, b: Type): boolean {
  return (
    a === b ||
    (a.kind === b.kind &&
      a.name === b.name &&
      a.parameters.length === b.parameters.length &&
      a.parameters.every((type, index) => isSameType(type, b.parameters[index]!)))
  );
}

const shownNames: Partial<Record<TypeKind, string>> = {
  null: 'null',
  error: '!error!',
  timestamp: 'timestamp',
  duration: 'duration',
};

/** The type as messages show it. */
export function formatType(type: Type): string {
  const shown = shownNames[type.kind];
  if (shown !== undefined) return shown;
  if (type.parameters.length === 0) return type.name;
  return `${type.name}(${type.parameters.map(formatType).join(', ')})`;
}

/** A call as messages show it: the types of target and arguments. */
export function formatCall(argumentTypes: readonly Type[], hasTarget: boolean): string {
  const shown = argumentTypes.map(formatType);
  return hasTarget ? `${shown[0]}.(${shown.slice(1).join(', ')})` : `(${shown.join(', ')})`;
}

/**
 * Protobuf messages declared as TypeScript values. One declaration gives the wire format (codec.ts), the static type
 * (`ValueOf`) and the checks of Envoy's validate.rules (validate.ts); nothing is parsed when the process starts.
 *
 * Values are plain objects with the lowerCamelCase names that Envoy's own YAML takes. Enums are their value's name,
 * durations are milliseconds, wrappers (`UInt32Value`) are the bare value. An absent key is an absent field.
 */

/** Wire format of a field's type; `__value` exists only for the compiler and is never set. */
export interface ScalarType<T> {
  readonly kind: 'scalar';
  readonly wire: 'string' | 'bytes' | 'bool' | 'uint32' | 'uint64' | 'int32' | 'int64' | 'double';
  /** True where protobuf wraps the scalar in a message of google.protobuf, to tell absent from zero. */
  readonly wrapped: boolean;
  readonly __value?: T;
}

/** A google.protobuf.Duration, given as milliseconds. */
export interface DurationType {
  readonly kind: 'duration';
  readonly __value?: number;
}

/** An enum: names and their numbers. */
export interface EnumType<N extends string> {
  readonly kind: 'enum';
  readonly name: string;
  readonly numbers: Readonly<Record<N, number>>;
  readonly __value?: N;
}

/** A message: its full protobuf name and its fields. */
export interface MessageType<F extends Fields = Fields> {
  readonly kind: 'message';
  readonly name: string;
  readonly fields: F;
  /** Names of the oneofs of which one member must be set. */
  readonly requiredOneofs: readonly string[];
  readonly __value?: MessageValue<F>;
}

/** Any type that a field can have. */
// biome-ignore lint/suspicious/noExplicitAny: a field's type is inferred where it is declared, this is only the upper bound
export type FieldType = ScalarType<any> | DurationType | EnumType<any> | MessageType<any>;

/** The part of Envoy's validate.rules that this package checks. */
export interface Rules {
  /** The field must be set. */
  readonly required?: true;
  /** Least length of a string in characters. */
  readonly minLen?: number;
  /** Greatest value of a number. */
  readonly lte?: number;
  /** Least value of a number. */
  readonly gte?: number;
  /** The value (a number, a duration) must be greater. */
  readonly gt?: number;
  /** Least number of elements of a repeated field. */
  readonly minItems?: number;
  /** Name of the oneof that the field is a member of. */
  readonly oneof?: string;
}

/** One field of a message. */
export interface Field<T extends FieldType = FieldType, A extends Arity = Arity> {
  readonly number: number;
  readonly type: T;
  readonly arity: A;
  readonly rules: Rules;
}

/** Cardinality of a field; a map has string keys. */
export type Arity = 'one' | 'many' | 'map';

export type Fields = Readonly<Record<string, Field>>;

/** The static type of a message's or field type's values. */
export type ValueOf<T> = T extends { readonly __value?: infer V } ? Exclude<V, undefined> : never;

type FieldValue<F> =
  F extends Field<infer T, infer A>
    ? A extends 'many'
      ? readonly ValueOf<T>[]
      : A extends 'map'
        ? Readonly<Record<string, ValueOf<T>>>
        : ValueOf<T>
    : never;

export type MessageValue<F> = { readonly [K in keyof F]?: FieldValue<F[K]> };

export const string: ScalarType<string> = { kind: 'scalar', wire: 'string', wrapped: false };
export const bytes: ScalarType<Uint8Array> = { kind: 'scalar', wire: 'bytes', wrapped: false };
export const bool: ScalarType<boolean> = { kind: 'scalar', wire: 'bool', wrapped: false };
export const uint32: ScalarType<number> = { kind: 'scalar', wire: 'uint32', wrapped: false };
export const int32: ScalarType<number> = { kind: 'scalar', wire: 'int32', wrapped: false };
export const int64: ScalarType<number> = { kind: 'scalar', wire: 'int64', wrapped: false };
export const uint64: ScalarType<number> = { kind: 'scalar', wire: 'uint64', wrapped: false };
export const double: ScalarType<number> = { kind: 'scalar', wire: 'double', wrapped: false };
export const boolValue: ScalarType<boolean> = { kind: 'scalar', wire: 'bool', wrapped: true };
export const uint32Value: ScalarType<number> = { kind: 'scalar', wire: 'uint32', wrapped: true };
export const uint64Value: ScalarType<number> = { kind: 'scalar', wire: 'uint64', wrapped: true };
export const duration: DurationType = { kind: 'duration' };

/** Declares an enum. */
export function enumeration<const N extends string>(name: string, numbers: Readonly<Record<N, number>>): EnumType<N> {
  return { kind: 'enum', name, numbers };
}

/** Declares a message by its full protobuf name. */
export function message<const F extends Fields>(
  name: string,
  fields: F,
  requiredOneofs: readonly string[] = [],
): MessageType<F> {
  return { kind: 'message', name, fields, requiredOneofs };
}

/** A field that occurs at most once. */
export function one<T extends FieldType>(number: number, type: T, rules: Rules = {}): Field<T, 'one'> {
  return { number, type, arity: 'one', rules };
}

/** A repeated field. */
export function many<T extends FieldType>(number: number, type: T, rules: Rules = {}): Field<T, 'many'> {
  return { number, type, arity: 'many', rules };
}

/** A map from strings. */
export function map<T extends FieldType>(number: number, type: T): Field<T, 'map'> {
  return { number, type, arity: 'map', rules: {} };
}

/** google.protobuf.Any: a message of any type, encoded. `pack` in codec.ts makes one. */
export const Any = message('google.protobuf.Any', { typeUrl: one(1, string), value: one(2, bytes) });
export type Any = ValueOf<typeof Any>;

/** The type URL of a message in an Any and in xDS. */
export function typeUrlOf(type: Pick<MessageType, 'name'>): string {
  return `type.googleapis.com/${type.name}`;
}

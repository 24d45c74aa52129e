/**
 * Values of expressions. Those that JSON has are JSON's own: null, booleans, strings, and integers as numbers, so that objects are evaluated as
 * they are. What JSON cannot tell apart has a class: a number is an int wherever it is bare, and a `Double` or `Uint` is not.
 */

/** An int is a number where that is exact, a bigint beyond: equal ints are identical (===). */
export type Int = number | bigint;

export type Value =
  | null
  | boolean
  | string
  | Int
  | Double
  | Uint
  | Uint8Array
  | Timestamp
  | Duration
  | OptionalValue
  | TypeValue
  | ListValue
  | MapValue
  | OpaqueValue;

/** An error of evaluation, in cel-go's words. Not an Error: rules catch and drop it (`a || b`), and a stack trace costs more than the rule. */
export class EvaluationError {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** An evaluation that was stopped: its cost passed the limit. No operator absorbs it. */
export class CostExceeded {
  readonly message = 'operation cancelled: actual cost limit exceeded';
}

export function fail(message: string): never {
  throw new EvaluationError(message);
}

export class Double {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

export class Uint {
  /** 0 to 2^64-1. */
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}

/** A point in time, from year 1 to 9999. */
export class Timestamp {
  /** Whole seconds since 1970, rounded down. */
  readonly seconds: number;
  /** 0 to 999,999,999. */
  readonly nanos: number;
  constructor(seconds: number, nanos: number) {
    this.seconds = seconds;
    this.nanos = nanos;
  }
}

export class Duration {
  /** Nanoseconds, within 64 bits. */
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

export class OptionalValue {
  static readonly none = new OptionalValue(undefined);
  readonly value: Value | undefined;
  constructor(value: Value | undefined) {
    this.value = value;
  }
}

export class TypeValue {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** A value of a library's type, such as an IP address: nothing but the library's functions looks into it. */
export abstract class OpaqueValue {
  abstract readonly typeName: string;
  /** Size as costs count it: bytes of an address, 1 of most others. */
  get size(): number {
    return 1;
  }
  abstract equals(other: OpaqueValue): boolean;
}

export abstract class ListValue {
  abstract readonly size: number;
  /** @param index 0 to size-1. */
  abstract at(index: number): Value;
  /** Equal to another list by its own rule (sets and maps of lists ignore order); undefined where the order counts. */
  equalsUnordered(_other: ListValue): boolean | undefined {
    return undefined;
  }
  /** This list and another, by its own rule; undefined where they follow one another. */
  mergedWith(_other: ListValue): ListValue | undefined {
    return undefined;
  }
  *[Symbol.iterator](): Generator<Value> {
    for (let index = 0; index < this.size; index++) yield this.at(index);
  }
}

/** A list that an expression made. */
export class ArrayList extends ListValue {
  readonly values: readonly Value[];
  constructor(values: readonly Value[]) {
    super();
    this.values = values;
  }
  get size(): number {
    return this.values.length;
  }
  at(index: number): Value {
    return this.values[index]!;
  }
}

export abstract class MapValue {
  /** Values of named types (`Object{}`) have its name. */
  readonly typeName: string = 'map';
  abstract readonly size: number;
  /** The value of a key; undefined where there is none. */
  abstract get(key: Value): Value | undefined;
  abstract keys(): Iterable<Value>;
  /** True for a map that is made of the same data; others may be equal all the same. */
  isSameAs(other: MapValue): boolean {
    return this === other;
  }
  /** Whether data that expressions cannot name is the same in both, such as unknown fields that are kept. */
  hasSameRest(_other: MapValue): boolean {
    return true;
  }
}

/** A map that an expression made. */
export class EntryMap extends MapValue {
  readonly #entries = new Map<string, readonly [key: Value, value: Value]>();

  /** Sets an entry, in place of one with the same key. */
  set(key: Value, value: Value): void {
    const identity = keyIdentity(key);
    if (identity === undefined) fail(`unsupported key type: ${typeNameOf(key)}`);
    this.#entries.set(identity, [key, value]);
  }
  get size(): number {
    return this.#entries.size;
  }
  get(key: Value): Value | undefined {
    const identity = keyIdentity(key);
    return identity === undefined ? undefined : this.#entries.get(identity)?.[1];
  }
  *keys(): Iterable<Value> {
    for (const [key] of this.#entries.values()) yield key;
  }
}

/** The same text for equal keys of maps, numbers of several types included; undefined for what is no key. */
function keyIdentity(key: Value): string | undefined {
  if (typeof key === 'string') return `s${key}`;
  if (typeof key === 'number' || typeof key === 'bigint') return `n${key}`;
  if (typeof key === 'boolean') return `b${key}`;
  if (key instanceof Uint) return `n${key.value}`;
  if (key instanceof Double) return `n${key.value}`;
  return undefined;
}

export function isInt(value: Value): value is Int {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** Name of a value's type as `type(x)` shows it. */
export function typeNameOf(value: Value): string {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'number':
    case 'bigint':
      return 'int';
    default:
      return typeNameOfObject(value);
  }
}

function typeNameOfObject(value: Exclude<Value, string | boolean | Int>): string {
  if (value === null) return 'null_type';
  if (value instanceof ListValue) return 'list';
  if (value instanceof MapValue) return value.typeName;
  if (value instanceof Double) return 'double';
  if (value instanceof Uint) return 'uint';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Timestamp) return 'google.protobuf.Timestamp';
  if (value instanceof Duration) return 'google.protobuf.Duration';
  if (value instanceof OptionalValue) return 'optional_type';
  if (value instanceof TypeValue) return 'type';
  return value.typeName;
}

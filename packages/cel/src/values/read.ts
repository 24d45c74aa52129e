/** JSON as values, by its declaration and without a copy: objects and lists are read where they are looked into. */
import type { Declaration } from '../types/types.ts';
import { isEqual } from './equal.ts';
import { unescapedName } from './names.ts';
import { numberOfJson } from './numbers.ts';
import { parseDate, parseFormattedDuration, parseTimestamp } from './times.ts';
import { ArrayList, Double, fail, isInt, ListValue, MapValue, OpaqueValue, Timestamp, type Value } from './value.ts';
import { comparisons } from './work.ts';

type Json = Readonly<Record<string, unknown>>;

/** @throws EvaluationError where the JSON is not what was declared. */
export function readJson(raw: unknown, declared: Declaration): Value {
  if (raw === null || raw === undefined) {
    if (declared.isNullable || declared.reading === 'dyn') return null;
    return fail('invalid data, got null for schema with nullable=false');
  }
  switch (declared.reading) {
    case 'string':
      return typeof raw === 'string' ? raw : wrong('string', raw);
    case 'int':
      return readInt(raw);
    case 'bool':
      return typeof raw === 'boolean' ? raw : wrong('bool', raw);
    case 'object':
    case 'map':
      if (typeof raw !== 'object' || Array.isArray(raw)) {
        return fail('invalid data, expected a map for the provided schema with type=object');
      }
      return new JsonMap(raw as Json, declared);
    case 'list':
      if (!Array.isArray(raw)) return fail('invalid data, expected an array for the provided schema with type=array');
      return new JsonList(raw, declared);
    case 'double':
      return typeof raw === 'number' ? new Double(raw) : wrong('float', raw);
    case 'dyn':
      return readDynamic(raw, declared);
    case 'intOrString':
      if (typeof raw === 'string') return raw;
      return typeof raw === 'number' && Number.isInteger(raw)
        ? readInt(raw)
        : fail('invalid data, expected XIntOrString value to be either a string or integer');
    case 'unknown':
      return new PreservedValue(raw);
    default:
      return readText(raw, declared.reading);
  }
}

function wrong(expected: string, raw: unknown): never {
  const names: Readonly<Record<string, string>> = { number: 'float64', boolean: 'bool' };
  return fail(`invalid data, expected ${expected}, got ${names[typeof raw] ?? typeof raw}`);
}

function readInt(raw: unknown): Value {
  const value = typeof raw === 'number' ? numberOfJson(raw) : undefined;
  return value !== undefined && isInt(value) ? value : wrong('int', raw);
}

function readText(raw: unknown, reading: 'bytes' | 'date' | 'dateTime' | 'duration'): Value {
  if (typeof raw !== 'string') return wrong('string', raw);
  switch (reading) {
    case 'bytes':
      return Buffer.from(raw, 'base64');
    case 'date':
      return parseDate(raw) ?? fail(`Invalid date formatted string ${raw}`);
    case 'dateTime':
      // An empty text is the zero time there.
      if (raw === '') return new Timestamp(-62_135_596_800, 0);
      return parseTimestamp(raw, false) ?? fail(`Invalid date-time formatted string ${raw}`);
    case 'duration':
      return parseFormattedDuration(raw) ?? fail(`Invalid duration ${raw}: unable to parse ${raw} as duration`);
  }
}

/** Values that bindings may hold beside JSON. */
function isValue(raw: unknown): raw is Value {
  return raw instanceof ListValue || raw instanceof MapValue || raw instanceof OpaqueValue || typeof raw === 'bigint';
}

function readDynamic(raw: unknown, declared: Declaration): Value {
  switch (typeof raw) {
    case 'string':
    case 'boolean':
      return raw;
    case 'number':
      return numberOfJson(raw);
    default:
      if (isValue(raw)) return raw;
      if (Array.isArray(raw)) return new JsonList(raw, declared);
      // Times, uints and the like, which are values already.
      if (Object.getPrototypeOf(raw) !== Object.prototype && Object.getPrototypeOf(raw) !== null) return raw as Value;
      return new JsonMap(raw as Json, declared);
  }
}

/** Data without a schema inside of objects that have one: equal or not, and nothing else. */
class PreservedValue extends OpaqueValue {
  readonly typeName = 'unknown';
  readonly raw: unknown;
  constructor(raw: unknown) {
    super();
    this.raw = raw;
  }
  equals(other: OpaqueValue): boolean {
    return other instanceof PreservedValue && isSameJson(this.raw, other.raw);
  }
}

/** Equality of JSON, whatever the order of keys. */
export function isSameJson(a: unknown, b: unknown): boolean {
  comparisons.steps++;
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => isSameJson(item, b[index]));
  }
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && isSameJson((a as Json)[key], (b as Json)[key]));
}

/** A list of JSON. Sets are equal whatever their order, and so are lists whose entries have keys; both merge when they are added. */
export class JsonList extends ListValue {
  readonly raw: readonly unknown[];
  readonly #declared: Declaration;

  constructor(raw: readonly unknown[], declared: Declaration) {
    super();
    this.raw = raw;
    this.#declared = declared;
  }

  get size(): number {
    return this.raw.length;
  }

  at(index: number): Value {
    return readJson(this.raw[index], this.#declared.element ?? this.#declared);
  }

  override equalsUnordered(other: ListValue): boolean | undefined {
    if (this.#declared.listType === 'atomic') return undefined;
    const seen = new Set<string>();
    const own = this.#byKey();
    for (const value of other) {
      const key = this.#keyOf(value);
      const mine = own.get(key);
      if (mine === undefined || !isEqual(mine, value)) return false;
      seen.add(key);
    }
    return seen.size === own.size;
  }

  override mergedWith(other: ListValue): ListValue | undefined {
    if (this.#declared.listType === 'atomic') return undefined;
    const merged = this.#byKey();
    for (const value of other) {
      const key = this.#keyOf(value);
      if (this.#declared.listType === 'map' || !merged.has(key)) merged.set(key, value);
    }
    return new ArrayList([...merged.values()]);
  }

  #byKey(): Map<string, Value> {
    return new Map([...this].map((value): [string, Value] => [this.#keyOf(value), value]));
  }

  #keyOf(value: Value): string {
    if (this.#declared.listType === 'set' || !(value instanceof MapValue)) return identityOf(value);
    return this.#declared.listKeys.map((key) => identityOf(value.get(key) ?? null)).join('\n');
  }
}

function identityOf(value: Value): string {
  if (value instanceof JsonMap) return JSON.stringify(sorted(value.raw));
  if (value instanceof JsonList) return JSON.stringify(sorted(value.raw));
  if (typeof value === 'bigint') return String(value);
  return JSON.stringify(value instanceof Double ? value.value : value);
}

function sorted(raw: unknown): unknown {
  if (Array.isArray(raw)) return raw.map(sorted);
  if (typeof raw !== 'object' || raw === null) return raw;
  return Object.fromEntries(
    Object.entries(raw)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [key, sorted(value)]),
  );
}

/** An object of JSON: the fields that are declared, the entries of a map, or whatever there is. */
export class JsonMap extends MapValue {
  readonly raw: Json;
  readonly declared: Declaration;

  constructor(raw: Json, declared: Declaration) {
    super();
    this.raw = raw;
    this.declared = declared;
  }

  get size(): number {
    return Object.keys(this.raw).length;
  }

  /** Transition rules compare whole objects, which mostly are as they were. */
  override isSameAs(other: MapValue): boolean {
    return other instanceof JsonMap && other.declared === this.declared && isSameJson(this.raw, other.raw);
  }

  override hasSameRest(other: MapValue): boolean {
    if (this.declared.reading !== 'object' || !(other instanceof JsonMap)) return true;
    return Object.entries(this.raw).every(
      ([name, raw]) =>
        this.declared.fields.has(name) || !Object.hasOwn(other.raw, name) || isSameJson(raw, other.raw[name]),
    );
  }

  get(key: Value): Value | undefined {
    if (typeof key !== 'string') return undefined;
    if (this.declared.reading === 'object') return this.#field(key);
    if (!Object.hasOwn(this.raw, key)) return undefined;
    return readJson(this.raw[key], this.declared.element ?? this.declared);
  }

  #field(name: string): Value | undefined {
    const named = this.declared.named.get(name);
    const jsonName = named?.jsonName ?? unescapedName(name);
    if (jsonName === undefined || !Object.hasOwn(this.raw, jsonName)) return undefined;
    const raw = this.raw[jsonName];
    const declared = named?.declaration ?? this.declared.fields.get(jsonName);
    // Null stands for absence where fields are named.
    return raw === null || raw === undefined || declared === undefined ? undefined : readJson(raw, declared);
  }

  *keys(): Iterable<Value> {
    if (this.declared.reading !== 'object') {
      yield* Object.keys(this.raw);
      return;
    }
    for (const name of this.declared.named.keys()) if (this.#field(name) !== undefined) yield name;
  }
}

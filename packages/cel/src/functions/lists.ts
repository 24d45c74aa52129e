/** Functions on lists: Kubernetes' own, and version 3 of cel-go's. */
import { compare, isEqual } from '../values/equal.ts';
import { RangeList } from '../values/lists.ts';
import { addInts, uintOf } from '../values/numbers.ts';
import { durationOf } from '../values/times.ts';
import {
  ArrayList,
  Double,
  Duration,
  fail,
  type Int,
  ListValue,
  typeNameOf,
  Uint,
  type Value,
} from '../values/value.ts';
import { declare, type FunctionDeclaration, type Implementation } from './function.ts';

const comparable = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'] as const;
/** The longest list of numbers in order. */
const maxRange = 1_000_000;

type Overloads = [id: string, text: string, call: Implementation][];

const forComparable = (make: (type: string) => [string, string], call: Implementation): Overloads =>
  comparable.map((type) => [...make(type), call]);

function isSorted(list: ListValue): boolean {
  for (let index = 1; index < list.size; index++) {
    if (compare(list.at(index - 1), list.at(index)) > 0) return false;
  }
  return true;
}

/** The first of the elements that no other one is before, by the sign of their order. */
const extreme =
  (name: string, sign: number): Implementation =>
  (list: ListValue): Value => {
    if (list.size === 0) return fail(`${name} called on empty list`);
    let best = list.at(0);
    for (const element of list) if (Math.sign(compare(best, element)) === sign) best = element;
    return best;
  };

const sum =
  <T extends Value>(zero: T, add: (a: T, b: T) => T): Implementation =>
  (list: ListValue): Value => {
    let total = zero;
    for (const element of list) total = add(total, element as T);
    return total;
  };

const sums: Overloads = [
  ['list_int_sum_int', 'list(int).() -> int', sum<Int>(0, addInts)],
  ['list_uint_sum_uint', 'list(uint).() -> uint', sum(new Uint(0n), (a, b) => uintOf(a.value + b.value))],
  ['list_double_sum_double', 'list(double).() -> double', sum(new Double(0), (a, b) => new Double(a.value + b.value))],
  [
    'list_duration_sum_duration',
    'list(duration).() -> duration',
    sum(new Duration(0n), (a, b) => durationOf(a.nanos + b.nanos)),
  ],
];

function indexOf(list: ListValue, wanted: Value): Int {
  for (let index = 0; index < list.size; index++) if (isEqual(list.at(index), wanted)) return index;
  return -1;
}

function lastIndexOf(list: ListValue, wanted: Value): Int {
  for (let index = list.size - 1; index >= 0; index--) if (isEqual(list.at(index), wanted)) return index;
  return -1;
}

function slice(list: ListValue, start: Int, end: Int): ListValue {
  const range = `cannot slice(${start}, ${end})`;
  if (start < 0 || end < 0) fail(`${range}, negative indexes not supported`);
  if (start > end) fail(`${range}, start index must be less than or equal to end index`);
  if (list.size < end) fail(`${range}, list is length ${list.size}`);
  return new ArrayList(
    Array.from({ length: Number(end) - Number(start) }, (_, index) => list.at(Number(start) + index)),
  );
}

function flatten(list: ListValue, depth: Int = 1): ListValue {
  if (depth < 0) fail('level must be non-negative');
  const values: Value[] = [];
  const add = (inner: ListValue, levels: number): void => {
    for (const value of inner) {
      if (value instanceof ListValue && levels > 0) add(value, levels - 1);
      else values.push(value);
    }
  };
  add(list, Number(depth));
  return new ArrayList(values);
}

const sort = (list: ListValue): ListValue => sortByKeys(list, list);

function sortByKeys(list: ListValue, keys: ListValue): ListValue {
  const type = keys.size > 0 ? typeNameOf(keys.at(0)) : '';
  const pairs = [...list].map((value, index): [Value, Value] => [value, keys.at(index)]);
  if (pairs.some(([, key]) => typeNameOf(key) !== type)) fail('list elements must have the same type');
  return new ArrayList(pairs.toSorted(([, a], [, b]) => compare(a, b)).map(([value]) => value));
}

function range(size: Int): ListValue {
  if (size < 0) fail(`lists.range: size must be non-negative, got ${size}`);
  if (size > maxRange) fail(`lists.range: size ${size} exceeds maximum allowed (${maxRange})`);
  return new RangeList(Number(size));
}

/** Texts, booleans and ints are found by a set; every other value is compared with all before it. */
function distinct(list: ListValue): ListValue {
  const seen = new Set<Value>();
  const others: Value[] = [];
  const values: Value[] = [];
  for (const value of list) {
    const isSimple = typeof value === 'string' || typeof value === 'boolean';
    if (isSimple ? seen.has(value) : others.some((other) => isEqual(other, value))) continue;
    if (isSimple) seen.add(value);
    else others.push(value);
    values.push(value);
  }
  return new ArrayList(values);
}

export const listFunctions: readonly FunctionDeclaration[] = [
  declare(
    'isSorted',
    ...forComparable((type) => [`list_${type}_is_sorted_bool`, `list(${type}).() -> bool`], isSorted),
  ),
  declare('sum', ...sums),
  declare(
    'max',
    ...forComparable((type) => [`list_${type}_max_${type}`, `list(${type}).() -> ${type}`], extreme('max', -1)),
  ),
  declare(
    'min',
    ...forComparable((type) => [`list_${type}_min_${type}`, `list(${type}).() -> ${type}`], extreme('min', 1)),
  ),
  declare('indexOf', ['list_a_index_of_int', 'list(A).(A) -> int', indexOf]),
  declare('lastIndexOf', ['list_a_last_index_of_int', 'list(A).(A) -> int', lastIndexOf]),
  declare('slice', ['list_slice', 'list(T).(int, int) -> list(T)', slice]),
  declare(
    'flatten',
    ['list_flatten', 'list(list(T)).() -> list(T)', flatten],
    ['list_flatten_int', 'list(dyn).(int) -> list(dyn)', flatten],
  ),
  declare('sort', ...forComparable((type) => [`list_${type}_sort`, `list(${type}).() -> list(${type})`], sort)),
  declare(
    '@sortByAssociatedKeys',
    ...forComparable((type) => [`list_${type}_sortByAssociatedKeys`, `list(T).(list(${type})) -> list(T)`], sortByKeys),
  ),
  declare('lists.range', ['lists_range', '(int) -> list(int)', range]),
  declare('reverse', [
    'list_reverse',
    'list(T).() -> list(T)',
    (list: ListValue) => new ArrayList([...list].reverse()),
  ]),
  declare('distinct', ['list_distinct', 'list(T).() -> list(T)', distinct]),
];

function contains(list: ListValue, other: ListValue): boolean {
  for (const value of other) if (indexOf(list, value) === -1) return false;
  return true;
}

function intersects(list: ListValue, other: ListValue): boolean {
  for (const value of list) if (indexOf(other, value) !== -1) return true;
  return false;
}

export const setFunctions: readonly FunctionDeclaration[] = [
  declare('sets.contains', ['list_sets_contains_list', '(list(T), list(T)) -> bool', contains]),
  declare('sets.intersects', ['list_sets_intersects_list', '(list(T), list(T)) -> bool', intersects]),
  declare('sets.equivalent', [
    'list_sets_equivalent_list',
    '(list(T), list(T)) -> bool',
    (a: ListValue, b: ListValue) => contains(a, b) && contains(b, a),
  ]),
];

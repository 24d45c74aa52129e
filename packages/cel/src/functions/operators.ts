/** Operators, and what cel-go's standard library has beside conversions and times: size, texts, membership. */
import { operators } from '../syntax/ast.ts';
import { compare, isEqual } from '../values/equal.ts';
import { addLists } from '../values/lists.ts';
import {
  addInts,
  divideInts,
  divideUints,
  moduloInts,
  moduloUints,
  multiplyInts,
  negateInt,
  subtractInts,
  uintOf,
} from '../values/numbers.ts';
import { sizeOf } from '../values/size.ts';
import { addToTimestamp, betweenTimestamps, durationOf } from '../values/times.ts';
import {
  Double,
  Duration,
  type EntryMap,
  fail,
  type Int,
  type ListValue,
  MapValue,
  type Timestamp,
  type Uint,
  type Value,
} from '../values/value.ts';
import { declare, type FunctionDeclaration, type Implementation } from './function.ts';
import { matches } from './regex.ts';

/** Operators that the planner evaluates by itself; their signatures are all that is needed. */
const unreachable = (): never => fail('no such overload');

const comparisons: readonly (readonly [sign: string, name: string, test: (order: number) => boolean])[] = [
  ['<', 'less', (order) => order < 0],
  ['<=', 'less_equals', (order) => order <= 0],
  ['>', 'greater', (order) => order > 0],
  ['>=', 'greater_equals', (order) => order >= 0],
];

/** Types that have an order, by the name that overloads have; numbers of different types compare too. */
const comparable: readonly (readonly [id: string, left: string, right: string])[] = [
  ['bool', 'bool', 'bool'],
  ['int64', 'int', 'int'],
  ['int64_double', 'int', 'double'],
  ['int64_uint64', 'int', 'uint'],
  ['uint64', 'uint', 'uint'],
  ['uint64_double', 'uint', 'double'],
  ['uint64_int64', 'uint', 'int'],
  ['double', 'double', 'double'],
  ['double_int64', 'double', 'int'],
  ['double_uint64', 'double', 'uint'],
  ['string', 'string', 'string'],
  ['bytes', 'bytes', 'bytes'],
  ['timestamp', 'timestamp', 'timestamp'],
  ['duration', 'duration', 'duration'],
];

const comparisonFunctions = comparisons.map(([sign, name, test]) =>
  declare(
    `_${sign}_`,
    ...comparable.map(([id, left, right]): [string, string, Implementation] => [
      `${name}_${id}`,
      `(${left}, ${right}) -> bool`,
      (a: Value, b: Value): boolean => test(compare(a, b)),
    ]),
  ),
);

const doubles =
  (combine: (a: number, b: number) => number): Implementation =>
  (a: Double, b: Double): Double =>
    new Double(combine(a.value, b.value));

const uints =
  (combine: (a: bigint, b: bigint) => bigint): Implementation =>
  (a: Uint, b: Uint): Uint =>
    uintOf(combine(a.value, b.value));

const negated = (duration: Duration): Duration => new Duration(-duration.nanos);

const arithmetic: readonly FunctionDeclaration[] = [
  declare(
    operators.add,
    ['add_bytes', '(bytes, bytes) -> bytes', (a: Uint8Array, b: Uint8Array) => Buffer.concat([a, b])],
    ['add_double', '(double, double) -> double', doubles((a, b) => a + b)],
    [
      'add_duration_duration',
      '(duration, duration) -> duration',
      (a: Duration, b: Duration) => durationOf(a.nanos + b.nanos),
    ],
    [
      'add_duration_timestamp',
      '(duration, timestamp) -> timestamp',
      (a: Duration, b: Timestamp) => addToTimestamp(b, a),
    ],
    ['add_timestamp_duration', '(timestamp, duration) -> timestamp', addToTimestamp],
    ['add_int64', '(int, int) -> int', addInts],
    ['add_list', '(list(A), list(A)) -> list(A)', addLists],
    ['add_string', '(string, string) -> string', (a: string, b: string) => a + b],
    ['add_uint64', '(uint, uint) -> uint', uints((a, b) => a + b)],
  ),
  declare(
    '_/_',
    ['divide_double', '(double, double) -> double', doubles((a, b) => a / b)],
    ['divide_int64', '(int, int) -> int', divideInts],
    ['divide_uint64', '(uint, uint) -> uint', divideUints],
  ),
  declare(
    '_%_',
    ['modulo_int64', '(int, int) -> int', moduloInts],
    ['modulo_uint64', '(uint, uint) -> uint', moduloUints],
  ),
  declare(
    '_*_',
    ['multiply_double', '(double, double) -> double', doubles((a, b) => a * b)],
    ['multiply_int64', '(int, int) -> int', multiplyInts],
    ['multiply_uint64', '(uint, uint) -> uint', uints((a, b) => a * b)],
  ),
  declare(
    operators.negate,
    ['negate_double', '(double) -> double', (a: Double) => new Double(-a.value)],
    ['negate_int64', '(int) -> int', negateInt],
  ),
  declare(
    '_-_',
    ['subtract_double', '(double, double) -> double', doubles((a, b) => a - b)],
    [
      'subtract_duration_duration',
      '(duration, duration) -> duration',
      (a: Duration, b: Duration) => durationOf(a.nanos - b.nanos),
    ],
    ['subtract_int64', '(int, int) -> int', subtractInts],
    [
      'subtract_timestamp_duration',
      '(timestamp, duration) -> timestamp',
      (a: Timestamp, b: Duration) => addToTimestamp(a, negated(b)),
    ],
    ['subtract_timestamp_timestamp', '(timestamp, timestamp) -> duration', betweenTimestamps],
    ['subtract_uint64', '(uint, uint) -> uint', uints((a, b) => a - b)],
  ),
];

function inList(value: Value, list: ListValue): boolean {
  for (const element of list) if (isEqual(element, value)) return true;
  return false;
}

/** Adds an entry, or those of another map, to the map of a fold, which nothing else sees. */
function insert(target: EntryMap, key: Value, value?: Value): EntryMap {
  if (value !== undefined) {
    if (target.get(key) !== undefined) fail(`insert failed: key ${String(key)} already exists`);
    target.set(key, value);
    return target;
  }
  if (key instanceof MapValue) for (const inner of key.keys()) insert(target, inner, key.get(inner)!);
  return target;
}

const logic: readonly FunctionDeclaration[] = [
  declare(operators.conditional, ['conditional', '(bool, A, A) -> A', unreachable]),
  declare(operators.and, ['logical_and', '(bool, bool) -> bool', unreachable]),
  declare(operators.or, ['logical_or', '(bool, bool) -> bool', unreachable]),
  declare(operators.not, ['logical_not', '(bool) -> bool', (a: boolean) => !a]),
  declare(operators.notStrictlyFalse, ['not_strictly_false', '(bool) -> bool', unreachable]),
  declare(operators.equals, ['equals', '(A, A) -> bool', isEqual]),
  declare(operators.notEquals, ['not_equals', '(A, A) -> bool', (a: Value, b: Value) => !isEqual(a, b)]),
  declare(
    operators.index,
    ['index_list', '(list(A), int) -> A', unreachable],
    ['index_map', '(map(A, B), A) -> B', unreachable],
    ['optional_list_index_int', '(optional(list(V)), int) -> optional(V)', unreachable],
    ['optional_map_index_value', '(optional(map(K, V)), K) -> optional(V)', unreachable],
  ),
  declare(
    operators.optionalIndex,
    ['list_optindex_optional_int', '(list(V), int) -> optional(V)', unreachable],
    ['optional_list_optindex_optional_int', '(optional(list(V)), int) -> optional(V)', unreachable],
    ['map_optindex_optional_value', '(map(K, V), K) -> optional(V)', unreachable],
    ['optional_map_optindex_optional_value', '(optional(map(K, V)), K) -> optional(V)', unreachable],
  ),
  declare(
    '@in',
    ['in_list', '(A, list(A)) -> bool', inList],
    ['in_map', '(A, map(A, B)) -> bool', (key: Value, map: MapValue) => map.get(key) !== undefined],
  ),
  declare(
    operators.mapInsert,
    ['@mapInsert_map_key_value', '(map(K, V), K, V) -> map(K, V)', insert],
    ['@mapInsert_map_map', '(map(K, V), map(K, V)) -> map(K, V)', insert],
  ),
];

const sizes = declare(
  'size',
  ...(['bytes', 'list(A)', 'map(A, B)', 'string'] as const).flatMap((type): [string, string, Implementation][] => {
    const id = /^\w+/.exec(type)![0];
    return [
      [`size_${id}`, `(${type}) -> int`, (value: Value): Int => sizeOf(value)],
      [`${id}_size`, `${type}.() -> int`, (value: Value): Int => sizeOf(value)],
    ];
  }),
);

const texts: readonly FunctionDeclaration[] = [
  declare('contains', [
    'contains_string',
    'string.(string) -> bool',
    (text: string, part: string) => text.includes(part),
  ]),
  declare('startsWith', [
    'starts_with_string',
    'string.(string) -> bool',
    (text: string, part: string) => text.startsWith(part),
  ]),
  declare('endsWith', [
    'ends_with_string',
    'string.(string) -> bool',
    (text: string, part: string) => text.endsWith(part),
  ]),
  declare(
    'matches',
    ['matches', '(string, string) -> bool', matches],
    ['matches_string', 'string.(string) -> bool', matches],
  ),
];

export const operatorFunctions: readonly FunctionDeclaration[] = [
  ...logic,
  ...arithmetic,
  ...comparisonFunctions,
  sizes,
  ...texts,
];

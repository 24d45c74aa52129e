/** Values that may be absent. */
import { isNumber } from '../values/numbers.ts';
import { sizeOf } from '../values/size.ts';
import {
  ArrayList,
  Double,
  Duration,
  fail,
  ListValue,
  MapValue,
  OptionalValue,
  Timestamp,
  Uint,
  type Value,
} from '../values/value.ts';
import { declare, type FunctionDeclaration } from './function.ts';

function isZero(value: Value): boolean {
  if (value === null || value === false) return true;
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length === 0;
  if (isNumber(value)) {
    return value instanceof Double ? value.value === 0 : value instanceof Uint ? value.value === 0n : value === 0;
  }
  if (value instanceof ListValue || value instanceof MapValue) return sizeOf(value) === 0;
  if (value instanceof Duration) return value.nanos === 0n;
  if (value instanceof Timestamp) return value.seconds === -62_135_596_800 && value.nanos === 0;
  return value instanceof OptionalValue && value.value === undefined;
}

function unwrapped(list: ListValue): ListValue {
  const values: Value[] = [];
  for (const element of list) {
    if (!(element instanceof OptionalValue)) return fail(`value ${String(element)} is not optional`);
    if (element.value !== undefined) values.push(element.value);
  }
  return new ArrayList(values);
}

const elementAt = (list: ListValue, index: number): OptionalValue =>
  list.size === 0 ? OptionalValue.none : new OptionalValue(list.at(index));

export const optionalFunctions: readonly FunctionDeclaration[] = [
  declare('optional.of', ['optional_of', '(V) -> optional(V)', (value: Value) => new OptionalValue(value)]),
  declare('optional.none', ['optional_none', '() -> optional(V)', () => OptionalValue.none]),
  declare('optional.ofNonZeroValue', [
    'optional_ofNonZeroValue',
    '(V) -> optional(V)',
    (value: Value) => (isZero(value) ? OptionalValue.none : new OptionalValue(value)),
  ]),
  declare('value', [
    'optional_value',
    'optional(V).() -> V',
    (optional: OptionalValue) => optional.value ?? absent(optional),
  ]),
  declare('hasValue', [
    'optional_hasValue',
    'optional(V).() -> bool',
    (optional: OptionalValue) => optional.value !== undefined,
  ]),
  // The planner evaluates these two by itself: their argument is evaluated only where it is needed.
  declare('or', [
    'optional_or_optional',
    'optional(V).(optional(V)) -> optional(V)',
    (optional: OptionalValue, other: OptionalValue) => (optional.value === undefined ? other : optional),
  ]),
  declare('orValue', [
    'optional_orValue_value',
    'optional(V).(V) -> V',
    (optional: OptionalValue, other: Value) => (optional.value === undefined ? other : optional.value),
  ]),
  declare('optional.unwrap', ['optional_unwrap', '(list(optional(V))) -> list(V)', unwrapped]),
  declare('unwrapOpt', ['optional_unwrapOpt', 'list(optional(V)).() -> list(V)', unwrapped]),
  declare('first', ['list_first', 'list(V).() -> optional(V)', (list: ListValue) => elementAt(list, 0)]),
  declare('last', ['list_last', 'list(V).() -> optional(V)', (list: ListValue) => elementAt(list, list.size - 1)]),
];

/** Null is a value too, which `??` does not tell from none. */
function absent(optional: OptionalValue): Value {
  return optional.value === null ? null : fail('optional.none() dereference');
}

/** Fields, entries and elements of values. */
import { shownValue } from '../functions/conversions.ts';
import {
  Double,
  fail,
  isInt,
  ListValue,
  MapValue,
  OptionalValue,
  typeNameOf,
  Uint,
  type Value,
} from '../values/value.ts';

/** The field or element; undefined where it is absent. Values without any have none. */
function part(operand: Value, key: Value): Value | undefined {
  if (operand instanceof MapValue) return operand.get(key);
  if (!(operand instanceof ListValue)) return undefined;
  const index = indexOf(key);
  return index >= 0 && index < operand.size ? operand.at(index) : undefined;
}

function indexOf(key: Value): number {
  if (isInt(key)) return Number(key);
  if (key instanceof Uint) return Number(key.value);
  if (!(key instanceof Double)) return fail(`unsupported index type '${typeNameOf(key)}' in list`);
  return Number.isInteger(key.value) ? key.value : fail(`unsupported index value ${shownValue(key)} in list`);
}

/** `operand.key` or `operand[key]`; of an optional the part as an optional. */
export function access(operand: Value, key: Value): Value {
  if (operand instanceof OptionalValue) return accessIfPresent(operand, key);
  const value = part(operand, key);
  if (value !== undefined) return value;
  return fail(`${operand instanceof ListValue ? 'index out of bounds' : 'no such key'}: ${shownValue(key)}`);
}

/** `operand.?key` or `operand[?key]`. */
export function accessIfPresent(operand: Value, key: Value): OptionalValue {
  const inner = operand instanceof OptionalValue ? operand.value : operand;
  const value = inner === undefined ? undefined : part(inner, key);
  return value === undefined ? OptionalValue.none : new OptionalValue(value);
}

/** has(operand.key) */
export function isPresent(operand: Value, key: Value): boolean {
  return accessIfPresent(operand, key).value !== undefined;
}

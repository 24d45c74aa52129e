/** Equality and order of values. Values of different types are unequal; numbers are equal by value, whatever their type. */
import { compareNumbers, isNumber } from './numbers.ts';
import { compareTimestamps } from './times.ts';
import {
  Duration,
  fail,
  ListValue,
  MapValue,
  OpaqueValue,
  OptionalValue,
  Timestamp,
  TypeValue,
  type Value,
} from './value.ts';
import { comparisons } from './work.ts';

export function isEqual(a: Value, b: Value): boolean {
  comparisons.steps++;
  if (a === b) return true;
  if (typeof a === 'string' || typeof a === 'boolean' || a === null || b === null) return false;
  if (isNumber(a)) return isNumber(b) && compareNumbers(a, b) === 0;
  if (a instanceof ListValue) return b instanceof ListValue && areListsEqual(a, b);
  if (a instanceof MapValue) return b instanceof MapValue && areMapsEqual(a, b);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (a instanceof Timestamp) return b instanceof Timestamp && compareTimestamps(a, b) === 0;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  if (a instanceof TypeValue) return b instanceof TypeValue && a.name === b.name;
  if (a instanceof OptionalValue) return b instanceof OptionalValue && areOptionalsEqual(a, b);
  return b instanceof OpaqueValue && a.typeName === b.typeName && a.equals(b);
}

function areListsEqual(a: ListValue, b: ListValue): boolean {
  if (a.size !== b.size) return false;
  const unordered = a.equalsUnordered(b);
  if (unordered !== undefined) return unordered;
  for (let index = 0; index < a.size; index++) {
    if (!isEqual(a.at(index), b.at(index))) return false;
  }
  return true;
}

function areMapsEqual(a: MapValue, b: MapValue): boolean {
  if (a.isSameAs(b)) return true;
  if (a.size !== b.size) return false;
  for (const key of a.keys()) {
    const other = b.get(key);
    if (other === undefined || !isEqual(a.get(key)!, other)) return false;
  }
  return a.hasSameRest(b);
}

function areOptionalsEqual(a: OptionalValue, b: OptionalValue): boolean {
  if (a.value === undefined || b.value === undefined) return a.value === b.value;
  return isEqual(a.value, b.value);
}

/** Negative, zero or positive. @throws EvaluationError where the two have no order. */
export function compare(a: Value, b: Value): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b);
  if (isNumber(a) && isNumber(b)) {
    const order = compareNumbers(a, b);
    return Number.isNaN(order) ? fail('NaN values cannot be ordered') : order;
  }
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  if (a instanceof Timestamp && b instanceof Timestamp) return compareTimestamps(a, b);
  if (a instanceof Duration && b instanceof Duration) return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
  return fail('no such overload');
}

/** Order by code points, which is that of UTF-8; JavaScript's own is that of UTF-16. */
function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  if (/[\ud800-\udfff]/.test(a) || /[\ud800-\udfff]/.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}

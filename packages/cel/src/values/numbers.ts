/** Arithmetic of ints (64 bits, never wrapping), uints and doubles. */
import { Double, fail, type Int, isInt, Uint, type Value } from './value.ts';

const minInt = -(2n ** 63n);
const maxInt = 2n ** 63n - 1n;
const maxUint = 2n ** 64n - 1n;

/** The int of a whole number. @throws EvaluationError beyond 64 bits. */
export function intOf(value: bigint): Int {
  if (value < minInt || value > maxInt) fail('integer overflow');
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}

export function uintOf(value: bigint): Uint {
  if (value < 0n || value > maxUint) fail('unsigned integer overflow');
  return new Uint(value);
}

/** a + b and the like: exact as numbers mostly, as bigints otherwise. */
function exact(a: Int, b: Int, fast: (a: number, b: number) => number, slow: (a: bigint, b: bigint) => bigint): Int {
  if (typeof a === 'number' && typeof b === 'number') {
    const result = fast(a, b);
    if (Number.isSafeInteger(result)) return result + 0;
  }
  return intOf(slow(BigInt(a), BigInt(b)));
}

export const addInts = (a: Int, b: Int): Int =>
  exact(
    a,
    b,
    (x, y) => x + y,
    (x, y) => x + y,
  );
export const subtractInts = (a: Int, b: Int): Int =>
  exact(
    a,
    b,
    (x, y) => x - y,
    (x, y) => x - y,
  );
export const multiplyInts = (a: Int, b: Int): Int =>
  exact(
    a,
    b,
    (x, y) => x * y,
    (x, y) => x * y,
  );

export function divideInts(a: Int, b: Int): Int {
  if (b === 0) fail('division by zero');
  return exact(
    a,
    b,
    (x, y) => Math.trunc(x / y),
    (x, y) => x / y,
  );
}

export function moduloInts(a: Int, b: Int): Int {
  if (b === 0) fail('modulus by zero');
  return exact(
    a,
    b,
    (x, y) => x % y,
    (x, y) => x % y,
  );
}

export const negateInt = (a: Int): Int => subtractInts(0, a);

export function divideUints(a: Uint, b: Uint): Uint {
  if (b.value === 0n) fail('division by zero');
  return new Uint(a.value / b.value);
}

export function moduloUints(a: Uint, b: Uint): Uint {
  if (b.value === 0n) fail('modulus by zero');
  return new Uint(a.value % b.value);
}

export function isNumber(value: Value): value is Int | Double | Uint {
  return isInt(value) || value instanceof Double || value instanceof Uint;
}

/** Negative, zero or positive; NaN where one of them is. Numbers of different types compare by their value. */
export function compareNumbers(a: Int | Double | Uint, b: Int | Double | Uint): number {
  const isDouble = a instanceof Double || b instanceof Double;
  const left = comparable(a, isDouble);
  const right = comparable(b, isDouble);
  if (left < right) return -1;
  if (left > right) return 1;
  return Number.isNaN(left) || Number.isNaN(right) ? Number.NaN : 0;
}

/** Beside a double every number is compared as one. */
function comparable(number: Int | Double | Uint, asDouble: boolean): number | bigint {
  const value = number instanceof Double || number instanceof Uint ? number.value : number;
  return asDouble ? Number(value) : value;
}

/** A number of JSON whose schema is unknown: an int where it is whole. */
export function numberOfJson(value: number): Int | Double {
  if (Number.isSafeInteger(value)) return value + 0;
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 63) return BigInt(value);
  return new Double(value);
}

/** The whole part of a double as an int. */
export function intOfDouble(value: number): Int {
  if (!Number.isFinite(value) || value <= -(2 ** 63) || value >= 2 ** 63) fail('integer overflow');
  return intOf(BigInt(Math.trunc(value)));
}

export function uintOfDouble(value: number): Uint {
  if (!Number.isFinite(value) || value < 0 || value >= 2 ** 64) fail('unsigned integer overflow');
  return uintOf(BigInt(Math.trunc(value)));
}

/** A double as Go's %g writes it: the shortest digits that mean it, with an exponent below 1e-4 and from 1e6 on. */
export function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const [digits, exponentText] = value.toExponential().split('e') as [string, string];
  const exponent = Number(exponentText);
  if (value !== 0 && (exponent < -4 || exponent >= 6)) {
    return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  return plainDigits(value);
}

/** A double without an exponent. */
export function plainDigits(value: number): string {
  const text = String(value);
  if (!text.includes('e')) return text;
  const [mantissa, exponentText] = text.split('e') as [string, string];
  const exponent = Number(exponentText);
  const sign = mantissa.startsWith('-') ? '-' : '';
  const [whole, fraction = ''] = mantissa.replace('-', '').split('.') as [string, string?];
  const digits = whole + fraction;
  const point = whole.length + exponent;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, '0').slice(0, point)}${digits.length > point ? `.${digits.slice(point)}` : ''}`;
}

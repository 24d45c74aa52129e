/** Conversions between types: int(x), string(x), timestamp(x) and so on. */
import { doubleText, intOf, intOfDouble, plainDigits, uintOf, uintOfDouble } from '../values/numbers.ts';
import { durationText, parseDuration, parseTimestamp, timestampOf, timestampText } from '../values/times.ts';
import {
  Double,
  type Duration,
  fail,
  type Int,
  type Timestamp,
  TypeValue,
  typeNameOf,
  Uint,
  type Value,
} from '../values/value.ts';
import { declare, type FunctionDeclaration } from './function.ts';

const same = (value: Value): Value => value;
const cannot = (to: string): never => fail(`type conversion error from 'string' to '${to}'`);

const truths = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const falsehoods = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

function stringToBool(text: string): boolean {
  if (truths.has(text)) return true;
  return falsehoods.has(text) ? false : cannot('bool');
}

function stringToInt(text: string): Int {
  if (!/^[+-]?\d+$/.test(text)) return cannot('int');
  const value = BigInt(text.replace('+', ''));
  return value === BigInt.asIntN(64, value) ? intOf(value) : cannot('int');
}

function stringToUint(text: string): Uint {
  if (!/^\d+$/.test(text)) return cannot('uint');
  const value = BigInt(text);
  return value < 2n ** 64n ? new Uint(value) : cannot('uint');
}

function stringToDouble(text: string): Double {
  const special = /^([+-]?)(?:(inf|infinity)|nan)$/i.exec(text);
  if (special !== null) {
    return new Double(special[2] === undefined ? Number.NaN : special[1] === '-' ? -Infinity : Infinity);
  }
  const isNumber = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text);
  const value = Number(text);
  return isNumber && Number.isFinite(value) ? new Double(value) : cannot('double');
}

function intToTimestamp(seconds: Int): Timestamp {
  return typeof seconds === 'number' ? timestampOf(seconds, 0) : fail('timestamp overflow');
}

function bytesToString(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fail('invalid UTF-8 in bytes, cannot convert to string');
  }
}

export const conversionFunctions: readonly FunctionDeclaration[] = [
  declare('type', ['type', '(A) -> type(A)', (value: Value) => new TypeValue(typeNameOf(value))]),
  declare('dyn', ['to_dyn', '(A) -> dyn', same]),
  declare('bool', ['bool_to_bool', '(bool) -> bool', same], ['string_to_bool', '(string) -> bool', stringToBool]),
  declare(
    'bytes',
    ['bytes_to_bytes', '(bytes) -> bytes', same],
    ['string_to_bytes', '(string) -> bytes', (text: string) => new TextEncoder().encode(text)],
  ),
  declare(
    'double',
    ['double_to_double', '(double) -> double', same],
    ['int64_to_double', '(int) -> double', (value: Int) => new Double(Number(value))],
    ['string_to_double', '(string) -> double', stringToDouble],
    ['uint64_to_double', '(uint) -> double', (value: Uint) => new Double(Number(value.value))],
  ),
  declare(
    'duration',
    ['duration_to_duration', '(duration) -> duration', same],
    [
      'string_to_duration',
      '(string) -> duration',
      (text: string) => parseDuration(text) ?? cannot('google.protobuf.Duration'),
    ],
  ),
  declare(
    'int',
    ['int64_to_int64', '(int) -> int', same],
    ['double_to_int64', '(double) -> int', (value: Double) => intOfDouble(value.value)],
    ['duration_to_int64', '(duration) -> int', (value: Duration) => intOf(value.nanos)],
    ['string_to_int64', '(string) -> int', stringToInt],
    ['timestamp_to_int64', '(timestamp) -> int', (value: Timestamp) => value.seconds],
    ['uint64_to_int64', '(uint) -> int', (value: Uint) => intOf(value.value)],
  ),
  declare(
    'string',
    ['string_to_string', '(string) -> string', same],
    ['bool_to_string', '(bool) -> string', String],
    ['bytes_to_string', '(bytes) -> string', bytesToString],
    ['double_to_string', '(double) -> string', (value: Double) => doubleText(value.value)],
    ['duration_to_string', '(duration) -> string', durationText],
    ['int64_to_string', '(int) -> string', String],
    ['timestamp_to_string', '(timestamp) -> string', timestampText],
    ['uint64_to_string', '(uint) -> string', (value: Uint) => String(value.value)],
  ),
  declare(
    'timestamp',
    ['timestamp_to_timestamp', '(timestamp) -> timestamp', same],
    ['int64_to_timestamp', '(int) -> timestamp', intToTimestamp],
    [
      'string_to_timestamp',
      '(string) -> timestamp',
      (text: string) => checkedTime(parseTimestamp(text)) ?? cannot('google.protobuf.Timestamp'),
    ],
  ),
  declare(
    'uint',
    ['uint64_to_uint64', '(uint) -> uint', same],
    ['double_to_uint64', '(double) -> uint', (value: Double) => uintOfDouble(value.value)],
    ['int64_to_uint64', '(int) -> uint', (value: Int) => uintOf(BigInt(value))],
    ['string_to_uint64', '(string) -> uint', stringToUint],
  ),
];

function checkedTime(time: Timestamp | undefined): Timestamp | undefined {
  return time === undefined ? undefined : timestampOf(time.seconds, time.nanos);
}

/** A value as messages write it (%v). */
export function shownValue(value: Value): string {
  if (value instanceof Double) return plainDigits(value.value);
  if (value instanceof Uint) return String(value.value);
  if (value === null) return 'null';
  return typeof value === 'object' ? typeNameOf(value) : String(value);
}

/** `'%d of %s'.format([1, 'x'])`: texts with values in them. */
import { doubleText } from '../values/numbers.ts';
import { durationText, timestampText } from '../values/times.ts';
import {
  CostExceeded,
  Double,
  Duration,
  fail,
  isInt,
  ListValue,
  MapValue,
  Timestamp,
  TypeValue,
  typeNameOf,
  Uint,
  type Value,
} from '../values/value.ts';

const defaultPrecision = 6;
/** JavaScript writes no more digits. */
const maxPrecision = 100;

type Clause = (value: Value, precision: number) => string;

/** @throws EvaluationError where a clause is none, or does not take its value. */
export function formatted(text: string, args: ListValue): string {
  let index = 0;
  return text.replaceAll(/%(?:(%)|(?:\.(\d*))?(.?))/gs, (_, percent, digits: string | undefined, letter: string) => {
    if (percent !== undefined) return '%';
    if (index >= args.size) return fail(`index ${index} out of range`);
    const value = args.at(index++);
    const clause = clauses[letter];
    if (clause === undefined) {
      if (letter === '') return fail('unexpected end of string');
      return fail(`could not parse formatting clause: unrecognized formatting clause "${letter}"`);
    }
    if (Number(digits) > maxPrecision) throw new CostExceeded();
    return clause(value, digits === undefined ? defaultPrecision : Number(digits));
  });
}

function wrong(what: string, value: Value): never {
  return fail(`error during formatting: ${what}, was given ${typeNameOf(value)}`);
}

const clauses: Readonly<Record<string, Clause>> = {
  s: text,
  d: (value) =>
    isInt(value) || value instanceof Uint ? whole(value) : wrong('decimal clause can only be used on integers', value),
  f: (value, precision) => fixed(double(value, 'fixed-point'), precision),
  e: (value, precision) => scientific(double(value, 'scientific'), precision),
  b: (value) => {
    if (typeof value === 'boolean') return value ? '1' : '0';
    return inBase(value, 2) ?? wrong('only integers and bools can be formatted as binary', value);
  },
  x: hex,
  X: (value) => hex(value).toUpperCase(),
  o: (value) => inBase(value, 8) ?? wrong('octal clause can only be used on integers', value),
};

function whole(value: number | bigint | Uint): string {
  return String(value instanceof Uint ? value.value : value);
}

function inBase(value: Value, base: number): string | undefined {
  if (!isInt(value) && !(value instanceof Uint)) return undefined;
  return BigInt(value instanceof Uint ? value.value : value).toString(base);
}

function hex(value: Value): string {
  if (typeof value === 'string') return Buffer.from(value).toString('hex');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return inBase(value, 16) ?? wrong('only integers, byte buffers, and strings can be formatted as hex', value);
}

const namedDoubles: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity, '-Infinity': -Infinity };

function double(value: Value, clause: string): number {
  if (value instanceof Double) return value.value;
  const named = typeof value === 'string' ? namedDoubles[value] : undefined;
  return named ?? wrong(`${clause} clause can only be used on doubles`, value);
}

function fixed(value: number, precision: number): string {
  return (
    special(value) ??
    rounded(value, precision).replace(/^(-?)(\d+)/, (_, sign: string, digits: string) => {
      return `${sign}${digits.replaceAll(/\B(?=(?:\d{3})+$)/g, ',')}`;
    })
  );
}

/** The digits of a number; one in the middle goes to the even digit, as in Go. */
function rounded(value: number, precision: number): string {
  const scaled = Math.abs(value) * 10 ** precision;
  const isTie = scaled % 1 === 0.5 && scaled / 10 ** precision === Math.abs(value);
  if (!isTie || Math.floor(scaled) % 2 === 1) return value.toFixed(precision);
  return (Math.sign(value) * (Math.floor(scaled) / 10 ** precision)).toFixed(precision);
}

function scientific(value: number, precision: number): string {
  const shown = special(value);
  if (shown !== undefined) return shown;
  const [digits, exponent] = value.toExponential(precision).split('e') as [string, string];
  return `${digits}\u202f×\u202f10${superscript(exponent)}`;
}

function special(value: number): string | undefined {
  if (Number.isNaN(value)) return 'NaN';
  return Number.isFinite(value) ? undefined : value > 0 ? '∞' : '-∞';
}

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';

function superscript(exponent: string): string {
  const magnitude = exponent.slice(1).padStart(2, '0');
  const digits = [...magnitude].map((digit) => superscripts[Number(digit)]).join('');
  return `${exponent.startsWith('-') ? '⁻' : ''}${digits}`;
}

function text(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (value === null) return 'null';
  if (isInt(value) || value instanceof Uint) return whole(value);
  if (value instanceof Double) return doubleText(value.value);
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (value instanceof Timestamp) return timestampText(value);
  if (value instanceof Duration) return durationText(value);
  if (value instanceof TypeValue) return value.name;
  if (value instanceof ListValue) return `[${[...value].map(literal).join(', ')}]`;
  if (value instanceof MapValue && typeNameOf(value) === 'map') return mapText(value);
  return wrong(
    'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
    value,
  );
}

function mapText(map: MapValue): string {
  const entries = [...map.keys()].map((key): [string, string] => [literal(key), literal(map.get(key)!)]);
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, value]) => `${key}:${value}`).join(', ')}}`;
}

/** A value within a list or map: as a literal. */
function literal(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Uint8Array) return `b${JSON.stringify(text(value))}`;
  if (value instanceof Timestamp) return `timestamp("${timestampText(value)}")`;
  if (value instanceof Duration) return `duration("${durationText(value)}")`;
  if (value instanceof Double) {
    if (Number.isFinite(value.value)) return value.value.toFixed(defaultPrecision);
    return JSON.stringify(doubleText(value.value));
  }
  return text(value);
}

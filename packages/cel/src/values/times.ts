/** Times and durations: their texts, and their arithmetic. */
import { Duration, fail, Timestamp } from './value.ts';

const billion = 1_000_000_000n;
/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
const minSeconds = -62_135_596_800;
const maxSeconds = 253_402_300_799;

export function timestampOf(seconds: number, nanos: number): Timestamp {
  if (seconds < minSeconds || seconds > maxSeconds) fail('timestamp overflow');
  return new Timestamp(seconds, nanos);
}

export function durationOf(nanos: bigint): Duration {
  if (nanos !== BigInt.asIntN(64, nanos)) fail('integer overflow');
  return new Duration(nanos);
}

const nanosOf = ({ seconds, nanos }: Timestamp): bigint => BigInt(seconds) * billion + BigInt(nanos);

export function addToTimestamp(time: Timestamp, { nanos }: Duration): Timestamp {
  const sum = nanosOf(time) + nanos;
  const rest = ((sum % billion) + billion) % billion;
  return timestampOf(Number((sum - rest) / billion), Number(rest));
}

export function betweenTimestamps(a: Timestamp, b: Timestamp): Duration {
  return durationOf(nanosOf(a) - nanosOf(b));
}

export function compareTimestamps(a: Timestamp, b: Timestamp): number {
  return Math.sign(a.seconds - b.seconds || a.nanos - b.nanos);
}

const timePattern =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(?:([Zz])|([+-])(\d{2}):?(\d{2}))?$/;

/** A time in RFC 3339; undefined where the text is none. @param isStrict It must say its zone, as RFC 3339 asks. */
export function parseTimestamp(text: string, isStrict = true): Timestamp | undefined {
  const match = timePattern.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', zulu, sign, zoneHour = '0', zoneMinute = '0'] = match;
  if (isStrict && zulu === undefined && sign === undefined) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute), Number(second));
  const isReal = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  if (!isReal || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  if (Number(zoneHour) > 23 || Number(zoneMinute) > 59) return undefined;
  const offset = (Number(zoneHour) * 60 + Number(zoneMinute)) * 60 * (sign === '-' ? -1 : 1);
  return new Timestamp(date.getTime() / 1000 - offset, Number(fraction.slice(0, 9).padEnd(9, '0')));
}

/** A day as a time, in the form 2006-01-02. */
export function parseDate(text: string): Timestamp | undefined {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? parseTimestamp(`${text}T00:00:00Z`) : undefined;
}

/** The time in RFC 3339, with as many digits as it needs. */
export function timestampText({ seconds, nanos }: Timestamp): string {
  const [date] = new Date(seconds * 1000).toISOString().split('.') as [string];
  const fraction = String(nanos).padStart(9, '0').replace(/0+$/, '');
  return `${date}${fraction === '' ? '' : `.${fraction}`}Z`;
}

const unitNanos: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: billion,
  m: 60n * billion,
  h: 3600n * billion,
};

/** A duration as Go writes them, such as 1h30m or -1.5s; undefined where the text is none. */
export function parseDuration(text: string): Duration | undefined {
  const match = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|0)$/.exec(text);
  if (match === null) return undefined;
  let nanos = 0n;
  for (const [, amount, unit] of match[2]!.matchAll(/(\d*\.?\d*)(ns|us|µs|μs|ms|s|m|h)/g)) {
    const [whole, fraction = ''] = amount!.split('.') as [string, string?];
    const scale = 10n ** BigInt(fraction.length);
    nanos += (BigInt(`${whole}${fraction}`) * unitNanos[unit!]!) / scale;
  }
  if (match[1] === '-') nanos = -nanos;
  return nanos === BigInt.asIntN(64, nanos) ? new Duration(nanos) : undefined;
}

const wordNanos: readonly (readonly [prefix: RegExp, nanos: bigint])[] = [
  [/^(ns|nano)/, 1n],
  [/^(us|µs|micro)/, 1000n],
  [/^(ms|milli)/, 1_000_000n],
  [/^(s$|sec)/, billion],
  [/^(m$|min)/, 60n * billion],
  [/^(h$|hr|hour)/, 3600n * billion],
  [/^(d$|day)/, 86_400n * billion],
  [/^(w$|wk|week)/, 604_800n * billion],
];

/** A duration as the format `duration` of schemas allows: also with words, such as 3 days. */
export function parseFormattedDuration(text: string): Duration | undefined {
  const plain = parseDuration(text);
  if (plain !== undefined) return plain;
  let nanos: bigint | undefined;
  for (const [, amount, word] of text.matchAll(/(\d+)\s*([A-Za-zµ]+)/g)) {
    const unit = wordNanos.find(([prefix]) => prefix.test(word!.toLowerCase()))?.[1];
    if (unit !== undefined) nanos = (nanos ?? 0n) + BigInt(amount!) * unit;
  }
  return nanos === undefined ? undefined : new Duration(nanos);
}

/** The duration in seconds, such as 5400s. */
export function durationText({ nanos }: Duration): string {
  const magnitude = nanos < 0n ? -nanos : nanos;
  const fraction = String(magnitude % billion)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${nanos < 0n ? '-' : ''}${magnitude / billion}${fraction === '' ? '' : `.${fraction}`}s`;
}

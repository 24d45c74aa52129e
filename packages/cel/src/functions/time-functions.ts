/** Parts of times and durations. */

import { intOf } from '../values/numbers.ts';
import { type Duration, fail, type Int, type Timestamp } from '../values/value.ts';
import { declare, type FunctionDeclaration, type Implementation } from './function.ts';

/** The time of day and date somewhere, as if it were UTC. @param zone A name such as Europe/Berlin, or an offset such as -08:00. */
function localDate({ seconds }: Timestamp, zone: string): Date {
  const offset = /^([+-]?)(\d{1,2}):(\d{2})$/.exec(zone);
  if (offset !== null) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3]);
    return new Date((seconds + (offset[1] === '-' ? -60 : 60) * minutes) * 1000);
  }
  if (zone === '' || zone === 'UTC') return new Date(seconds * 1000);
  const parts = Object.fromEntries(
    formatFor(zone)
      .formatToParts(new Date(seconds * 1000))
      .map(({ type, value }) => [type, Number(value)]),
  ) as Readonly<Record<string, number>>;
  return new Date(Date.UTC(parts.year!, parts.month! - 1, parts.day!, parts.hour!, parts.minute!, parts.second!));
}

/** Formats are dear to make. There are some 600 zones. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatFor(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    return fail(`unknown time zone ${zone}`);
  }
  formats.set(zone, format);
  return format;
}

const dayMs = 86_400_000;

/** Parts of a time by the name of their function. */
const timeParts: Readonly<Record<string, readonly [id: string, part: (date: Date) => number]>> = {
  getFullYear: ['year', (date) => date.getUTCFullYear()],
  getMonth: ['month', (date) => date.getUTCMonth()],
  getDayOfYear: ['day_of_year', (date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / dayMs)],
  getDayOfMonth: ['day_of_month', (date) => date.getUTCDate() - 1],
  getDate: ['day_of_month_1_based', (date) => date.getUTCDate()],
  getDayOfWeek: ['day_of_week', (date) => date.getUTCDay()],
  getHours: ['hours', (date) => date.getUTCHours()],
  getMinutes: ['minutes', (date) => date.getUTCMinutes()],
  getSeconds: ['seconds', (date) => date.getUTCSeconds()],
};

/** Nanoseconds of the units that durations are counted in. */
const durationUnits: Readonly<Record<string, bigint>> = {
  getHours: 3_600_000_000_000n,
  getMinutes: 60_000_000_000n,
  getSeconds: 1_000_000_000n,
  getMilliseconds: 1_000_000n,
};

function overloadsOf(name: string): [string, string, Implementation][] {
  const unit = durationUnits[name];
  const overloads: [string, string, Implementation][] = [];
  const time = timeParts[name];
  if (time !== undefined) {
    const [id, part] = time;
    overloads.push(
      [`timestamp_to_${id}`, 'timestamp.() -> int', (value: Timestamp): Int => part(localDate(value, 'UTC'))],
      [
        `timestamp_to_${id}_with_tz`,
        'timestamp.(string) -> int',
        (value: Timestamp, zone: string): Int => part(localDate(value, zone)),
      ],
    );
  } else {
    const milliseconds = (value: Timestamp): Int => Math.trunc(value.nanos / 1e6);
    overloads.push(
      ['timestamp_to_milliseconds', 'timestamp.() -> int', milliseconds],
      ['timestamp_to_milliseconds_with_tz', 'timestamp.(string) -> int', milliseconds],
    );
  }
  if (unit !== undefined) {
    overloads.push([
      `duration_to_${name.slice(3).toLowerCase()}`,
      'duration.() -> int',
      (value: Duration): Int => intOf(value.nanos / unit),
    ]);
  }
  return overloads;
}

export const timeFunctions: readonly FunctionDeclaration[] = [...Object.keys(timeParts), 'getMilliseconds'].map(
  (name) => declare(name, ...overloadsOf(name)),
);

/** Schedules as cron has them: five fields of numbers, names, ranges and steps, or a word such as @hourly. */

/** The values that a field may have. */
interface Bounds {
  readonly low: number;
  readonly high: number;
  /** Names of values, from `low` on. */
  readonly names: readonly string[];
}

/** The values of a field. */
interface Field {
  readonly values: ReadonlySet<number>;
  /** True where the field is no choice: it has a `*` without a step. */
  readonly isAny: boolean;
}

/** The times of a schedule: minutes, each of which begins at its second 0, or steps from a time on. */
export type Schedule =
  | {
      readonly type: 'fields';
      readonly minutes: Field;
      readonly hours: Field;
      readonly days: Field;
      readonly months: Field;
      /** 0 is Sunday. A day must be of both fields where one of them is no choice, and else of one of them. */
      readonly weekdays: Field;
    }
  | { readonly type: 'every'; readonly seconds: number };

/** A text that is no schedule, in the words of the parser that Kubernetes uses. */
class ScheduleError extends Error {}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const fields: readonly Bounds[] = [
  { low: 0, high: 59, names: [] },
  { low: 0, high: 23, names: [] },
  { low: 1, high: 31, names: [] },
  { low: 1, high: 12, names: months },
  { low: 0, high: 6, names: days },
];
const words: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const every = '@every ';
/** Seconds of the units of a duration. */
const durationUnits: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};
const maxInt64 = 2n ** 63n - 1n;

/** Problems of a schedule, one at most, in the words of the parser that Kubernetes uses. A time zone before the schedule is skipped. */
export function scheduleProblems(schedule: string): string[] {
  try {
    parseSchedule(schedule.replace(/^(?:CRON_)?TZ=\S* +/, ''));
    return [];
  } catch (error) {
    if (error instanceof ScheduleError) return [error.message];
    throw error;
  }
}

/** Reads a schedule without a time zone. Throws an Error that says what is wrong with it. */
export function parseSchedule(schedule: string): Schedule {
  const text = schedule;
  if (schedule === '') throw new ScheduleError('empty spec string');
  if (text.startsWith(every)) return { type: 'every', seconds: everySeconds(text) };
  const known = Object.hasOwn(words, text) ? words[text]! : text;
  if (known.startsWith('@')) throw new ScheduleError(`unrecognized descriptor: ${text}`);
  const parts = known.split(/\s+/).filter((part) => part !== '');
  if (parts.length !== fields.length) {
    throw new ScheduleError(`expected exactly ${fields.length} fields, found ${parts.length}: [${parts.join(' ')}]`);
  }
  const [minutes, hours, daysOfMonth, monthsOfYear, weekdays] = parts.map((part, index) =>
    parseField(part, fields[index]!),
  );
  return {
    type: 'fields',
    minutes: minutes!,
    hours: hours!,
    days: daysOfMonth!,
    months: monthsOfYear!,
    weekdays: weekdays!,
  };
}

/** Whole seconds, one at least. */
function everySeconds(text: string): number {
  const seconds = durationSeconds(text.slice(every.length));
  if (typeof seconds === 'string') throw new ScheduleError(`failed to parse duration ${text}: time: ${seconds}`);
  return Math.max(1, Math.floor(seconds));
}

/** The duration, or what is wrong with it. */
function durationSeconds(text: string): number | string {
  const quoted = JSON.stringify(text);
  let rest = text.replace(/^[-+]/, '');
  if (rest === '0') return 0;
  if (rest === '') return `invalid duration ${quoted}`;
  let seconds = 0;
  while (rest !== '') {
    const match = /^(\d+\.?\d*|\.\d+)([^\d.]*)/.exec(rest);
    if (match === null) return `invalid duration ${quoted}`;
    const [whole, amount, unit] = match as unknown as [string, string, string];
    if (unit === '') return `missing unit in duration ${quoted}`;
    if (!Object.hasOwn(durationUnits, unit)) return `unknown unit ${JSON.stringify(unit)} in duration ${quoted}`;
    seconds += Number(amount) * durationUnits[unit]!;
    rest = rest.slice(whole.length);
  }
  // Durations are counted in nanoseconds.
  if (seconds * 1e9 >= Number(maxInt64)) return `invalid duration ${quoted}`;
  return text.startsWith('-') ? -seconds : seconds;
}

function parseField(text: string, bounds: Bounds): Field {
  const ranges = text.split(',').filter((range) => range !== '');
  const parsed = ranges.map((range) => parseRange(range, bounds));
  const values = new Set(parsed.flatMap((range) => range.values).sort((a, b) => a - b));
  return { values, isAny: parsed.some(({ isAny }) => isAny) };
}

function parseRange(text: string, { low, high, names }: Bounds): { values: number[]; isAny: boolean } {
  const [range = '', ...steps] = text.split('/');
  const [from = '', ...to] = range.split('-');
  const isAny = from === '*' || from === '?';
  const start = isAny ? low : numberOf(from, names, low);
  if (!isAny && to.length > 1) throw new ScheduleError(`too many hyphens: ${text}`);
  let end = isAny ? high : to.length === 0 ? start : numberOf(to[0]!, names, low);
  if (steps.length > 1) throw new ScheduleError(`too many slashes: ${text}`);
  const step = steps.length === 0 ? 1 : numberOf(steps[0]!, [], 0);
  if (steps.length === 1 && to.length === 0) end = high;
  if (start < low) throw new ScheduleError(`beginning of range (${start}) below minimum (${low}): ${text}`);
  if (end > high) throw new ScheduleError(`end of range (${end}) above maximum (${high}): ${text}`);
  if (start > end) throw new ScheduleError(`beginning of range (${start}) beyond end of range (${end}): ${text}`);
  if (step === 0) throw new ScheduleError(`step of range should be a positive number: ${text}`);
  const values = Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, index) => start + index * step);
  return { values, isAny: isAny && step === 1 };
}

/** @param first The value of the first name. */
function numberOf(text: string, names: readonly string[], first: number): number {
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0) return named + first;
  const failed = `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: `;
  if (!/^[-+]?\d+$/.test(text)) throw new ScheduleError(`${failed}invalid syntax`);
  const value = BigInt(text.replace(/^\+/, ''));
  if (value > maxInt64 || value < -maxInt64 - 1n) throw new ScheduleError(`${failed}value out of range`);
  if (value < 0n) throw new ScheduleError(`negative number (${value}) not allowed: ${text}`);
  return Number(value);
}

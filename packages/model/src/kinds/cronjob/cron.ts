/** Schedules as cron has them: five fields of numbers, names, ranges and steps, or a word such as @hourly. */

/** The values that a field may have. */
interface Bounds {
  readonly low: number;
  readonly high: number;
  /** Names of values, from `low` on. */
  readonly names: readonly string[];
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const fields: readonly Bounds[] = [
  { low: 0, high: 59, names: [] },
  { low: 0, high: 23, names: [] },
  { low: 1, high: 31, names: [] },
  { low: 1, high: 12, names: months },
  { low: 0, high: 6, names: days },
];
const words = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];
const every = '@every ';
const durationUnits = ['ns', 'us', 'µs', 'μs', 'ms', 's', 'm', 'h'];
const maxInt64 = 2n ** 63n - 1n;

/** Problems of a schedule, one at most, in the words of the parser that Kubernetes uses. A time zone before the schedule is skipped. */
export function scheduleProblems(schedule: string): string[] {
  const text = schedule.replace(/^(?:CRON_)?TZ=\S* +/, '').trim();
  if (schedule === '') return ['empty spec string'];
  if (text.startsWith('@')) return wordProblems(text);
  const parts = text.split(/\s+/).filter((part) => part !== '');
  if (parts.length !== fields.length) {
    return [`expected exactly ${fields.length} fields, found ${parts.length}: [${parts.join(' ')}]`];
  }
  return parts.flatMap((part, index) => fieldProblems(part, fields[index]!)).slice(0, 1);
}

function wordProblems(text: string): string[] {
  if (words.includes(text)) return [];
  if (!text.startsWith(every)) return [`unrecognized descriptor: ${text}`];
  const problem = durationProblem(text.slice(every.length));
  return problem === undefined ? [] : [`failed to parse duration ${text}: time: ${problem}`];
}

function durationProblem(text: string): string | undefined {
  const quoted = JSON.stringify(text);
  let rest = text.replace(/^[-+]/, '');
  if (rest === '0') return undefined;
  if (rest === '') return `invalid duration ${quoted}`;
  while (rest !== '') {
    const match = /^(?:\d+\.?\d*|\.\d+)([^\d.]*)/.exec(rest);
    if (match === null) return `invalid duration ${quoted}`;
    const unit = match[1]!;
    if (unit === '') return `missing unit in duration ${quoted}`;
    if (!durationUnits.includes(unit)) return `unknown unit ${JSON.stringify(unit)} in duration ${quoted}`;
    rest = rest.slice(match[0].length);
  }
  return undefined;
}

function fieldProblems(field: string, bounds: Bounds): string[] {
  return field
    .split(',')
    .filter((range) => range !== '')
    .flatMap((range) => rangeProblem(range, bounds) ?? [])
    .slice(0, 1);
}

function rangeProblem(text: string, { low, high, names }: Bounds): string | undefined {
  const [range = '', ...steps] = text.split('/');
  const [from = '', ...to] = range.split('-');
  const isAny = from === '*' || from === '?';
  const start = isAny ? low : numberOf(from, names, low);
  if (typeof start === 'string') return start;
  if (!isAny && to.length > 1) return `too many hyphens: ${text}`;
  let end = isAny ? high : to.length === 0 ? start : numberOf(to[0]!, names, low);
  if (typeof end === 'string') return end;
  if (steps.length > 1) return `too many slashes: ${text}`;
  const step = steps.length === 0 ? 1 : numberOf(steps[0]!, [], 0);
  if (typeof step === 'string') return step;
  if (steps.length === 1 && to.length === 0) end = high;
  if (start < low) return `beginning of range (${start}) below minimum (${low}): ${text}`;
  if (end > high) return `end of range (${end}) above maximum (${high}): ${text}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${text}`;
  return step === 0 ? `step of range should be a positive number: ${text}` : undefined;
}

/** The number, or what is wrong with it. @param first The value of the first name. */
function numberOf(text: string, names: readonly string[], first: number): number | string {
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0) return named + first;
  const failed = `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: `;
  if (!/^[-+]?\d+$/.test(text)) return `${failed}invalid syntax`;
  const value = BigInt(text.replace(/^\+/, ''));
  if (value > maxInt64 || value < -maxInt64 - 1n) return `${failed}value out of range`;
  return value < 0n ? `negative number (${value}) not allowed: ${text}` : Number(value);
}

import type { Schedule } from '@gantry/model/kinds/cronjob/cron.ts';
import { offsetMs } from './zone.ts';

const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000];
/** Years in which a schedule must have a time; one such as 31 February has none. */
const maxYears = 5;

/**
 * The first time of a schedule after a moment, in milliseconds since the Unix epoch; undefined where there is none within five years. A time is
 * a minute at which the zone's wall clock shows what the schedule says: one that a change of the clock leaves out is skipped, and one that it
 * repeats comes twice.
 *
 * @param zone such as Europe/Berlin.
 */
export function nextTime(schedule: Schedule, afterMs: number, zone: string): number | undefined {
  if (schedule.type === 'every') return Math.floor(afterMs / 1000) * 1000 + schedule.seconds * 1000;
  const wallMs = afterMs + offsetMs(zone, afterMs);
  const lastYear = new Date(wallMs).getUTCFullYear() + maxYears;
  // A repeated hour may lead back over midnight.
  for (let day = Math.floor(wallMs / dayMs) - 1; ; day++) {
    const date = new Date(day * dayMs);
    if (date.getUTCFullYear() > lastYear) return undefined;
    if (!schedule.months.values.has(date.getUTCMonth() + 1)) {
      day = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) / dayMs - 1;
    } else if (isDay(schedule, date)) {
      const time = firstOn(schedule, day, afterMs, zone);
      if (time !== undefined) return time;
    }
  }
}

type Fields = Extract<Schedule, { type: 'fields' }>;

function isDay({ days, weekdays }: Fields, date: Date): boolean {
  const isDayOfMonth = days.values.has(date.getUTCDate());
  const isWeekday = weekdays.values.has(date.getUTCDay());
  return days.isAny || weekdays.isAny ? isDayOfMonth && isWeekday : isDayOfMonth || isWeekday;
}

/** The first time on a day of the zone's calendar, which is numbered from 1970 on. */
function firstOn(schedule: Fields, day: number, afterMs: number, zone: string): number | undefined {
  const midnight = day * dayMs;
  // The day in all zones there are.
  for (const { fromMs, toMs, offset } of spans(zone, midnight - 15 * hourMs, midnight + dayMs + 15 * hourMs)) {
    for (const hour of schedule.hours.values) {
      // The hour is over, or has not begun.
      const start = midnight + hour * hourMs - offset;
      if (start + hourMs <= Math.max(afterMs, fromMs) || start >= toMs) continue;
      for (const minute of schedule.minutes.values) {
        const time = start + minute * minuteMs;
        if (time > afterMs && time >= fromMs && time < toMs) return time;
      }
    }
  }
  return undefined;
}

/** The spans of time between two moments in which the zone's offset stays the same; the clock changes once between them at most. */
function spans(zone: string, fromMs: number, toMs: number): { fromMs: number; toMs: number; offset: number }[] {
  const [before, after] = [offsetMs(zone, fromMs), offsetMs(zone, toMs)];
  if (before === after) return [{ fromMs, toMs, offset: before }];
  let [low, high] = [fromMs, toMs];
  while (high - low > 1000) {
    const middle = Math.floor((low + high) / 2000) * 1000;
    if (offsetMs(zone, middle) === before) low = middle;
    else high = middle;
  }
  return [
    { fromMs, toMs: high, offset: before },
    { fromMs: high, toMs, offset: after },
  ];
}

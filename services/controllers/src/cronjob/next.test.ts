import { parseSchedule } from '@gantry/model/kinds/cronjob/cron.ts';
import { Cron } from 'croner';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextTime } from './next.ts';
import { inZone } from './zone.ts';

const after = (time: string, schedule: string, zone: string): string | undefined => {
  const next = nextTime(parseSchedule(schedule), Date.parse(time), zone);
  return next === undefined ? undefined : new Date(next).toISOString().replace('.000', '');
};
const newYork = 'America/New_York';

// Kubernetes' parser says the same.
describe('the next time', () => {
  it.each([
    ['2012-07-09T14:45:00Z', '0/15 * * * *', '2012-07-09T15:00:00Z'],
    ['2012-07-09T14:59:59Z', '0/15 * * * *', '2012-07-09T15:00:00Z'],
    ['2012-07-09T15:45:00Z', '20-35/15 * * * *', '2012-07-09T16:20:00Z'],
    ['2012-07-09T23:46:00Z', '*/15 * * * *', '2012-07-10T00:00:00Z'],
    ['2012-07-09T23:35:51Z', '20-35/15 1/2 */2 * *', '2012-07-11T01:20:00Z'],
    ['2012-07-09T23:35:51Z', '20-35/15 * 9-20 Jul *', '2012-07-10T00:20:00Z'],
    ['2012-07-09T23:35:00Z', '0 0 9 Apr-Oct ?', '2012-08-09T00:00:00Z'],
    // Days of the month or of the week.
    ['2012-07-09T23:35:00Z', '0 0 */5 Apr,Aug,Oct Mon', '2012-08-01T00:00:00Z'],
    ['2012-07-09T23:35:00Z', '0 0 * Feb Mon', '2013-02-04T00:00:00Z'],
    ['2012-07-09T23:35:00Z', '0 0 * Feb Mon/2', '2013-02-01T00:00:00Z'],
    ['2012-12-31T23:59:45Z', '* * * * *', '2013-01-01T00:00:00Z'],
    ['2012-07-09T23:35:00Z', '0 0 29 Feb ?', '2016-02-29T00:00:00Z'],
    ['2012-07-09T23:35:00Z', '0 0 30 Feb ?', undefined],
    ['2012-07-09T23:35:00Z', '0 0 31 Apr ?', undefined],
    ['2012-07-09T23:35:00Z', '@yearly', '2013-01-01T00:00:00Z'],
    ['2012-07-09T23:35:00Z', '@monthly', '2012-08-01T00:00:00Z'],
    ['2012-07-09T23:35:00Z', '@weekly', '2012-07-15T00:00:00Z'],
    ['2012-07-09T23:35:00Z', '@daily', '2012-07-10T00:00:00Z'],
    ['2012-07-09T23:35:00Z', '@midnight', '2012-07-10T00:00:00Z'],
    ['2012-07-09T23:35:00Z', '@hourly', '2012-07-10T00:00:00Z'],
    ['2012-07-09T23:35:00.700Z', '@every 1h30m0.5s', '2012-07-10T01:05:00Z'],
    ['2012-07-09T23:35:00Z', '@every 1ms', '2012-07-09T23:35:01Z'],
  ])('after %s of %s', (time, schedule, expected) => expect(after(time, schedule, 'UTC')).toBe(expected));

  it.each([
    // The clock goes forward: an hour is left out.
    ['2012-03-11T00:00:00-05:00', '30 2 11 Mar ?', newYork, '2013-03-11T06:30:00Z'],
    ['2012-03-11T01:00:00-05:00', '0 * * * ?', newYork, '2012-03-11T07:00:00Z'],
    ['2012-03-11T03:00:00-04:00', '0 * * * ?', newYork, '2012-03-11T08:00:00Z'],
    ['2012-03-11T01:00:00-05:00', '0 1 * * ?', newYork, '2012-03-12T05:00:00Z'],
    ['2012-03-11T00:00:00-05:00', '0 2 * * ?', newYork, '2012-03-12T06:00:00Z'],
    // The clock goes back: an hour comes twice.
    ['2012-11-04T00:00:00-04:00', '30 2 04 Nov ?', newYork, '2012-11-04T07:30:00Z'],
    ['2012-11-04T01:45:00-04:00', '30 1 04 Nov ?', newYork, '2012-11-04T06:30:00Z'],
    ['2012-11-04T01:00:00-04:00', '0 * * * ?', newYork, '2012-11-04T06:00:00Z'],
    ['2012-11-04T00:00:00-04:00', '0 1 * * ?', newYork, '2012-11-04T05:00:00Z'],
    ['2012-11-04T01:00:00-04:00', '0 1 * * ?', newYork, '2012-11-04T06:00:00Z'],
    ['2012-11-04T01:00:00-05:00', '0 1 * * ?', newYork, '2012-11-05T06:00:00Z'],
    ['2012-11-04T02:00:00-05:00', '0 2 * * ?', newYork, '2012-11-05T07:00:00Z'],
    // Midnight itself is left out.
    ['2018-10-17T05:00:00-04:00', '0 9 10 * ?', 'America/Sao_Paulo', '2018-11-10T11:00:00Z'],
    ['2018-02-14T05:00:00-05:00', '0 9 22 * ?', 'America/Sao_Paulo', '2018-02-22T12:00:00Z'],
    ['2018-11-03T12:00:00Z', '0 0 * * *', 'America/Sao_Paulo', '2018-11-05T02:00:00Z'],
    // Offsets of half hours, and a day that a country left out.
    ['2016-01-03T04:09:03+05:30', '14 14 * * ?', 'Asia/Kolkata', '2016-01-03T08:44:00Z'],
    ['2011-12-29T12:00:00Z', '0 12 30 12 ?', 'Pacific/Apia', '2012-12-29T22:00:00Z'],
    ['2024-04-06T14:00:00Z', '45 1 7 4 ?', 'Australia/Lord_Howe', '2024-04-06T14:45:00Z'],
    ['2024-04-06T14:45:00Z', '45 1 7 4 ?', 'Australia/Lord_Howe', '2024-04-06T15:15:00Z'],
  ])('after %s of %s in %s', (time, schedule, zone, expected) => expect(after(time, schedule, zone)).toBe(expected));

  it('is the same as that of croner, in UTC', () => {
    const field = (low: number, high: number): fc.Arbitrary<string> => {
      const value = fc.integer({ min: low, max: high });
      const range = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
      const step = fc
        .tuple(fc.oneof(range, fc.constant('*')), fc.integer({ min: 2, max: 5 }))
        .map((each) => each.join('/'));
      return fc.oneof(
        fc.constant('*'),
        value.map(String),
        range,
        step,
        fc.array(value, { minLength: 1, maxLength: 4 }).map(String),
      );
    };
    const choice = fc.tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6));
    const moment = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2040, 0, 1) });
    fc.assert(
      fc.property(choice, moment, ([minute, hour, day, month, weekday], atMs) => {
        // The two read a step of all days differently where both kinds of days are named.
        fc.pre(!day.startsWith('*/') && !weekday.startsWith('*/'));
        const text = [minute, hour, day, month, weekday].join(' ');
        const expected = new Cron(text, { timezone: 'UTC' }).nextRun(new Date(atMs))?.getTime();
        expect([text, nextTime(parseSchedule(text), atMs, 'UTC')]).toEqual([text, expected]);
      }),
    );
  });

  it('shows on the clock what the schedule says, and is the first that does', () => {
    const zones = fc.constantFrom(
      'Europe/Berlin',
      newYork,
      'Australia/Lord_Howe',
      'Africa/Casablanca',
      'America/Santiago',
    );
    const moment = fc.integer({ min: Date.UTC(2015, 0, 1), max: Date.UTC(2030, 0, 1) });
    fc.assert(
      fc.property(
        zones,
        moment,
        fc.integer({ min: 0, max: 23 }),
        fc.integer({ min: 0, max: 59 }),
        (zone, atMs, hour, minute) => {
          const next = nextTime(parseSchedule(`${minute} ${hour} * * *`), atMs, zone)!;
          const shows = (timeMs: number): boolean => {
            const [h, m] = inZone(zone, timeMs).slice(11, 16).split(':').map(Number);
            return h === hour && m === minute;
          };
          expect(shows(next)).toBe(true);
          const firstMinute = Math.floor(atMs / 60_000) * 60_000 + 60_000;
          const earlier = Array.from(
            { length: (next - firstMinute) / 60_000 },
            (_, index) => firstMinute + index * 60_000,
          );
          expect(earlier.filter(shows)).toEqual([]);
        },
      ),
      { numRuns: 12 },
    );
  });
});

it('a moment in a zone has its offset', () => {
  const atMs = Date.parse('2026-07-01T12:00:00Z');
  expect(['UTC', 'Europe/London', 'Asia/Kolkata', 'America/St_Johns'].map((zone) => inZone(zone, atMs))).toEqual([
    '2026-07-01T12:00:00Z',
    '2026-07-01T13:00:00+01:00',
    '2026-07-01T17:30:00+05:30',
    '2026-07-01T09:30:00-02:30',
  ]);
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { scheduleProblems } from './cron.ts';
import { timeZoneProblems } from './timezone.ts';

it.each(['* * * * *', '*/5 0-23/2 1,15 jan-DEC sun', '? 12 1 */3 *', '@hourly', '@every 1h30m', ' 0 0 * * 1-5 '])(
  'takes the schedule %s',
  (schedule) => expect(scheduleProblems(schedule)).toEqual([]),
);

it.each([
  ['', 'empty spec string'],
  ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
  ['60 * * * *', 'end of range (60) above maximum (59): 60'],
  ['* * * dec-jan *', 'beginning of range (12) beyond end of range (1): dec-jan'],
  ['*/0 * * * *', 'step of range should be a positive number: */0'],
  ['@often', 'unrecognized descriptor: @often'],
  ['@every 5', 'failed to parse duration @every 5: time: missing unit in duration "5"'],
])('refuses the schedule %s', (schedule, problem) => expect(scheduleProblems(schedule)).toEqual([problem]));

it('takes every minute of every day of the week, and tells of one fault at most of any text', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 59 }), fc.integer({ min: 0, max: 6 }), (minute, day) => {
      expect(scheduleProblems(`${minute} * * * ${day}`)).toEqual([]);
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(scheduleProblems(text).length).toBeLessThan(2);
    }),
  );
});

it.each(['UTC', 'Europe/Berlin', 'Asia/Calcutta', 'Etc/GMT+5'])('takes the time zone %s', (name) =>
  expect(timeZoneProblems(name)).toEqual([]),
);

it.each(['', 'Local', 'europe/berlin', '../etc/passwd', '+01', 'Mars/Olympus', 'a b'])(
  'refuses the time zone %s',
  (name) => expect(timeZoneProblems(name)).toHaveLength(1),
);

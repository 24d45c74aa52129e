import { parseSchedule } from '@gantry/model/kinds/cronjob/cron.ts';
import { describe, expect, it } from 'vitest';
import { dueTime } from './due.ts';
import { nextTime } from './next.ts';

const at = (time: string): number => Date.parse(`2016-05-19T${time}Z`);
const due = (since: string, now: string, schedule = '0 * * * *') => {
  const parsed = parseSchedule(schedule);
  const found = dueTime(at(since), at(now), (afterMs) => nextTime(parsed, afterMs, 'UTC'));
  return found.type === 'due' ? [new Date(found.atMs).toISOString().slice(8, 16), found.missedMany] : found.type;
};

// The facts of Kubernetes' own tests: an hourly job that was made at 10:00.
describe('the time that is due', () => {
  it.each([
    ['now before the next time', '10:00:00', '10:10:00', 'none'],
    ['the next time has come', '10:00:00', '11:00:00', ['19T11:00', false]],
    ['ten minutes late', '10:00:00', '11:10:00', ['19T11:00', false]],
    ['two times were missed', '10:00:00', '12:05:00', ['19T12:00', false]],
    ['many times were missed', '10:00:00', '23:59:00', ['19T23:00', false]],
  ])('%s', (_, since, now, expected) => expect(due(since, now)).toEqual(expected));

  it('tells of more than a hundred times that were missed', () => {
    expect(due('10:00:00', '11:39:00', '* * * * *')).toEqual(['19T11:39', false]);
    expect(due('10:00:00', '11:41:00', '* * * * *')).toEqual(['19T11:41', true]);
  });

  it('is the latest one of a schedule whose steps are uneven', () => {
    const friday = '2018-01-05T18:00:00Z';
    const parsed = parseSchedule('30 6-16/4 * * 1-5');
    const found = dueTime(Date.parse(friday), Date.parse('2018-01-09T09:00:00Z'), (ms) => nextTime(parsed, ms, 'UTC'));
    expect(found).toMatchObject({ atMs: Date.parse('2018-01-09T06:30:00Z') });
  });

  it('counts steps from the last time', () => {
    expect(due('10:00:30', '10:14:00', '@every 5m')).toEqual(['19T10:10', false]);
    expect(due('10:00:00', '10:05:00', '@every 1h')).toBe('none');
  });

  it('never comes for a day that there is not', () => {
    expect(due('10:00:00', '11:00:00', '59 23 31 2 *')).toBe('never');
  });
});

import { expect, test } from 'vitest';
import { type HealthCheck, healthAt } from './health.ts';

const check = (name: string, of: HealthCheck['of'], problem?: string): HealthCheck => ({
  name,
  of,
  problem: () => problem,
});
const sound = [check('ping', ['livez', 'readyz']), check('shutdown', ['readyz'])];
const broken = [check('ping', ['livez', 'readyz']), check('store', ['readyz'], 'the disk is full')];
const ask = (url: string, checks: readonly HealthCheck[]) => {
  const { pathname, searchParams } = new URL(url, 'http://x');
  return healthAt(pathname, searchParams, checks);
};

test.each([
  ['/livez', 200, 'ok'],
  ['/readyz?verbose', 200, '[+]ping ok\n[+]shutdown ok\nreadyz check passed\n'],
  ['/healthz?verbose', 200, '[+]ping ok\nhealthz check passed\n'],
  ['/livez/ping', 200, 'ok'],
  ['/livez/shutdown', 404, '404 page not found\n'],
  ['/readyz/shutdown', 200, 'ok'],
  ['/livez/ping/x', 404, '404 page not found\n'],
])('%s of a sound server: %i %j', (url, code, text) => {
  expect(ask(url, sound)).toEqual({ code, text });
});

test('a failure is told with the state of each check and without its reason, unless it is excluded', () => {
  expect(ask('/readyz', broken)).toEqual({
    code: 500,
    text: '[+]ping ok\n[-]store failed: reason withheld\nreadyz check failed\n',
  });
  expect(ask('/readyz/store', broken)?.code).toBe(500);
  expect(ask('/livez', broken)).toEqual({ code: 200, text: 'ok' });
  expect(ask('/readyz?exclude=store&exclude=nope&verbose', broken)?.text).toBe(
    '[+]ping ok\n[+]store excluded: ok\nwarn: some health checks cannot be excluded: no matches for "nope"\nreadyz check passed\n',
  );
});

test('other paths are none of health', () => {
  expect(ask('/version', sound)).toBeUndefined();
});

import { expect, test } from 'vitest';
import { Health, type HealthCheck } from './health.ts';

const store = (problem?: string): HealthCheck => ({ name: 'store', of: ['readyz'], problem: () => problem });
const sound = () => new Health([store()], () => false, 1_000);
const broken = () => new Health([store('the disk is full')], () => false, 1_000);
const ask = (url: string, health: Health) => {
  const { pathname, searchParams } = new URL(url, 'http://x');
  return health.answerAt(pathname, searchParams);
};

test.each([
  ['/livez', 200, 'ok'],
  ['/readyz?verbose', 200, '[+]ping ok\n[+]store ok\n[+]shutdown ok\nreadyz check passed\n'],
  ['/healthz?verbose', 200, '[+]ping ok\nhealthz check passed\n'],
  ['/livez/ping', 200, 'ok'],
  ['/livez/shutdown', 404, '404 page not found\n'],
  ['/readyz/shutdown', 200, 'ok'],
  ['/livez/ping/x', 404, '404 page not found\n'],
])('%s of a sound server: %i %j', (url, code, text) => {
  expect(ask(url, sound())).toEqual({ code, text });
});

test('a server that stops is not ready, and lives', () => {
  const stopping = new Health([], () => true, 1_000);
  expect(ask('/readyz', stopping)).toMatchObject({ code: 500 });
  expect(ask('/livez', stopping)).toMatchObject({ code: 200 });
});

test('a failure is told with the state of each check and without its reason, unless it is excluded', () => {
  expect(ask('/readyz', broken())).toEqual({
    code: 500,
    text: '[+]ping ok\n[-]store failed: reason withheld\n[+]shutdown ok\nreadyz check failed\n',
  });
  expect(ask('/readyz/store', broken())?.code).toBe(500);
  expect(ask('/livez', broken())).toEqual({ code: 200, text: 'ok' });
  expect(ask('/readyz?exclude=store&exclude=nope&verbose', broken())?.text).toBe(
    '[+]ping ok\n[+]store excluded: ok\n[+]shutdown ok\nwarn: some health checks cannot be excluded: no matches for "nope"\nreadyz check passed\n',
  );
});

test('other paths are none of health', () => {
  expect(ask('/version', sound())).toBeUndefined();
});

test('results of questions for all checks are counted by the question, those that are excluded are not', async () => {
  const health = broken();
  for (const url of ['/readyz', '/healthz', '/readyz?exclude=store', '/readyz/store', '/version']) ask(url, health);
  const lines = (await health.metrics()).split('\n').filter((line) => line.startsWith('kubernetes_'));
  expect(lines.toSorted()).toEqual([
    'kubernetes_healthchecks_total{name="ping",status="success",type="healthz"} 1',
    'kubernetes_healthchecks_total{name="ping",status="success",type="readyz"} 2',
    'kubernetes_healthchecks_total{name="shutdown",status="success",type="readyz"} 2',
    'kubernetes_healthchecks_total{name="store",status="error",type="readyz"} 1',
    'kubernetes_healthcheck{name="ping",type="healthz"} 1',
    'kubernetes_healthcheck{name="ping",type="readyz"} 1',
    'kubernetes_healthcheck{name="shutdown",type="readyz"} 1',
    'kubernetes_healthcheck{name="store",type="readyz"} 0',
  ]);
});

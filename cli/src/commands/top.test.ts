import { summarized } from '@gantry/client/traffic.ts';
import { expect, test } from 'vitest';
import { formatTraffic } from './top.ts';

const boundsMs = [1, 10, 100];
const web = { namespace: 'default', service: 'web', port: 80, route: 'all', tcp: false, perSecond: 0 };

function measurement(...series: Parameters<typeof summarized>[0][]) {
  return {
    series: series.map((one) => summarized(one, boundsMs)),
    ...{ complete: true, problem: '', boundsMs, windowSeconds: 60 },
  };
}

test('a line has the rate, the part that succeeded and the times of a revision', () => {
  const text = formatTraffic(
    measurement(
      {
        ...web,
        revision: '7d9f',
        requests: 1_200,
        errors: 0,
        latencyCounts: [0, 1_200, 0, 0],
        perSecond: 20,
        active: 3,
      },
      { ...web, revision: '85bc', requests: 300, errors: 1, latencyCounts: [0, 0, 300, 0], perSecond: 5, active: 0.25 },
      { ...web, service: 'db', revision: '', requests: 6, errors: 0, latencyCounts: [], perSecond: 0.1 },
    ),
    { allNamespaces: false, byRoute: false },
  );
  expect(text).toBe(
    [
      'SERVICE   PORT   REVISION   REQUESTS/S   ACTIVE   SUCCESS   P50     P99',
      'web       80     7d9f       20.0         3.0      100%      5.5ms   9.9ms',
      'web       80     85bc       5.0          0.3      99.66%    55ms    99ms',
      'db        80     -          0.1          -        100%      -       -',
      '',
    ].join('\n'),
  );
});

test('namespaces are shown where several are asked for', () => {
  const one = { ...web, revision: '', requests: 60, errors: 60, latencyCounts: [], perSecond: 1, active: 0 };
  const text = formatTraffic(measurement(one), { allNamespaces: true, byRoute: false });
  expect(text).toMatch(/^NAMESPACE {3}SERVICE.*\ndefault {5}web .* 1\.0 +0\.0 +0\.00%/);
});

test('routes are shown in place of revisions', () => {
  const one = { ...web, revision: '', route: 'read', requests: 6, errors: 0, latencyCounts: [] };
  const text = formatTraffic(measurement(one), { allNamespaces: false, byRoute: true });
  expect(text).toMatch(/^SERVICE {3}PORT {3}ROUTE .*\nweb {7}80 {5}read /);
});

test('a time without requests says so', () => {
  expect(formatTraffic(measurement(), { allNamespaces: false, byRoute: false })).toBe(
    'no requests in the last 60 seconds\n',
  );
});

import { FakeClock } from '@gantry/runtime/clock.ts';
import { expect, test } from 'vitest';
import { Access, subresourcesOf } from './access.ts';

test.each([
  ['/stats/summary', ['stats']],
  ['/metrics', ['metrics']],
  ['/metrics/cadvisor', ['metrics']],
  ['/metrics/slis', ['metrics']],
  ['/metricsx', ['proxy']],
  ['/pods', ['pods', 'proxy']],
  ['/healthz/ping', ['healthz', 'proxy']],
  ['/logs/', ['log']],
  ['/logs/pods/x/main/0.log', ['log']],
  ['/containerLogs/a/b/c', ['proxy']],
  ['/exec/a/b/c', ['proxy']],
])('%s asks for the rights to %j', (path, expected) => {
  expect(subresourcesOf(path)).toEqual(expected);
});

test('a review is kept for ten seconds, for one caller and one wish', async () => {
  const clock = new FakeClock();
  const asked: unknown[] = [];
  const review = async (request: object) => {
    asked.push(request);
    return { authenticated: true, user: 'jane', allowed: true };
  };
  const access = new Access({ nodeName: 'n', clock, review });
  const incoming = (token: string) =>
    ({ method: 'GET', headers: { authorization: `Bearer ${token}` }, socket: {} }) as never;
  await access.refusalOf(incoming('a'), '/metrics');
  await access.refusalOf(incoming('a'), '/metrics/probes');
  expect(asked).toEqual([{ token: 'a', nodeName: 'n', verb: 'get', subresources: ['metrics'] }]);
  await access.refusalOf(incoming('a'), '/stats/summary');
  await access.refusalOf(incoming('b'), '/metrics');
  expect(asked).toHaveLength(3);
  clock.advance(10_000);
  await access.refusalOf(incoming('a'), '/metrics');
  expect(asked).toHaveLength(4);
});

test('a certificate that is over names nobody', async () => {
  const clock = new FakeClock();
  const review = async () => ({ authenticated: true, user: 'x', allowed: true });
  const access = new Access({ nodeName: 'n', clock, review });
  const validTo = new Date(clock.now() + 1_000).toUTCString();
  const certificate = { subject: { CN: 'prometheus' }, fingerprint256: 'AA', valid_to: validTo };
  const incoming = {
    method: 'GET',
    headers: {},
    socket: { authorized: true, getPeerCertificate: () => certificate },
  } as never;
  expect(await access.refusalOf(incoming, '/metrics')).toBeUndefined();
  clock.advance(1_000);
  expect(await access.refusalOf(incoming, '/metrics')).toMatchObject({ code: 401 });
});

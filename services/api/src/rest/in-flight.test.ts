import { expect, test } from 'vitest';
import { isLong, LongRequests } from './in-flight.ts';
import { routeOf } from './route.ts';

test('long requests are as many as may be open, and each that ends makes room', () => {
  const long = new LongRequests(1);
  const first = long.enter();
  expect(() => long.enter()).toThrow(expect.objectContaining({ reason: 'TooManyRequests', retryAfterMs: 1_000 }));
  first[Symbol.dispose]();
  expect(() => long.enter()).not.toThrow();
});

test.each([
  ['GET', '/api/v1/pods?watch=true', true],
  ['GET', '/api/v1/namespaces/a/pods/b/log', true],
  ['POST', '/api/v1/namespaces/a/pods/b/exec', true],
  ['GET', '/api/v1/namespaces/a/services/b/proxy/x', true],
  ['GET', '/api/v1/pods', false],
  ['POST', '/api/v1/namespaces/a/pods', false],
  ['GET', '/version', false],
])('%s %s goes on for as long as its client wants: %s', (method, url, wanted) => {
  expect(isLong(routeOf(method, new URL(`http://localhost${url}`)))).toBe(wanted);
});

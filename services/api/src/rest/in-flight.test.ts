import { expect, test } from 'vitest';
import { InFlight, laneOf } from './in-flight.ts';

test('what is too many of one kind is refused until another one ends, and other kinds go on', () => {
  const inFlight = new InFlight({ reading: 1, writing: 1, long: 1 });
  const reading = inFlight.enter('reading');
  expect(() => inFlight.enter('reading')).toThrow(
    expect.objectContaining({ reason: 'TooManyRequests', retryAfterMs: 1_000 }),
  );
  inFlight.enter('writing');
  reading[Symbol.dispose]();
  expect(() => inFlight.enter('reading')).not.toThrow();
});

test.each([
  ['get', '', 'reading'],
  ['list', '', 'reading'],
  ['watch', '', 'long'],
  ['get', 'log', 'long'],
  ['create', 'exec', 'long'],
  ['create', '', 'writing'],
  ['deletecollection', '', 'writing'],
  ['update', 'status', 'writing'],
] as const)('%s of %j is %s', (verb, subresource, lane) => {
  expect(laneOf({ verb, subresource })).toBe(lane);
});

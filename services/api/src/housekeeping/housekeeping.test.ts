import { openStore } from '@gantry/store/open.ts';
import { describe, expect, test } from 'vitest';
import { compactTo, defaultRetention } from './compaction.ts';
import { eventTtlMs, isExpired, sweepEvents } from './event-expiry.ts';

describe('compactTo', () => {
  const keep = { keepMs: 600_000, keepRevisions: 1_000 };
  const samples = [0, 300_000, 600_000].map((atMs) => ({ atMs, revision: atMs / 1_000 + 100 }));

  test.each([
    ['nothing is old enough', 599_999, 700, 0],
    ['the first sample is', 600_000, 700, 100],
    ['the newest of those that are', 1_000_000, 700, 400],
    ['too many changes, however young', 600_000, 5_000, 4_000],
  ])('%s', (_, nowMs, current, revision) => {
    expect(compactTo(samples, current, nowMs, keep)).toBe(revision);
  });

  test('keeps five minutes and a hundred thousand revisions where nothing else is said', () => {
    expect(defaultRetention).toEqual({ keepMs: 300_000, keepRevisions: 100_000 });
  });
});

describe('events', () => {
  const nowMs = Date.parse('2026-01-01T12:00:00Z');
  const event = (times: object): string =>
    JSON.stringify({ metadata: { creationTimestamp: '2026-01-01T10:00:00Z' }, ...times });

  test('end an hour after they happened last', () => {
    expect(isExpired(event({}), nowMs, eventTtlMs)).toBe(true);
    expect(isExpired(event({ lastTimestamp: '2026-01-01T11:00:00Z' }), nowMs, eventTtlMs)).toBe(true);
    expect(isExpired(event({ lastTimestamp: '2026-01-01T11:00:01Z' }), nowMs, eventTtlMs)).toBe(false);
    expect(isExpired(event({ series: { lastObservedTime: '2026-01-01T11:30:00.000000Z' } }), nowMs, eventTtlMs)).toBe(
      false,
    );
  });

  test('that cannot be decoded stay, and hold up no other', () => {
    for (const text of ['{"metadata":{"creationTimestamp" "2026"}}', 'null', '{"metadata":7}']) {
      expect(isExpired(text, nowMs, eventTtlMs)).toBe(false);
    }
  });

  test('a sweep removes the old ones and no others', async () => {
    await using store = await openStore('sqlite::memory:');
    for (let i = 0; i < 1_200; i++) {
      const value = event(i % 3 ? {} : { lastTimestamp: '2026-01-01T11:59:00Z' });
      await store.commit([{ type: 'put', key: `events/default/e${String(i).padStart(4, '0')}`, value }]);
    }
    await store.commit([{ type: 'put', key: 'eventsx/default/e', value: event({}) }]);
    const { removed, after } = await sweepEvents(store, undefined, nowMs, AbortSignal.timeout(10_000));
    expect([removed, after]).toEqual([800, undefined]);
    expect((await store.list({ prefix: 'events' })).entries).toHaveLength(401);
  });
});

import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { KeptPasts, Past, type PastBounds } from './redis-past.ts';
import type { StreamedChange } from './redis-records.ts';

const put = (key: string, revision: number, previousRevision: number, previous?: string): StreamedChange => ({
  change: { type: 'put', key, revision, value: `${key}@${revision}`, ...(previous === undefined ? {} : { previous }) },
  previousRevision,
  token: '',
});

const of = { revision: 5, prefix: 'k/' };

function keptPasts(bounds: Partial<PastBounds> = {}): KeptPasts {
  const kept = new KeptPasts({ lists: 2, chars: 1_000, keepMs: 30_000, ...bounds });
  onTestFinished(() => kept[Symbol.dispose]());
  return kept;
}

describe('the past of a prefix', () => {
  it('has keys as they were before the first change, and none that came later', () => {
    const past = new Past(of, '');
    past.undo([put('k/b', 6, 2, 'old'), put('k/c', 7, 0), put('k/b', 8, 6, 'newer')], 8);
    expect(past.through).toBe(8);
    const now = ['k/a', 'k/b', 'k/c'].map((key) => ({ key, value: 'now', revision: 1 }));
    expect(past.asOf(now, '', undefined)).toEqual([now[0], { key: 'k/b', value: 'old', revision: 2 }]);
  });

  it('forgets the keys that its list has passed, and covers no page before them', () => {
    const past = new Past(of, '');
    past.undo([put('k/a', 6, 1, 'aaaa'), put('k/b', 7, 2, 'bb')], 7);
    past.pass('k/a');
    expect(past.chars).toBe('k/bbb'.length);
    past.undo([put('k/a', 8, 6, 'more')], 8);
    expect(past.chars).toBe('k/bbb'.length);
    expect([past.covers(''), past.covers('k/a'), past.covers('k/aa')]).toEqual([false, true, true]);
  });
});

describe('pasts between pages', () => {
  it('go on where the page before ended', () => {
    const kept = keptPasts();
    const past = kept.take(of, '');
    past.undo([put('k/x', 9, 3, 'old')], 9);
    kept.put(past, 'k/c');
    expect(kept.take({ ...of, revision: 6 }, 'k/c').through).toBe(6);
    expect(kept.take({ ...of, prefix: 'l/' }, 'k/c').through).toBe(5);
    expect(kept.take(of, 'k/b').through).toBe(5);
    expect(kept.take(of, 'k/c').through).toBe(9);
    // It belongs to whoever took it.
    expect(kept.take(of, 'k/c').through).toBe(5);
  });

  it('are dropped beyond a number and beyond a size, those first that were not used for longest', () => {
    const kept = keptPasts({ chars: 20 });
    const through = (revision: number): number => kept.take({ ...of, revision }, 'k/').through - revision;
    for (const revision of [1, 2, 3]) {
      const past = kept.take({ ...of, revision }, 'k/');
      past.undo([], revision + 10);
      kept.put(past, 'k/');
    }
    expect([1, 2, 3].map(through)).toEqual([0, 10, 10]);
    const large = kept.take({ ...of, revision: 4 }, 'k/');
    large.undo([put('k/a', 9, 1, 'x'.repeat(30))], 14);
    kept.put(large, 'k/');
    expect(through(4)).toBe(0);
  });

  it('are dropped where their lists do not go on', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const kept = keptPasts();
    const past = kept.take(of, '');
    past.undo([], 9);
    kept.put(past, 'k/c');
    vi.advanceTimersByTime(30_000);
    expect(kept.take(of, 'k/c').through).toBe(5);
  });

  it('stay those that know more where two ask for one page', () => {
    const kept = keptPasts();
    const [first, second] = [kept.take(of, ''), kept.take(of, '')];
    first.undo([], 9);
    second.undo([], 7);
    kept.put(first, 'k/c');
    kept.put(second, 'k/c');
    expect(kept.take(of, 'k/c').through).toBe(9);
  });
});

import { GantryError } from '@gantry/runtime/errors.ts';
import { expect, test } from 'vitest';
import { ChangeFeed, type HistorySource } from './change-feed.ts';
import type { Change } from './store.ts';

const change = (revision: number, size = 1): Change => ({
  type: 'put',
  key: `k/${revision}`,
  value: 'x'.repeat(size),
  revision,
});
/** Revisions of a watch's next batch. */
async function nextOf(watch: AsyncIterator<readonly Change[]>): Promise<number[]> {
  const { value } = await watch.next();
  return (value as readonly Change[]).map(({ revision }) => revision);
}

/** A feed over a history from revision 1, which counts how often it is read. */
function feedWith(history: readonly Change[]) {
  const source = {
    reads: 0,
    async readHistory(prefix: string, after: number) {
      source.reads += 1;
      const page = history.slice(after, after + 3);
      return { changes: page.filter(({ key }) => key.startsWith(prefix)), through: after + page.length };
    },
    position: async () => ({ revision: history.length, compacted: 0 }),
  } satisfies HistorySource & { reads: number };
  return { feed: new ChangeFeed(source), source };
}

const many = (count: number, size?: number): Change[] =>
  Array.from({ length: count }, (_, index) => change(index + 1, size));
const signal = new AbortController().signal;

test('serves watchers from memory', async () => {
  const { feed, source } = feedWith(many(5));
  feed.publish(many(5));
  const watch = feed.watch({ prefix: '', after: 2, signal });
  expect(await nextOf(watch)).toEqual([3, 4, 5]);
  expect(source.reads).toBe(0);
});

test('reads the history where memory does not reach back, then goes on from memory', async () => {
  const { feed, source } = feedWith(many(5));
  feed.reset(4);
  feed.publish([change(5)]);
  const watch = feed.watch({ prefix: '', after: 0, signal });
  expect(await nextOf(watch)).toEqual([1, 2, 3]);
  expect(await nextOf(watch)).toEqual([4, 5]);
  const next = nextOf(watch);
  feed.publish([change(5), change(6)]);
  expect(await next).toEqual([6]);
  expect(source.reads).toBe(2);
});

test('takes a change once, and keeps what it holds when one comes again', async () => {
  const { feed, source } = feedWith(many(6));
  feed.publish(many(5));
  feed.publish([change(4), change(5), change(6)]);
  expect(await nextOf(feed.watch({ prefix: '', after: 0, signal }))).toEqual([1, 2, 3, 4, 5, 6]);
  expect(source.reads).toBe(0);
});

test('starts over after a gap, so that watchers read what was missed from the history', async () => {
  const { feed } = feedWith(many(9));
  feed.publish(many(2));
  const watch = feed.watch({ prefix: '', after: 2, signal });
  const next = nextOf(watch);
  feed.publish([change(9)]);
  const seen = [...(await next), ...(await nextOf(watch)), ...(await nextOf(watch))];
  expect(seen).toEqual([3, 4, 5, 6, 7, 8, 9]);
});

test.each([
  ['changes', many(20_000)],
  ['large values', many(100, 1_000_000)],
])('holds a bounded number of %s, and loses none of them for a slow watcher', async (_what, changes) => {
  const { feed, source } = feedWith(changes);
  feed.publish(changes);
  const watch = feed.watch({ prefix: '', after: 0, signal });
  let last = 0;
  while (last < changes.length) {
    for (const revision of await nextOf(watch)) {
      expect(revision).toBe(last + 1);
      last = revision;
    }
  }
  expect(source.reads).toBeGreaterThan(0);
  expect(source.reads).toBeLessThan(changes.length);
});

test('ends the watches that run with the error, and not those after', async () => {
  const { feed } = feedWith(many(1));
  feed.publish(many(1));
  const running = feed.watch({ prefix: '', after: 1, signal });
  const next = nextOf(running);
  next.catch(() => {});
  await Promise.resolve();
  feed.endWatches(new GantryError('Expired', 'lost'));
  await expect(next).rejects.toThrow('lost');
  const later = feed.watch({ prefix: '', after: 0, signal });
  expect(await nextOf(later)).toEqual([1]);
});

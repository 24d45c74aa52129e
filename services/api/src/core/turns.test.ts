import { setImmediate as round } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

test('one piece of work gets its turn in each round of the event loop, in order', async () => {
  const turns = new Turns();
  const given: string[] = [];
  for (const name of ['a', 'b', 'c']) void turns.next().then(() => given.push(name));
  const seen: number[] = [];
  for (let rounds = 0; rounds < 4; rounds++) {
    await round();
    seen.push(given.length);
  }
  expect(given).toEqual(['a', 'b', 'c']);
  // However the rounds of the test and of the turns interleave, no round gives two turns.
  expect(seen.map((count, index) => count - (seen[index - 1] ?? 0)).every((more) => more <= 1)).toBe(true);
});

test('work whose caller is gone ends at its next turn', async () => {
  const stop = new AbortController();
  const turn = new Turns().begin(stop.signal);
  stop.abort(new Error('gone'));
  await expect(turn.next()).rejects.toThrow('gone');
});

import { expect, test } from 'vitest';
import { boardOf, withBoard } from './scoreboard.ts';

const now = new Date('2026-01-02T03:04:05Z');
const suite = { name: 'one', title: 'Suite one' };

test('a board counts and names what failed', () => {
  const board = boardOf(suite, [{ name: 'a' }, { name: 'b|c', problem: 'no\nanswer' }], now);
  expect(board).toContain('--suite one`, 2026-01-02: 1 passed, 1 failed.');
  expect(board).toContain('| a | passed |\n| b\\|c | failed: no answer |\n');
});

test('a board takes the place of the older one and leaves the others', () => {
  const page = '# Conformance\n\nText.\n';
  const first = withBoard(page, boardOf(suite, [{ name: 'a' }], now));
  const second = withBoard(first, boardOf({ name: 'two', title: 'Suite two' }, [{ name: 'x' }], now));
  const third = withBoard(second, boardOf(suite, [{ name: 'a', problem: 'slow' }], now));
  expect(first.startsWith(page)).toBe(true);
  expect(third.match(/^## .*/gm)).toEqual(['## Suite one', '## Suite two']);
  expect(third).toContain('| a | failed: slow |');
  expect(third).not.toContain('| a | passed |');
  expect(third).toContain('| x | passed |');
});

import { expect, test } from 'vitest';
import { judgeSettings, requireDurability } from './redis-durability.ts';

const sound = { appendonly: 'yes', appendfsync: 'always', maxmemory: '0', 'maxmemory-policy': 'noeviction' };

test.each([
  ['all is well', {}, 'always', 0],
  ['memory is bounded and nothing is evicted', { maxmemory: '1000000' }, 'always', 0],
  ['it is flushed every second', { appendfsync: 'everysec' }, 'everysec', 1],
  ['it is never flushed', { appendfsync: 'no' }, 'none', 1],
  ['there is no append-only file', { appendonly: 'no' }, 'none', 1],
  ['state is evicted', { maxmemory: '1000000', 'maxmemory-policy': 'allkeys-lru' }, 'always', 1],
])('judges settings where %s', (_what, change, level, problems) => {
  const found = judgeSettings({ ...sound, ...change });
  expect(found.level).toBe(level);
  expect(found.problems).toHaveLength(problems);
});

test('says so where the server does not tell', () => {
  expect(judgeSettings(undefined)).toMatchObject({
    level: 'unknown',
    problems: [expect.stringContaining('does not tell')],
  });
});

test.each([
  ['always', 'always', true],
  ['always', 'everysec', true],
  ['everysec', 'everysec', true],
  ['everysec', 'always', false],
  ['none', 'everysec', false],
  ['unknown', 'everysec', false],
] as const)('%s is judged against a required %s', (level, required, isEnough) => {
  const check = () => requireDurability({ level, problems: ['a problem'] }, required);
  if (isEnough) check();
  else expect(check).toThrow(`durability is ${level}, and ${required} is required: a problem`);
});

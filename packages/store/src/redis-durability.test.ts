import { expect, test } from 'vitest';
import { evictionProblem, judgeSettings, requireDurability } from './redis-durability.ts';

const sound = { appendonly: 'yes', appendfsync: 'always' };

test.each([
  ['all is well', {}, 'always', 0],
  ['it is flushed every second', { appendfsync: 'everysec' }, 'everysec', 1],
  ['it is never flushed', { appendfsync: 'no' }, 'none', 1],
  ['there is no append-only file', { appendonly: 'no' }, 'none', 1],
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

test.each([
  ['noeviction', false],
  ['allkeys-lru', true],
  ['volatile-ttl', true],
])('a server with maxmemory-policy %s evicts: %s', async (policy, evicts) => {
  const command = async (): Promise<string> => `# Memory\r\nused_memory:1\r\nmaxmemory_policy:${policy}\r\n`;
  const problem = await evictionProblem({ command });
  expect(problem === undefined ? false : problem.includes(`maxmemory-policy is ${policy}, set noeviction`)).toBe(
    evicts,
  );
});

import { expect, test } from 'vitest';
import { openStore, parseRedis } from './open.ts';

test('reads all that a Redis address can hold', () => {
  expect(parseRedis('rediss://me:p%40ss@[::1]:7000/3?prefix=a.b&durability=always')).toEqual({
    address: { host: '::1', port: 7000, database: 3, username: 'me', password: 'p@ss', tls: true },
    prefix: 'a.b',
    durability: 'always',
  });
  expect(parseRedis('redis+unix://:word@local/run/a%20b/redis.sock?db=2&durability=always')).toMatchObject({
    address: { path: '/run/a b/redis.sock', database: 2, password: 'word', tls: false },
    durability: 'always',
  });
  expect(parseRedis('redis://localhost')).toMatchObject({
    address: { host: 'localhost', port: 6379, database: 0, tls: false },
  });
});

test.each([
  ['etcd://x', 'must start with sqlite:, redis:, rediss: or redis+unix:'],
  ['sqlite:', 'names no file'],
  ['sqlite:/x.db?synchronous=off', 'synchronous must be full or normal'],
  ['sqlite:/x.db?sync=full', 'unknown setting sync, known are synchronous'],
  ['redis+unix:///run/redis.sock?db=x', 'db must be the number of a database'],
  ['redis:', 'must have the form redis://host:port/0'],
  ['redis://host/x', 'the path must be the number of a database'],
  ['redis://host?prefix={a}', 'prefix must consist of'],
  ['redis://host?durability=never', 'durability must be always or everysec'],
  ['redis://host?tls=yes', 'unknown setting tls'],
])('refuses the address %s', async (url, problem) => {
  await expect(openStore(url)).rejects.toMatchObject({
    reason: 'BadRequest',
    message: expect.stringContaining(problem),
  });
});

test('does not repeat a password', async () => {
  const open = openStore('redis://me:secret@host/x');
  await expect(open).rejects.toMatchObject({ message: expect.not.stringContaining('secret') });
});

import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metadata } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clusterToken, findCredentials, publishToken } from './known-tokens.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gantry-tokens-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const presents = (token: string): Metadata => {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  return metadata;
};

test('commands of the same user find the token by the address, while the cluster runs, and for no other server', async () => {
  const env = { HOME: join(folder, 'home') };
  const token = await clusterToken(folder, env);
  expect((await stat(join(folder, 'token'))).mode & 0o777).toBe(0o600);
  expect(findCredentials('127.0.0.1:7443', undefined, env)).toBeUndefined();
  const published = await publishToken('127.0.0.1:7443', token, env);
  expect(published.found).toBe(true);
  expect(findCredentials('localhost:7443', undefined, env)).toBeDefined();
  expect(findCredentials('10.0.0.1:7443,127.0.0.1:7443', undefined, env)).toBeDefined();
  expect(findCredentials('127.0.0.1:7444', undefined, env)).toBeUndefined();
  await published[Symbol.asyncDispose]();
  expect(findCredentials('127.0.0.1:7443', undefined, env)).toBeUndefined();
});

test('a cluster that took the address over keeps its link when the first one ends', async () => {
  const env = { HOME: folder };
  const first = await publishToken('127.0.0.1:1', { path: '/first' }, env);
  await writeFile(join(folder, 'second'), 'the-token-of-the-second');
  await publishToken('127.0.0.1:1', { path: join(folder, 'second') }, env);
  await first[Symbol.asyncDispose]();
  expect(findCredentials('127.0.0.1:1', undefined, env)?.verify(presents('the-token-of-the-second'))).toBe(true);
});

test('a home that cannot be written is no obstacle, and a token that is named goes first', async () => {
  const nowhere = { XDG_CONFIG_HOME: '/dev/null/none' };
  expect((await publishToken('127.0.0.1:1', { path: '/x' }, nowhere)).found).toBe(false);
  const file = join(folder, 'given');
  await writeFile(file, 'a-token-of-the-operator\n');
  const env = { HOME: folder, GANTRY_TOKEN_FILE: file };
  expect((await clusterToken(folder, env)).path).toBe(file);
  expect(findCredentials('127.0.0.1:1', undefined, env)?.verify(presents('a-token-of-the-operator'))).toBe(true);
  expect(findCredentials('127.0.0.1:1', file, {})?.verify(presents('a-token-of-the-operator'))).toBe(true);
  expect(() => findCredentials('127.0.0.1:1', join(folder, 'missing'), {})).toThrow(/missing/);
});

import { copyFile, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadTokenKeys, readTokenKeys } from './token-keys.ts';

const dayMs = 24 * 3_600_000;
const nowMs = Date.parse('2026-11-28T00:00:00Z');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gantry-tokens-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const ids = async (keys: Promise<readonly { readonly id: string }[]>): Promise<string[]> =>
  (await keys).map(({ id }) => id);

test('a key is made at the first start, and kept for its owner alone', async () => {
  const first = await ids(loadTokenKeys(folder, nowMs));
  expect(first).toHaveLength(1);
  expect(await ids(loadTokenKeys(folder, nowMs + 300 * dayMs))).toEqual(first);
  const [file] = await readdir(folder);
  expect((await stat(join(folder, file!))).mode & 0o777).toBe(0o600);
});

test('keys in a folder for reading only go on, however old they are', async () => {
  const first = await ids(loadTokenKeys(folder, nowMs));
  const [file] = await readdir(folder);
  // The place of the new key is taken by a folder: nothing can be written there, whoever runs the test.
  const readOnly = join(folder, 'mounted');
  await mkdir(readOnly);
  await copyFile(join(folder, file!), join(readOnly, '0.key'));
  await mkdir(join(readOnly, `${nowMs}.key.${process.pid}.new`));
  expect(await ids(loadTokenKeys(readOnly, nowMs))).toEqual(first);
});

test('a year later another key signs, and the old one is still there', async () => {
  const [old] = await ids(loadTokenKeys(folder, nowMs));
  await writeFile(join(folder, 'notes.txt'), 'no key');
  const later = await ids(loadTokenKeys(folder, nowMs + 366 * dayMs));
  expect(later).toHaveLength(2);
  expect(later[1]).toBe(old);
  expect(await ids(readTokenKeys(folder))).toEqual(later);
});

import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensurePassableFolder, ensurePrivateFolder, readSecretFile } from './private-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gantry-private-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

test('folders are closed to others, and looser ones are tightened', async () => {
  await ensurePrivateFolder(join(folder, 'a', 'b'));
  expect(await modeOf(join(folder, 'a'))).toBe(0o700);
  expect(await modeOf(join(folder, 'a', 'b'))).toBe(0o700);
  await mkdir(join(folder, 'loose'));
  await chmod(join(folder, 'loose'), 0o755);
  await ensurePassableFolder(join(folder, 'loose'));
  expect(await modeOf(join(folder, 'loose'))).toBe(0o711);
  await ensurePrivateFolder(join(folder, 'loose'));
  expect(await modeOf(join(folder, 'loose'))).toBe(0o700);
  // A tighter one stays as it is.
  await ensurePassableFolder(join(folder, 'loose'));
  expect(await modeOf(join(folder, 'loose'))).toBe(0o700);
});

test('a secret is made once, and readable by its owner alone', async () => {
  const path = join(folder, 'token');
  const secret = await readSecretFile(path);
  expect(secret).toMatch(/^[\w-]{43}$/);
  expect(await modeOf(path)).toBe(0o600);
  expect(await readSecretFile(path)).toBe(secret);
  await writeFile(path, 'given by the operator\n');
  await chmod(path, 0o644);
  expect(await readSecretFile(path)).toBe('given by the operator');
  expect(await modeOf(path)).toBe(0o600);
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockDirectory } from './lock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gantry-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const taken = { reason: 'FailedPrecondition', message: expect.stringMatching(/another gantry/) };

it('lets one at a time have a directory', async () => {
  const directory = join(folder, 'a');
  const first = await lockDirectory(directory);
  await expect(lockDirectory(directory)).rejects.toMatchObject(taken);
  await using _other = await lockDirectory(join(directory, 'other'));
  await first[Symbol.asyncDispose]();
  await using _again = await lockDirectory(directory);
});

it('goes by the directory, whatever path leads to it, and others cannot take it', async () => {
  const directory = join(folder, 'a');
  await using _first = await lockDirectory(directory);
  await symlink(directory, join(folder, 'link'));
  await expect(lockDirectory(join(folder, 'link'))).rejects.toMatchObject(taken);
  expect((await stat(join(directory, '.lock'))).mode & 0o777).toBe(0o600);
});

it('holds between processes, and ends with its process', async () => {
  const script = `import { lockDirectory } from ${JSON.stringify(new URL('lock.ts', import.meta.url).href)};
globalThis.lock = await lockDirectory(process.argv[1]);
await lockDirectory(process.argv[1]).catch(() => {});
console.log('locked');
setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, folder], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  await expect(lockDirectory(folder)).rejects.toMatchObject(taken);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await using _ours = await lockDirectory(folder);
});

it('names the directory that cannot be had', async () => {
  await expect(lockDirectory('/dev/null/x')).rejects.toThrow(/cannot lock \/dev\/null\/x: ENOTDIR/);
});

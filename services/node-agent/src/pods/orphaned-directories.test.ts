import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@gantry/runtime/log.ts';
import { expect, it } from 'vitest';
import { removeOrphanedDirectories } from './orphaned-directories.ts';

it('what pods left that exist no more is removed, and nothing else', async () => {
  const root = await mkdtemp(join(tmpdir(), 'gantry-strays-'));
  for (const path of ['pods/a', 'pods/b', 'logs/default_web_a', 'logs/default_web_b', 'memory/b', 'processes/b']) {
    await mkdir(join(root, path), { recursive: true });
  }
  await removeOrphanedDirectories(root, (uid) => uid === 'a', { log: silentLogger });
  const left = await readdir(root, { recursive: true });
  expect(left.sort()).toEqual(['logs', 'logs/default_web_a', 'memory', 'pods', 'pods/a', 'processes', 'processes/b']);
  await rm(root, { recursive: true });
});

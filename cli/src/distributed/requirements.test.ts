import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findServers } from './requirements.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gantry-path-'));
  for (const name of ['redis-server', 'nats-server']) await writeFile(join(folder, name), '');
  await chmod(join(folder, 'nats-server'), 0o755);
});
afterAll(() => rm(folder, { recursive: true }));

it('names each server that is missing, with the packages that bring them', async () => {
  await expect(findServers('', [])).rejects.toMatchObject({
    reason: 'FailedPrecondition',
    message:
      'redis-server and nats-server not found, which the distributed form stands on: as root, apt-get install redis-server nats-server. `gantry up` does without',
  });
  await expect(findServers(`/nowhere:${folder}`, [])).rejects.toThrow('as root, apt-get install redis-server.');
});

it('finds what can be run on the PATH, and in the folders of the administrator', async () => {
  await chmod(join(folder, 'redis-server'), 0o755);
  const found = { 'redis-server': join(folder, 'redis-server'), 'nats-server': join(folder, 'nats-server') };
  expect(await findServers(`/nowhere:${folder}`, [])).toEqual(found);
  expect(await findServers('/nowhere', [folder])).toEqual(found);
});

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { openProcessRuntime } from './driver.ts';
import { hostImage } from './image-store.ts';

it('runs a command as another user below a directory that is closed to that user', async () => {
  // A new temporary directory is open to its owner alone.
  const directory = await mkdtemp(join(tmpdir(), 'gantry-user-'));
  try {
    await using runtime = await openProcessRuntime({ directory, address: '127.0.0.1' });
    const common = { podUid: 'u', namespace: 'default', name: 'web', attempt: 0, hostname: 'web' };
    const sandboxId = await runtime.sandboxes.run({ ...common, logDirectory: directory });
    const id = await runtime.containers.create(sandboxId, {
      name: 'main',
      attempt: 0,
      image: hostImage,
      command: ['sh', '-c', 'id -u; id -g; exit 3'],
      security: { runAsUser: 65_534, runAsGroup: 65_533 },
      logPath: 'main.log',
    });
    await runtime.containers.start(id);
    const state = async () => (await runtime.observer.observe())[0]?.containers[0]?.state;
    while ((await state())?.kind !== 'exited') await delay(20);
    expect(await state()).toMatchObject({ exitCode: 3 });
    const log = await readFile(join(directory, 'main.log'), 'utf8');
    expect(log.split('\n').map((line) => line.split(' ')[3])).toEqual(['65534', '65533', undefined]);
    await runtime.sandboxes.remove(sandboxId);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { openProcessRuntime } from './driver.ts';
import { hostImage } from './image-store.ts';

it('moves megabytes of output into the log without losing a line, and empties what was moved', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'gantry-output-'));
  try {
    await using runtime = await openProcessRuntime({ directory, address: '127.0.0.1' });
    const common = { podUid: 'u', namespace: 'default', name: 'web', attempt: 0, hostname: 'web' };
    const sandboxId = await runtime.sandboxes.run({ ...common, logDirectory: directory });
    // In pieces with pauses, so that output goes on while the file is emptied.
    const script = 'for each in 1 2 3 4 5 6 7 8; do seq -f "$each-%.0f" 1 150000; sleep 0.1; done; sleep 1000';
    const container = {
      name: 'main',
      attempt: 0,
      image: hostImage,
      command: ['sh', '-c', script],
      logPath: 'main.log',
    };
    const id = await runtime.containers.create(sandboxId, container);
    await runtime.containers.start(id);
    const log = join(directory, 'main.log');
    while (!(await readFile(log, 'utf8').catch(() => '')).endsWith(' 8-150000\n')) await delay(50);
    // A line may be cut where the file was emptied: its first part is tagged P then.
    const parts = (await readFile(log, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' '));
    const output = parts.map(([, , tag, text]) => (tag === 'F' ? `${text}\n` : text)).join('');
    const texts = output.trimEnd().split('\n');
    const expected = Array.from(
      { length: 8 * 150_000 },
      (_, index) => `${Math.floor(index / 150_000) + 1}-${(index % 150_000) + 1}`,
    );
    expect(texts.length).toBe(expected.length);
    expect(texts.findIndex((text, index) => text !== expected[index])).toBe(-1);
    const raw = join(directory, 'sandboxes', sandboxId, id, 'stdout');
    while ((await stat(raw)).size > 4 * 1024 * 1024) await delay(50);
    expect((await runtime.observer.observe())[0]?.containers[0]?.state.kind).toBe('running');
    await runtime.sandboxes.remove(sandboxId);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

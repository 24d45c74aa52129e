import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@gantry/runtime/log.ts';
import { Registry } from 'prom-client';
import { afterAll, expect, test } from 'vitest';
import { AuditLog } from './log.ts';

const folder = await mkdtemp(join(tmpdir(), 'gantry-audit-'));
afterAll(() => rm(folder, { recursive: true }));

function logAt(path: string, maxBytes: number, metrics = new Registry()): AuditLog {
  let now = 0;
  const clock = { now: () => (now += 1_000) };
  return new AuditLog({ path, maxBytes, maxBackups: 2 }, { log: silentLogger, clock, metrics });
}

test('events are lines of JSON, in order, behind what is there already', async () => {
  const path = join(folder, 'order', 'audit.log');
  for (const numbers of [[1, 2], [3]]) {
    await using log = logAt(path, 1_000_000);
    for (const number of numbers) log.write({ number });
  }
  expect((await readFile(path, 'utf8')).trim().split('\n')).toEqual(['{"number":1}', '{"number":2}', '{"number":3}']);
});

test('a full file is put aside, and the oldest of those go', async () => {
  const path = join(folder, 'full', 'audit.log');
  for (let round = 0; round < 6; round++) {
    await using log = logAt(path, 20);
    log.write({ round, text: 'x'.repeat(30) });
    // One batch of lines is never torn apart: the next one goes to a new file.
    await Promise.resolve();
  }
  await using log = logAt(path, 20);
  for (let round = 0; round < 5; round++) {
    log.write({ round, text: 'y'.repeat(30) });
    await expect.poll(async () => (await readFile(path, 'utf8')).includes(`"round":${round},"text":"y`)).toBe(true);
  }
  expect((await readdir(join(folder, 'full'))).sort()).toHaveLength(3);
});

test('events that cannot be written are counted', async () => {
  await writeFile(join(folder, 'file'), '');
  const metrics = new Registry();
  {
    await using log = logAt(join(folder, 'file', 'audit.log'), 1_000, metrics);
    log.write({ number: 1 });
    log.write({ number: 2 });
  }
  expect(await metrics.metrics()).toContain('apiserver_audit_error_total{plugin="log"} 2');
  expect(await metrics.metrics()).toContain('apiserver_audit_event_total 2');
});

test('more events than may wait are dropped and counted, and the writer is not held up', async () => {
  const metrics = new Registry();
  {
    await using log = logAt(join(folder, 'many', 'audit.log'), 1_000_000_000, metrics);
    const text = 'x'.repeat(1024 * 1024);
    for (let index = 0; index < 40; index++) log.write({ text });
  }
  const [, lost = '0'] = /apiserver_audit_error_total\{plugin="log"\} (\d+)/.exec(await metrics.metrics()) ?? [];
  expect(Number(lost)).toBeGreaterThan(0);
  const lines = (await readFile(join(folder, 'many', 'audit.log'), 'utf8')).trim().split('\n');
  expect(lines.length + Number(lost)).toBe(40);
});

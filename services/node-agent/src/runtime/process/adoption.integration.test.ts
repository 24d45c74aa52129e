import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readProcess } from '../../host/processes.ts';
import { openProcessRuntime } from './driver.ts';
import { readRecords, type StartedRecord } from './records.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gantry-process-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

it('processes go on without the agent, and what they said and how they ended is known afterwards', async () => {
  const fixture = fileURLToPath(new URL('testing/agent-fixture.ts', import.meta.url));
  const script = 'echo before; while [ ! -e go ]; do sleep 0.02; done; echo after; exit 6';
  const agent = spawn(process.execPath, [fixture, directory, script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(agent.stdout, 'data')) as [Buffer];
  const { ends, stays } = JSON.parse(String(line)) as { ends: string; stays: string };
  agent.kill('SIGKILL');
  await once(agent, 'exit');

  const { containers } = await readRecords(directory);
  const home = join(directory, 'sandboxes', containers[0]!.sandboxId);
  await writeFile(join(directory, 'go'), '');
  while (!(await readFile(join(home, ends, 'exit'), 'utf8').catch(() => ''))) await delay(20);
  const { pid } = JSON.parse(await readFile(join(home, stays, 'started'), 'utf8')) as StartedRecord;
  expect(await readProcess(pid)).toBeDefined();
  // An agent that died right after a start recorded nothing; the process is found all the same and not started twice.
  await rm(join(home, stays, 'started'));

  await using runtime = await openProcessRuntime({ directory, address: '127.0.0.1' });
  const [sandbox] = await runtime.observer.observe();
  const states = new Map(sandbox!.containers.map((each) => [each.id, each]));
  expect(states.get(ends)?.state).toMatchObject({ kind: 'exited', exitCode: 6, reason: 'Error' });
  expect(states.get(stays)?.state).toMatchObject({ kind: 'running' });
  const log = await readFile(states.get(ends)!.logPath, 'utf8');
  expect(
    log
      .trimEnd()
      .split('\n')
      .map((each) => each.split(' ').slice(1).join(' ')),
  ).toEqual(['stdout F before', 'stdout F after']);
  await runtime.sandboxes.remove(sandbox!.id);
  expect(await readProcess(pid)).toBeUndefined();
});

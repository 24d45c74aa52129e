import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { logPath, type Supervised, supervise } from './supervised.ts';

let logDir: string;
beforeAll(async () => {
  logDir = await mkdtemp(join(tmpdir(), 'gantry-supervised-'));
});
afterAll(() => rm(logDir, { recursive: true }));

/** Supervises a shell script on a clock that stands still until it is advanced. */
function run(name: string, script: string): { program: Supervised; clock: FakeClock; told: string[] } {
  const clock = new FakeClock();
  const told: string[] = [];
  const spec = { name, command: '/bin/sh', args: ['-c', script], env: { GREETING: 'hello' } };
  return { program: supervise(spec, { logDir, clock, progress: (text) => told.push(text) }), clock, told };
}

const logOf = (name: string): Promise<string> => readFile(logPath(logDir, name), 'utf8');
const waitFor = <T>(look: () => T | Promise<T>): Promise<T> => vi.waitFor(look, { timeout: 10_000 });

describe('a supervised program', () => {
  it('runs with its environment, and what it writes is in its log', async () => {
    await using running = disposing(run('writes', 'echo "$GREETING"; echo "and more" >&2; exec sleep 100'));
    await waitFor(async () => expect(await logOf('writes')).toBe('hello\nand more\n'));
    expect(running.program.pid).toBeGreaterThan(0);
  });

  it('is started again when it ends, after a wait that grows', async () => {
    await using running = disposing(run('ends', 'echo run; exit 3'));
    const { clock, told } = running;
    await waitFor(() => expect(told).toHaveLength(1));
    expect(told[0]).toBe(`ends ended (exit code 3) and is started again; its log is ${logPath(logDir, 'ends')}`);
    await turn();
    clock.advance(200);
    await waitFor(() => expect(told).toHaveLength(2));
    await turn();
    clock.advance(200);
    await turn();
    expect(told).toHaveLength(2);
    clock.advance(200);
    await waitFor(() => expect(told).toHaveLength(3));
    expect(await logOf('ends')).toBe('run\nrun\nrun\n');
  });

  it('that cannot be started is told of as well', async () => {
    const clock = new FakeClock();
    const told: string[] = [];
    const spec = { name: 'missing', command: '/nowhere/program', args: [], env: {} };
    await using _ = supervise(spec, { logDir, clock, progress: (text) => told.push(text) });
    await waitFor(() => expect(told[0]).toMatch(/^missing ended \(.+\) and is started again/));
  });

  it('whose log cannot be written is told of, and started once it can', async () => {
    const folder = join(logDir, 'later');
    const clock = new FakeClock();
    const told: string[] = [];
    const spec = { name: 'late', command: '/bin/sh', args: ['-c', 'echo up; exec sleep 100'], env: {} };
    await using program = supervise(spec, { logDir: folder, clock, progress: (text) => told.push(text) });
    await waitFor(() => expect(told[0]).toMatch(/^late ended \(ENOENT.*late\.log/));
    await mkdir(folder);
    await turn();
    clock.advance(1_000);
    await waitFor(async () => expect(await readFile(logPath(folder, 'late'), 'utf8')).toBe('up\n'));
    expect(program.pid).toBeGreaterThan(0);
  });

  it('ends for good when it is disposed of or killed', async () => {
    const asked = run('asked', 'trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.01; done');
    await waitFor(async () => expect(await logOf('asked')).toBe('up\n'));
    await asked.program[Symbol.asyncDispose]();
    expect(await logOf('asked')).toBe('up\nbye\n');
    const killed = run('killed', 'trap "" TERM; echo up; exec sleep 100');
    await waitFor(async () => expect(await logOf('killed')).toBe('up\n'));
    await killed.program.kill();
    for (const { program, told } of [asked, killed]) {
      expect(told).toEqual([]);
      expect(program.pid).toBeUndefined();
      expect(program.stopped.aborted).toBe(true);
    }
  });

  it('begins a log anew that has grown too long', async () => {
    await writeFile(logPath(logDir, 'long'), Buffer.alloc(17 * 1024 * 1024));
    await using _ = disposing(run('long', 'exit 0'));
    await waitFor(async () => expect((await logOf('long')).length).toBe(0));
  });
});

function disposing<T extends { readonly program: Supervised }>(running: T): T & AsyncDisposable {
  return { ...running, [Symbol.asyncDispose]: () => running.program[Symbol.asyncDispose]() };
}

/** Lets what waits for nothing but its turn go on. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

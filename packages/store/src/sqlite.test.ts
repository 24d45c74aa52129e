import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { createLogger } from '@gantry/runtime/log.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { storeContract } from './contract.ts';
import { openStore } from './open.ts';
import { watchThrough } from './testing/collect.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gantry-sqlite-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const clock = new FakeClock();
const pass = async (ms: number): Promise<void> => clock.advance(ms);
let files = 0;
const newFile = (): string => join(folder, 'sub', `${++files}.db`);

storeContract('SQLite in a file', { open: () => openStore(`sqlite:${newFile()}`, { clock }), pass });
storeContract('SQLite in memory', { open: () => openStore('sqlite::memory:', { clock }), pass });

describe('a SQLite file', () => {
  test('has its state, history and fencing tokens when it is opened again', async () => {
    const url = `sqlite:${newFile()}?synchronous=normal`;
    let token = 0;
    {
      await using store = await openStore(url);
      await store.commit([{ type: 'put', key: 'a', value: '1' }]);
      await store.commit([{ type: 'put', key: 'a', value: '2' }]);
      token = (await store.acquire('leader', 'me', 60_000))!;
    }
    await using store = await openStore(url);
    expect(await store.get('a')).toEqual({ key: 'a', value: '2', revision: 2 });
    expect(await watchThrough(store, '', 1, 2)).toMatchObject([{ value: '2', previous: '1' }]);
    expect(await store.acquire('leader', 'you', 60_000)).toBeGreaterThan(token);
  });

  test('belongs to one store at a time', async () => {
    const file = newFile();
    await using store = await openStore(`sqlite:${file}`);
    await expect(openStore(`sqlite:${file}`)).rejects.toMatchObject({
      reason: 'FailedPrecondition',
      message: `the store file ${file} is in use by another process`,
    });
    expect(await store.commit([{ type: 'put', key: 'a', value: '1' }])).toMatchObject({ ok: true });
  });

  test('that is none is refused and left alone', async () => {
    const file = join(folder, 'notes.txt');
    const { readFile, writeFile } = await import('node:fs/promises');
    await writeFile(file, 'not a database, only a text of some length that someone keeps');
    await expect(openStore(`sqlite:${file}`)).rejects.toMatchObject({
      reason: 'FailedPrecondition',
      message: `the store file ${file} cannot be opened: file is not a database`,
    });
    expect(await readFile(file, 'utf8')).toContain('someone keeps');
  });

  test('writes what waits before it closes', async () => {
    const url = `sqlite:${newFile()}`;
    const store = await openStore(url);
    const commits = Array.from({ length: 100 }, (_, index) =>
      store.commit([{ type: 'put', key: `${index}`, value: '' }]),
    );
    await store[Symbol.asyncDispose]();
    expect((await Promise.all(commits)).every(({ ok }) => ok)).toBe(true);
    await using again = await openStore(url);
    expect((await again.list({ prefix: '' })).entries).toHaveLength(100);
  });

  test('is read and written by its owner alone, and what was open to others is closed', async () => {
    const file = newFile();
    const url = `sqlite:${file}`;
    const modes = (): string[] =>
      [dirname(file), file, `${file}-wal`, `${file}-shm`, `${file}.lock`].map((path) =>
        (statSync(path).mode & 0o777).toString(8),
      );
    const closed = ['700', '600', '600', '600', '600'];
    {
      await using store = await openStore(url);
      await store.commit([{ type: 'put', key: 'a', value: '1' }]);
      expect(modes()).toEqual(closed);
    }
    for (const path of [file, `${file}.lock`]) chmodSync(path, 0o644);
    await using store = await openStore(url);
    await store.commit([{ type: 'put', key: 'a', value: '2' }]);
    expect(modes()).toEqual(closed);
  });

  test('leaves the mode of a folder that is there', async () => {
    const shared = join(folder, 'shared');
    mkdirSync(shared);
    chmodSync(shared, 0o1777);
    await using _store = await openStore(`sqlite:${join(shared, 'state.db')}`);
    expect(statSync(shared).mode & 0o7777).toBe(0o1777);
  });

  test('that is empty is opened, and that is said', async () => {
    const file = newFile();
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '');
    const lines: string[] = [];
    const log = createLogger('test', 'warn', { write: (line) => void lines.push(line) });
    await using store = await openStore(`sqlite:${file}`, { log });
    expect((await store.list({ prefix: '' })).revision).toBe(0);
    expect(lines).toEqual([expect.stringContaining('the state file is there but empty')]);
  });

  test('that is removed or replaced while it is used takes no more writes', async () => {
    const file = newFile();
    const lines: string[] = [];
    const log = createLogger('test', 'info', { write: (line) => void lines.push(JSON.parse(line).msg) });
    const own = new FakeClock();
    await using store = await openStore(`sqlite:${file}`, { log, clock: own });
    const put = (value: string) => store.commit([{ type: 'put', key: 'a', value }]);
    const problem = (): Promise<void> =>
      expect
        .poll(() => {
          own.advance(2_000);
          return store.problem;
        })
        .toBe(expected);
    let expected: string | undefined;
    await put('1');
    renameSync(file, `${file}.away`);
    expected = `the state file ${file} was removed while it was in use: what is written would be lost`;
    await problem();
    await expect(put('2')).rejects.toMatchObject({ reason: 'ServiceUnavailable', message: expected });
    expect((await store.get('a'))?.value).toBe('1');
    renameSync(`${file}.away`, file);
    expected = undefined;
    await problem();
    await put('3');
    expect(lines).toEqual([expect.stringContaining('writes are refused: the state file'), 'writes are accepted again']);
  });

  test('whose folder cannot be made is named', async () => {
    const file = join(folder, 'plain-file');
    writeFileSync(file, 'x');
    await expect(openStore(`sqlite:${join(file, 'sub', 'state.db')}`)).rejects.toMatchObject({
      reason: 'FailedPrecondition',
      message: expect.stringContaining(join(file, 'sub')),
    });
  });

  test('keeps values and leases for their time, whatever the wall clock does', async () => {
    const own = new FakeClock();
    await using store = await openStore('sqlite::memory:', { clock: own });
    await store.put('beat/a', 'x', 60_000);
    await store.acquire('leader', 'a', 60_000);
    for (const ms of [3_600_000, -7_200_000]) {
      own.stepWall(ms);
      expect((await store.list('beat/')).size).toBe(1);
      expect(await store.acquire('leader', 'b', 60_000)).toBeUndefined();
    }
    own.advance(60_000);
    expect((await store.list('beat/')).size).toBe(0);
    expect(await store.acquire('leader', 'b', 60_000)).toBeDefined();
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@gantry/runtime/clock.ts';
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
});

import { appendFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@gantry/runtime/clock.ts';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readLog, rotatedPath, tailPosition } from './files.ts';
import { LineSplitter, LogFormatter, parseEntry } from './line.ts';
import { rotateIfLarge } from './rotate.ts';

const entry = (
  text: string,
  options: { readonly second?: number; readonly tag?: string; readonly stream?: string } = {},
): string =>
  `2026-01-01T00:00:${String(options.second ?? 0).padStart(2, '0')}.123456789Z ${options.stream ?? 'stdout'} ${options.tag ?? 'F'} ${text}`;

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gantry-logs-'));
  path = join(directory, '0.log');
});

afterEach(() => rm(directory, { recursive: true, force: true }));

describe('log lines', () => {
  it('are read as the runtime writes them', () => {
    expect(parseEntry(Buffer.from(entry('hello world')))).toEqual({
      time: '2026-01-01T00:00:00.123456789Z',
      stream: 'stdout',
      partial: false,
      text: Buffer.from('hello world'),
    });
    expect(parseEntry(Buffer.from(entry('', { tag: 'P', stream: 'stderr' })))).toMatchObject({
      partial: true,
      stream: 'stderr',
    });
    for (const noise of ['', 'noise', 'a b', 'a b c', '2026 stdin F x'])
      expect(parseEntry(Buffer.from(noise))).toBeUndefined();
  });

  it('are joined where they were split, with one time, and cut off by age', () => {
    const format = (
      view: { readonly sinceMs?: number; readonly timestamps: boolean },
      entries: readonly string[],
    ): string => {
      const formatter = new LogFormatter(view);
      return entries.map((line) => formatter.format(parseEntry(Buffer.from(line))!)?.toString() ?? '').join('');
    };
    const lines = [entry('long ', { tag: 'P' }), entry('line'), entry('late', { second: 30 })];
    expect(format({ timestamps: false }, lines)).toBe('long line\nlate\n');
    expect(format({ timestamps: true }, lines)).toBe(
      '2026-01-01T00:00:00.123456789Z long line\n2026-01-01T00:00:30.123456789Z late\n',
    );
    expect(format({ timestamps: false, sinceMs: Date.parse('2026-01-01T00:00:10Z') }, lines)).toBe('late\n');
  });

  it('are found however the bytes arrive', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'ä', ' ') })),
        fc.array(fc.nat(7)),
        (lines, cuts) => {
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
          const splitter = new LineSplitter();
          const found: string[] = [];
          let at = 0;
          for (const length of [...cuts, bytes.length]) {
            for (const line of splitter.push(bytes.subarray(at, at + length))) found.push(line.toString());
            at += length;
          }
          expect(found).toEqual(lines);
        },
      ),
    );
  });
});

describe('log files', () => {
  const read = async (from: Parameters<typeof readLog>[1]['from']): Promise<string> => {
    const chunks: Buffer[] = [];
    for await (const chunk of readLog(path, { from, clock: systemClock, signal: new AbortController().signal }))
      chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };

  it.each([
    [0, ''],
    [1, '6\n'],
    [3, '4\n5\n6\n'],
    [5, '2\n3\n4\n5\n6\n'],
    [6, '1\n2\n3\n4\n5\n6\n'],
    [99, '1\n2\n3\n4\n5\n6\n'],
  ])('end with the last %i lines, over both files', async (lines, expected) => {
    await writeFile(rotatedPath(path), '1\n2\n3\n');
    await writeFile(path, '4\n5\n6\n');
    expect(await read(await tailPosition(path, lines))).toBe(expected);
  });

  it('are empty where there are none', async () => {
    expect(await read(await tailPosition(path, 5))).toBe('');
  });

  it('lose nothing to a reader that follows while they are rotated', async () => {
    await writeFile(path, 'a\n');
    let over = false;
    let text = '';
    const reading = (async () => {
      const options = {
        from: { rotated: true, offset: 0 },
        isOver: () => over,
        clock: systemClock,
        signal: new AbortController().signal,
      };
      for await (const chunk of readLog(path, options)) text += chunk.toString();
    })();
    const until = async (expected: string): Promise<void> => {
      while (text !== expected) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await until('a\n');
    await appendFile(path, 'b\n');
    await rename(path, rotatedPath(path));
    // The runtime goes on in the old file until it is told.
    await appendFile(rotatedPath(path), 'c\n');
    await writeFile(path, 'd\n');
    await until('a\nb\nc\nd\n');
    await appendFile(path, 'e\n');
    over = true;
    await reading;
    expect(text).toBe('a\nb\nc\nd\ne\n');
  });

  it('are moved aside when they are too large, and the runtime is told', async () => {
    const reopened: string[] = [];
    const containers = { reopenLog: async (id: string) => void reopened.push(id) };
    await writeFile(path, 'x'.repeat(100));
    expect(await rotateIfLarge({ containerId: 'c1', path }, containers, 100)).toBe(false);
    expect(await rotateIfLarge({ containerId: 'c1', path }, containers, 99)).toBe(true);
    expect(reopened).toEqual(['c1']);
    expect(await readFile(rotatedPath(path), 'utf8')).toHaveLength(100);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseArguments } from './arguments.ts';

const options = {
  data: { type: 'folder', about: 'the folder of the trace', required: true },
  seeds: { type: 'number', about: 'how many seeds', default: 5 },
  only: { type: 'text', about: 'only cases with this name' },
  form: { type: 'text', about: 'the store', choices: ['redis', 'sqlite'], default: 'redis' },
  million: { type: 'flag', about: 'a million pods too' },
} as const;
const parse = (...args: string[]) => parseArguments('/x/packing.ts', 'How well pods are packed.', options, args);

test('values have their types and defaults', () => {
  expect(parse('--data', tmpdir(), '--million')).toEqual({
    values: { data: tmpdir(), seeds: 5, only: undefined, form: 'redis', million: true },
  });
  expect(parse(`--data=${tmpdir()}`, '--seeds', '7', '--only', 'a')).toEqual({
    values: { data: tmpdir(), seeds: 7, only: 'a', form: 'redis', million: false },
  });
});

test('help lists every option, whatever else is missing', () => {
  expect(parse('--help')).toEqual({
    code: 0,
    text: `Usage: scripts/node bench/src/packing.ts [options]

How well pods are packed.

  --data <folder>        the folder of the trace (required)
  --seeds <number>       how many seeds (5)
  --only <text>          only cases with this name
  --form <redis|sqlite>  the store (redis)
  --million              a million pods too`,
  });
});

test.each([
  [[], '--data is missing: the folder of the trace'],
  [['--data', '/nowhere'], '--data: there is no folder "/nowhere"'],
  [['--data', tmpdir(), '--seeds', 'many'], '--seeds: must be a number, is "many"'],
  [['--data', tmpdir(), '--form', 'oracle'], '--form: must be one of redis, sqlite, is "oracle"'],
  [['--data'], "Option '--data <value>' argument missing"],
  [['--fast'], "Unknown option '--fast'"],
])('%j is refused in a sentence', (args, problem) => {
  expect(parse(...args)).toEqual({ code: 2, text: `packing.ts: ${problem}; --help lists the options` });
});

test('every program reads its command line so', () => {
  const sources = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => ({ name, text: readFileSync(join(import.meta.dirname, name), 'utf8') }));
  const programs = sources.filter(({ name, text }) => text.includes(`bench/src/${name}`));
  expect(programs.length).toBeGreaterThan(14);
  expect(programs.filter(({ text }) => !text.includes('readArguments(')).map(({ name }) => name)).toEqual([]);
});

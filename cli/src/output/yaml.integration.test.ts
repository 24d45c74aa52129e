import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatYaml } from './yaml.ts';

const python = fileURLToPath(new URL('../../../.gantry/venv/bin/python', import.meta.url));
const readYaml = 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin.buffer), sys.stdout)';

// Words of the characters that types are spelled with, lines of those that have a meaning, and any text at all.
const words = fc.string({ unit: fc.constantFrom(...'01279+-_.:,eExob~=<nNyYoOfFsStTZ '), maxLength: 12 });
const lines = fc.string({ unit: fc.constantFrom(...'\n\t a:-#"\'|>\\'), maxLength: 12 });
const texts = fc.oneof(words, lines, fc.string({ unit: 'binary', maxLength: 20 }));

test('a reader of YAML 1.1 gets the strings that were written', () => {
  const sample = fc.sample(texts, { numRuns: 5_000, seed: 1 });
  const read = execFileSync(python, ['-c', readYaml], { input: formatYaml(sample), encoding: 'utf8' });
  expect(JSON.parse(read)).toEqual(sample);
});

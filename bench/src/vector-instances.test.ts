import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readInstances, readPublished } from './vector-instances.ts';

const data = mkdtempSync(join(tmpdir(), 'gantry-vectors-'));
afterAll(() => rmSync(data, { recursive: true }));

test('instances are read in random order, without those that have negative sizes', () => {
  const folder = join(data, 'instances/New_instances_multidim/class1');
  mkdirSync(folder, { recursive: true });
  const lines = Array.from({ length: 20 }, (_, index) => `${index} ${20 - index} 1`);
  writeFileSync(join(folder, 'class1_20_2_0.vbp'), `2\n100 90\n20\n${lines.join('\n')}\n`);
  writeFileSync(join(folder, 'class1_20_2_1.vbp'), '2\n100 90\n2\n1 -2 1\n3 4 1\n');
  writeFileSync(join(folder, 'class1_20_2_2.vbp'), '2\n100 90\n1\n1 2 3\n');
  const instances = readInstances(data, 'New', 2);
  expect(instances.map(({ name }) => name)).toEqual(['class1_20_2_0']);
  const [{ items, room, dimensions, group }] = instances as [(typeof instances)[0]];
  expect({ room, dimensions, group }).toEqual({ room: [100, 90], dimensions: 2, group: 'class1' });
  const firsts = items.map(({ amounts }) => amounts[0]!);
  expect(firsts).not.toEqual(firsts.toSorted((left, right) => left - right));
  expect(firsts.toSorted((left, right) => left - right)).toEqual(Array.from({ length: 20 }, (_, index) => index));
  expect(readInstances(data, 'New', 3)[1]).toMatchObject({ items: [{ amounts: [1, 2], count: 3 }] });
});

test('published results are read by heuristic, but for those that there are none of', () => {
  mkdirSync(join(data, 'published'));
  const header = ['instance_name', 'LB', 'OPT', 'FF', 'BF', 'FF_timems', 'BF_timems'];
  const row = ['class1_20_2_0', '5', '-1', '7', '-1', '0.0', '0.0'];
  writeFileSync(join(data, 'published/New_multidim_full.csv'), `${header.join('\t')}\n${row.join('\t')}\n`);
  expect(readPublished(data, 'New')).toEqual(
    new Map([['class1_20_2_0', { bound: 5, heuristics: new Map([['FF', 7]]) }]]),
  );
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { eventsOf, readTrace, type Vm } from './vm-trace.ts';

const data = mkdtempSync(join(tmpdir(), 'gantry-vms-'));
afterAll(() => rmSync(data, { recursive: true }));

test('machines are read with the middle of the bin that their duration is in', () => {
  mkdirSync(join(data, 'raw'));
  const files = {
    'flav_map.txt': '1,1.75 a\n8,56 b',
    'v1.interval_map.txt': '0 0\n300 1\n600 2\n900 2\n1200 2',
    'v1.test.txt': '1000 a,b,|,a,|,\n1300 b,|,',
    'v1.test.c2591400.txt': '1000 U0,U1,|,C2,|,\n1300 U1,|,',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(data, 'raw', name), text);
  const small = { cores: 1, memoryGib: 1.75 };
  const large = { cores: 8, memoryGib: 56 };
  expect(readTrace(data)).toEqual([
    { arrivalSeconds: 0, durationSeconds: 0, ...small },
    { arrivalSeconds: 0, durationSeconds: 300, ...large },
    { arrivalSeconds: 0, durationSeconds: 900, ...small },
    { arrivalSeconds: 300, durationSeconds: 300, ...large },
  ]);
});

test('those that end by the time of an arrival go first, also those that end at once', () => {
  const vm = (arrivalSeconds: number, durationSeconds: number): Vm => ({
    arrivalSeconds,
    durationSeconds,
    cores: 1,
    memoryGib: 1,
  });
  expect(eventsOf([vm(0, 600), vm(0, 0), vm(0, 300), vm(300, 900), vm(700, 1)])).toEqual([0, 1, ~1, 2, ~2, 3, ~0, 4]);
});

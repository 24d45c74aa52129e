import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limitCgroup } from './cgroups.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cgroups-'));
});
afterEach(() => rm(root, { recursive: true }));

const read = (...path: string[]): Promise<string> => readFile(join(root, ...path), 'utf8');
const limits = { cpuMillicores: 1_500, memoryBytes: 2 ** 30 };

describe('limits of a cgroup', () => {
  it('stand in one file each of the unified hierarchy, whose parents hand the controllers down', async () => {
    await writeFile(join(root, 'cgroup.controllers'), 'cpu memory');
    await limitCgroup('/gantry/node-1', limits, root);
    expect(await read('gantry/node-1/cpu.max')).toBe('150000 100000');
    expect(await read('gantry/node-1/memory.max')).toBe(String(2 ** 30));
    expect(await read('cgroup.subtree_control')).toBe('+cpu +memory');
    expect(await read('gantry/cgroup.subtree_control')).toBe('+cpu +memory');
  });

  it('stand in the hierarchy of each controller otherwise', async () => {
    for (const controller of ['cpu', 'memory']) await mkdir(join(root, controller));
    await limitCgroup('/gantry/node-1', { cpuMillicores: 1 }, root);
    expect(await read('cpu/gantry/node-1/cpu.cfs_quota_us')).toBe('1000');
    await expect(read('memory/gantry/node-1/memory.limit_in_bytes')).rejects.toThrow('ENOENT');
    await limitCgroup('/gantry/node-1', limits, root);
    expect(await read('memory/gantry/node-1/memory.limit_in_bytes')).toBe(String(2 ** 30));
  });
});

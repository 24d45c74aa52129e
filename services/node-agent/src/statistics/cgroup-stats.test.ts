import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ContainerStats, NodeStats } from '../runtime/runtime.ts';
import { podOf } from '../testing/pod-world.ts';
import { CgroupFiles } from './cgroup-files.ts';
import { CgroupStats } from './cgroup-stats.ts';
import { parseInterfaces } from './network-usage.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gantry-cgroups-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** A group of version 2. */
function group(path: string, cpuMs: number, bytes: number): void {
  write(`${path}/cpu.stat`, `usage_usec ${cpuMs * 1_000}\nuser_usec 2\nsystem_usec 1\n`);
  write(`${path}/memory.current`, `${bytes + 50}\n`);
  write(`${path}/memory.stat`, 'anon 70\nfile 60\ninactive_file 50\npgfault 9\npgmajfault 2\n');
  write(`${path}/cgroup.procs`, '');
}

describe('files of control groups', () => {
  test('of version 2', () => {
    write('cgroup.controllers', 'cpu memory\n');
    group('a/b', 3, 100);
    expect(new CgroupFiles(root).usage('/a/b')).toEqual({
      cpuUsageNs: 3e6,
      memoryWorkingSetBytes: 100,
      memory: { usageBytes: 150, rssBytes: 70, pageFaults: 9, majorPageFaults: 2 },
    });
  });

  test('of version 1, with the groups below', () => {
    write('cpuacct/a/cpuacct.usage', '5000\n');
    write('memory/a/memory.usage_in_bytes', '200\n');
    const own = 'inactive_file 1\nrss 1\npgfault 1\npgmajfault 1\n';
    write('memory/a/memory.stat', `${own}total_inactive_file 80\ntotal_rss 60\ntotal_pgfault 7\ntotal_pgmajfault 3\n`);
    write('cpuacct/a/cgroup.procs', '41\n42\n');
    const files = new CgroupFiles(root);
    expect(files.usage('/a')).toEqual({
      cpuUsageNs: 5_000,
      memoryWorkingSetBytes: 120,
      memory: { usageBytes: 200, rssBytes: 60, pageFaults: 7, majorPageFaults: 3 },
    });
    expect(files.processIn('/a')).toBe(41);
  });

  test('tell details of processor time where they are asked for, of version 2', () => {
    write('cgroup.controllers', 'cpu memory\n');
    group('a', 3, 100);
    const none = { periods: 0, throttledPeriods: 0, throttledNs: 0 };
    expect(new CgroupFiles(root).usage('/a', true)?.cpu).toEqual({ userNs: 2_000, systemNs: 1_000, ...none });
    write('a/cpu.stat', 'usage_usec 9\nuser_usec 5\nsystem_usec 4\nnr_periods 7\nnr_throttled 3\nthrottled_usec 11\n');
    expect(new CgroupFiles(root).usage('/a', true)?.cpu).toEqual({
      ...{ userNs: 5_000, systemNs: 4_000, periods: 7, throttledPeriods: 3, throttledNs: 11_000 },
    });
  });

  test('tell details of processor time where they are asked for, of version 1', () => {
    write('cpuacct/a/cpuacct.usage', '5000\n');
    write('cpuacct/a/cpuacct.stat', 'user 3\nsystem 2\n');
    write('memory/a/memory.usage_in_bytes', '200\n');
    write('memory/a/memory.stat', 'total_inactive_file 80\ntotal_rss 60\ntotal_pgfault 7\ntotal_pgmajfault 3\n');
    const files = new CgroupFiles(root);
    const times = { userNs: 30e6, systemNs: 20e6 };
    // Processors need not be divided among groups.
    expect(files.usage('/a', true)?.cpu).toEqual({ ...times, periods: 0, throttledPeriods: 0, throttledNs: 0 });
    write('cpu/a/cpu.stat', 'nr_periods 7\nnr_throttled 3\nthrottled_time 11\n');
    expect(files.usage('/a', true)?.cpu).toEqual({ ...times, periods: 7, throttledPeriods: 3, throttledNs: 11 });
    write('cpuacct/a/cpuacct.stat', 'user 3\n');
    expect(files.usage('/a', true)).toBeUndefined();
  });

  test.each([
    ['is none', () => {}],
    ['is half there', () => write('x/cpu.stat', 'usage_usec 5\n')],
    [
      'lacks a word',
      () => {
        group('x', 1, 1);
        write('x/memory.stat', 'anon 70\n');
      },
    ],
    [
      'has no number',
      () => {
        group('x', 1, 1);
        write('x/memory.current', 'max\n');
      },
    ],
  ])('of a group that %s give nothing', (_, make) => {
    write('cgroup.controllers', '');
    make();
    expect(new CgroupFiles(root).usage('/x')).toBeUndefined();
  });
});

test('interfaces are told without the loopback', () => {
  const text = `Inter-|   Receive                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:  100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0
  eth0: 1500      10    2    0    0     0          0         0      700       6    1    0    0     0       0          0
`;
  expect(parseInterfaces(text)).toEqual([{ name: 'eth0', rxBytes: 1500, rxErrors: 2, txBytes: 700, txErrors: 1 }]);
});

describe('statistics from control groups', () => {
  const machine: NodeStats = {
    ...{ atMs: 0, cpuCount: 4, cpuUsageNs: 100e9, memoryTotalBytes: 10_000, memoryAvailableBytes: 6_000 },
    ...{ fsTotalBytes: 0, fsAvailableBytes: 0 },
  };
  let asked: number;
  let runtimeStats: ContainerStats[];
  let now: NodeStats;
  let stats: CgroupStats;

  beforeEach(() => {
    asked = 0;
    runtimeStats = [];
    now = machine;
    write('cgroup.controllers', '');
    const container = (id: string, kind = 'running') => ({ id, sandboxId: 's', name: id, state: { kind } });
    const sandboxes = [{ id: 's', containers: [container('main'), container('side'), container('done', 'exited')] }];
    const runtime = {
      containers: async () => {
        asked++;
        return runtimeStats;
      },
      node: async () => now,
    };
    const pods = { workers: () => [{ pod: podOf(), uid: 'u' }].values(), sandboxesOf: () => sandboxes };
    const files = new CgroupFiles(root);
    stats = new CgroupStats({ files, cgroupRoot: '/gantry/node-1', pods, runtime, clock: new FakeClock() } as never);
    group('gantry/node-1/podu', 40, 400);
    group('gantry/node-1/podu/main', 30, 300);
    group('gantry/node-1/podu/side', 5, 50);
  });

  test('are those of running containers and their pod, with the sizes that the runtime tells', async () => {
    runtimeStats = [{ containerId: 'main', rootfsUsedBytes: 77 } as ContainerStats];
    expect(await stats.containers()).toMatchObject([{ rootfsUsedBytes: 0 }, {}]);
    expect(await stats.containers()).toMatchObject([
      {
        ...{ containerId: 'main', sandboxId: 's', cpuUsageNs: 30e6, memoryWorkingSetBytes: 300, rootfsUsedBytes: 77 },
        cpu: { userNs: 2_000, systemNs: 1_000 },
      },
      { containerId: 'side', cpuUsageNs: 5e6, rootfsUsedBytes: 0 },
    ]);
    await stats.containers();
    expect(asked).toBe(1);
    expect(await stats.pods()).toMatchObject([{ uid: 'u', cpuUsageNs: 40e6, interfaces: [] }]);
  });

  test("are the runtime's where a group lies elsewhere", async () => {
    rmSync(join(root, 'gantry/node-1/podu/side'), { recursive: true });
    runtimeStats = [{ containerId: 'side', cpuUsageNs: 9 } as ContainerStats, { containerId: 'x' } as ContainerStats];
    expect(await stats.containers()).toMatchObject([{ containerId: 'main' }, { containerId: 'side', cpuUsageNs: 9 }]);
  });

  test('of nodes that share a machine add up to those of the machine', async () => {
    group('gantry', 10_000, 1_000);
    group('gantry/node-1', 6_000, 600);
    group('gantry/node-2', 4_000, 400);
    const first = await stats.node();
    // Its pods' 6 s, and half of the 90 s that are no pod's.
    expect(first.cpuUsageNs).toBe(51e9);
    expect(first.memoryTotalBytes - first.memoryAvailableBytes).toBe(600 + 3_000 / 2);
    // A third node comes: the counter goes on from where it is.
    group('gantry/node-3', 0, 0);
    group('gantry', 12_000, 1_000);
    group('gantry/node-1', 7_000, 600);
    now = { ...machine, cpuUsageNs: 105e9 };
    expect((await stats.node()).cpuUsageNs).toBe(53e9);
  });

  test('of a node that has a machine to itself are those of the machine', async () => {
    group('gantry', 10_000, 1_000);
    group('gantry/node-1', 10_000, 1_000);
    const { cpuUsageNs, memoryAvailableBytes } = await stats.node();
    expect([cpuUsageNs, memoryAvailableBytes]).toEqual([100e9, 6_000]);
  });
});

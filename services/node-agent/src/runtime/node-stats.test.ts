import { describe, expect, it } from 'vitest';
import { parseCpuUsage, parseMeminfo } from './node-stats.ts';
import { parseUsage } from './process/usage.ts';

describe('figures of the machine', () => {
  it('counts CPU time that was not idle', () => {
    const stat = 'cpu  100 20 30 4000 500 6 7 8 90 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n';
    expect(parseCpuUsage(stat)).toBe((100 + 20 + 30 + 6 + 7 + 8) * 10_000_000);
  });

  it('reads memory in bytes', () => {
    expect(parseMeminfo('MemTotal:       1024 kB\nMemAvailable:    512 kB\n', 'MemAvailable')).toBe(512 * 1024);
    expect(parseMeminfo('', 'MemTotal')).toBe(0);
  });

  it('reads a process', () => {
    const stat = '7 (x y) S 1 7 7 0 -1 4194560 1 2 3 4 150 50 7 8 20 0 1 0 98765 1000 20 99';
    expect(parseUsage(stat)).toEqual({ cpuUsageNs: 2_000_000_000, memoryBytes: 20 * 4096 });
    expect(parseUsage('')).toEqual({ cpuUsageNs: 0, memoryBytes: 0 });
  });
});

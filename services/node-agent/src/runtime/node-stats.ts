import { readFile, statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { NodeStats } from './runtime.ts';

/** Length of the ticks that /proc/stat counts in, which is 10 ms on every Linux platform of Node (USER_HZ 100). */
const nanosecondsPerTick = 10_000_000;

/** Usage of this machine; `imagePath` lies on the file system that holds images and writable layers. */
export async function readNodeStats(imagePath: string, nowMs: number): Promise<NodeStats> {
  const [stat, meminfo, fs] = await Promise.all([
    readFile('/proc/stat', 'utf8'),
    readFile('/proc/meminfo', 'utf8'),
    statfs(imagePath),
  ]);
  return {
    atMs: nowMs,
    cpuCount: availableParallelism(),
    cpuUsageNs: parseCpuUsage(stat),
    memoryTotalBytes: parseMeminfo(meminfo, 'MemTotal'),
    memoryAvailableBytes: parseMeminfo(meminfo, 'MemAvailable'),
    fsTotalBytes: fs.blocks * fs.bsize,
    fsAvailableBytes: fs.bavail * fs.bsize,
  };
}

/** Busy CPU time in nanoseconds from the text of /proc/stat: all but idle (4th figure) and iowait (5th). */
export function parseCpuUsage(stat: string): number {
  // The 9th and 10th figure, guest time, are already counted in the first two.
  const ticks = /^cpu +(.*)$/m.exec(stat)?.[1]?.split(' ').map(Number).slice(0, 8) ?? [];
  const busy = ticks.reduce((sum, each, index) => (index === 3 || index === 4 ? sum : sum + each), 0);
  return busy * nanosecondsPerTick;
}

/** One figure of /proc/meminfo in bytes; 0 if it is missing. */
export function parseMeminfo(meminfo: string, key: string): number {
  return Number(new RegExp(`^${key}: +(\\d+) kB$`, 'm').exec(meminfo)?.[1] ?? 0) * 1024;
}

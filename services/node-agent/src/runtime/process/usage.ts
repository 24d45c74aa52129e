import { readFile } from 'node:fs/promises';
import type { HostProcess } from '../../host/processes.ts';

const nanosecondsPerTick = 10_000_000;

/** CPU time and resident memory of processes together; those that ended meanwhile count nothing. */
export async function usageOf(processes: readonly HostProcess[]): Promise<{ cpuUsageNs: number; memoryBytes: number }> {
  let cpuUsageNs = 0;
  let memoryBytes = 0;
  for (const { pid } of processes) {
    const usage = parseUsage(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''));
    cpuUsageNs += usage.cpuUsageNs;
    memoryBytes += usage.memoryBytes;
  }
  return { cpuUsageNs, memoryBytes };
}

/** User and system time (14th and 15th field) and resident pages (24th) from the text of /proc/<pid>/stat. */
export function parseUsage(stat: string): { cpuUsageNs: number; memoryBytes: number } {
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [user = 0, system = 0, pages = 0] = [fields[11], fields[12], fields[21]];
  return { cpuUsageNs: (user + system) * nanosecondsPerTick, memoryBytes: pages * 4096 };
}

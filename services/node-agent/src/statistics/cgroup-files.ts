import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MemoryDetails } from '../runtime/memory-details.ts';

/** Usage of a control group and all below it. */
export interface CgroupUsage {
  /** Processor time since it was made, in nanoseconds. */
  readonly cpuUsageNs: number;
  readonly memoryWorkingSetBytes: number;
  readonly memory: MemoryDetails;
}

/** Places of a version's files below the mount of control groups, and the words in them. */
interface Layout {
  readonly cpu: string;
  readonly memory: string;
  readonly processes: string;
  readonly cpuNs: (directory: string) => number;
  readonly memoryUsage: string;
  readonly words: { readonly inactive: string; readonly rss: string; readonly faults: string; readonly major: string };
}

const v1: Layout = {
  cpu: 'cpuacct',
  memory: 'memory',
  processes: 'cpuacct',
  cpuNs: (directory) => numberIn(join(directory, 'cpuacct.usage')),
  memoryUsage: 'memory.usage_in_bytes',
  // With those of the groups below it.
  words: { inactive: 'total_inactive_file', rss: 'total_rss', faults: 'total_pgfault', major: 'total_pgmajfault' },
};

const v2: Layout = {
  cpu: '',
  memory: '',
  processes: '',
  cpuNs: (directory) => wordsIn(join(directory, 'cpu.stat')).get('usage_usec')! * 1_000,
  memoryUsage: 'memory.current',
  words: { inactive: 'inactive_file', rss: 'anon', faults: 'pgfault', major: 'pgmajfault' },
};

/** Reads control groups of either version. The kernel answers from memory: no file is waited for, and each takes some ten microseconds. */
export class CgroupFiles {
  readonly #root: string;
  readonly #layout: Layout;

  /** @param root Where control groups are mounted. */
  constructor(root = '/sys/fs/cgroup') {
    this.#root = root;
    this.#layout = existsSync(join(root, 'cgroup.controllers')) ? v2 : v1;
  }

  /** Usage of a group by its path, such as /gantry/node-1; undefined where there is none, or its files make no sense. */
  usage(path: string): CgroupUsage | undefined {
    const { cpu, memory, cpuNs, memoryUsage, words } = this.#layout;
    try {
      const cpuUsageNs = cpuNs(join(this.#root, cpu, path));
      const directory = join(this.#root, memory, path);
      const usageBytes = numberIn(join(directory, memoryUsage));
      const stat = wordsIn(join(directory, 'memory.stat'));
      const read = {
        usageBytes,
        rssBytes: stat.get(words.rss)!,
        pageFaults: stat.get(words.faults)!,
        majorPageFaults: stat.get(words.major)!,
      };
      // The two files are read one after the other.
      const memoryWorkingSetBytes = Math.max(0, usageBytes - stat.get(words.inactive)!);
      const all = [cpuUsageNs, memoryWorkingSetBytes, ...Object.values(read)];
      if (!all.every((figure) => Number.isFinite(figure) && figure >= 0)) return undefined;
      return { cpuUsageNs, memoryWorkingSetBytes, memory: read };
    } catch {
      return undefined;
    }
  }

  /** Names of the groups right below one. */
  below(path: string): string[] {
    try {
      const entries = readdirSync(join(this.#root, this.#layout.cpu, path), { withFileTypes: true });
      return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    } catch {
      return [];
    }
  }

  /** One of the processes right in a group; undefined where there is none. */
  processIn(path: string): number | undefined {
    try {
      const text = readFileSync(join(this.#root, this.#layout.processes, path, 'cgroup.procs'), 'utf8');
      return Number.parseInt(text, 10) || undefined;
    } catch {
      return undefined;
    }
  }
}

function numberIn(path: string): number {
  return Number(readFileSync(path, 'utf8'));
}

/** Lines of a word and a number. */
function wordsIn(path: string): ReadonlyMap<string, number> {
  const lines = readFileSync(path, 'utf8').split('\n');
  return new Map(
    lines.map((line) => {
      const at = line.indexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

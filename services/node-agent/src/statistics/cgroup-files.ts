import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CpuDetails, MemoryDetails } from '../runtime/usage-details.ts';

/** Usage of a control group and all below it. */
export interface CgroupUsage {
  /** Processor time since it was made, in nanoseconds. */
  readonly cpuUsageNs: number;
  /** Absent where it was not asked for. */
  readonly cpu?: CpuDetails;
  readonly memoryWorkingSetBytes: number;
  readonly memory: MemoryDetails;
}

/** Places of a version's files below the mount of control groups, and the words in them. */
interface Layout {
  readonly cpu: string;
  readonly memory: string;
  readonly processes: string;
  readonly cpuNs: (directory: string) => number;
  readonly cpuDetails: (root: string, path: string) => CpuDetails;
  readonly memoryUsage: string;
  readonly words: { readonly inactive: string; readonly rss: string; readonly faults: string; readonly major: string };
}

/** Length of the kernel's ticks (USER_HZ, of every machine) in nanoseconds. */
const tickNs = 10_000_000;

const v1: Layout = {
  cpu: 'cpuacct',
  memory: 'memory',
  processes: 'cpuacct',
  cpuNs: (directory) => numberIn(join(directory, 'cpuacct.usage')),
  cpuDetails(root, path) {
    const times = new Words(join(root, 'cpuacct', path, 'cpuacct.stat'));
    const cpu = { userNs: times.get('user') * tickNs, systemNs: times.get('system') * tickNs };
    // Machines that divide no processors among groups have no such group.
    const waits = existsSync(join(root, 'cpu', path)) ? new Words(join(root, 'cpu', path, 'cpu.stat')) : undefined;
    return { ...cpu, ...throttled(waits, 'throttled_time', 1) };
  },
  memoryUsage: 'memory.usage_in_bytes',
  // With those of the groups below it.
  words: { inactive: 'total_inactive_file', rss: 'total_rss', faults: 'total_pgfault', major: 'total_pgmajfault' },
};

const v2: Layout = {
  cpu: '',
  memory: '',
  processes: '',
  cpuNs: (directory) => new Words(join(directory, 'cpu.stat')).get('usage_usec') * 1_000,
  cpuDetails(root, path) {
    const words = new Words(join(root, path, 'cpu.stat'));
    const cpu = { userNs: words.get('user_usec') * 1_000, systemNs: words.get('system_usec') * 1_000 };
    return { ...cpu, ...throttled(words, 'throttled_usec', 1_000) };
  },
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

  /**
   * Usage of a group by its path, such as /gantry/node-1; undefined where there is none, or its files make no sense.
   * @param detailed Tells the details of processor time, too, which are in two further files of version 1.
   */
  usage(path: string, detailed = false): CgroupUsage | undefined {
    const { cpu, memory, cpuNs, cpuDetails, memoryUsage, words } = this.#layout;
    try {
      const cpuUsageNs = cpuNs(join(this.#root, cpu, path));
      const details = detailed ? cpuDetails(this.#root, path) : undefined;
      const directory = join(this.#root, memory, path);
      const usageBytes = numberIn(join(directory, memoryUsage));
      const stat = new Words(join(directory, 'memory.stat'));
      const read = {
        usageBytes,
        rssBytes: stat.get(words.rss),
        pageFaults: stat.get(words.faults),
        majorPageFaults: stat.get(words.major),
      };
      // The two files are read one after the other.
      const memoryWorkingSetBytes = Math.max(0, usageBytes - stat.get(words.inactive));
      const all = [cpuUsageNs, memoryWorkingSetBytes, ...Object.values(details ?? {}), ...Object.values(read)];
      if (!all.every((figure) => Number.isFinite(figure) && figure >= 0)) return undefined;
      return { cpuUsageNs, ...(details && { cpu: details }), memoryWorkingSetBytes, memory: read };
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

/** Waits for a quota: none are counted in groups that have none. */
function throttled(
  words: Words | undefined,
  time: string,
  unitNs: number,
): Pick<CpuDetails, 'periods' | 'throttledPeriods' | 'throttledNs'> {
  const of = (word: string): number => words?.get(word) || 0;
  return { periods: of('nr_periods'), throttledPeriods: of('nr_throttled'), throttledNs: of(time) * unitNs };
}

function numberIn(path: string): number {
  return Number(readFileSync(path, 'utf8'));
}

/** Text of lines of a word and a number. Few of its words are wanted: it is searched for them, and not taken apart. */
class Words {
  readonly #text: string;

  constructor(path: string) {
    this.#text = `\n${readFileSync(path, 'utf8')}`;
  }

  /** The number of a word; NaN where there is none. */
  get(word: string): number {
    const at = this.#text.indexOf(`\n${word} `);
    return at < 0 ? Number.NaN : Number.parseInt(this.#text.slice(at + word.length + 2, at + word.length + 24), 10);
  }
}

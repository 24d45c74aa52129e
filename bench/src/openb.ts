import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

// Alibaba's trace of a GPU cluster of 2023 ("openb": github.com/alibaba/clusterdata, cluster-trace-gpu-v2023), as CSV.

export interface GpuNode {
  readonly name: string;
  readonly cpuMilli: number;
  readonly memoryMib: number;
  readonly gpus: number;
  readonly model: string;
}

/** The requests of a pod of the trace. */
export interface GpuPod {
  readonly cpuMilli: number;
  readonly memoryMib: number;
  readonly gpus: number;
  /** Thousandths of each device. */
  readonly milliEach: number;
  /** Models that it may have; all where empty. */
  readonly models: readonly string[];
}

/** The nodes that have GPUs. */
export function readNodes(folder: string): GpuNode[] {
  return rowsOf(join(folder, 'openb_node_list_gpu_node.csv')).map((row) => ({
    name: row.sn!,
    cpuMilli: Number(row.cpu_milli),
    memoryMib: Number(row.memory_mib),
    gpus: Number(row.gpu),
    model: row.model!,
  }));
}

/** Names of the pod lists in a folder. */
export function podLists(folder: string): string[] {
  const names = readdirSync(folder).map((file) => /^openb_pod_list_(\w+)\.csv$/.exec(file)?.[1]);
  return names.filter((name) => name !== undefined).sort();
}

export function readPods(folder: string, list: string): GpuPod[] {
  return rowsOf(join(folder, `openb_pod_list_${list}.csv`)).map((row) => ({
    cpuMilli: Number(row.cpu_milli),
    memoryMib: Number(row.memory_mib),
    gpus: Number(row.num_gpu),
    milliEach: Number(row.num_gpu) === 0 ? 0 : Number(row.gpu_milli),
    models: row.gpu_spec ? [...new Set(row.gpu_spec.split('|'))] : [],
  }));
}

/** Figures that others published for a list: GPU allocated in percent by policy, at each of the levels of arrived demand. */
export function published(folder: string, list: string): { policy: string; at: Record<number, number> }[] {
  const rows = rowsOf(join(folder, 'published_fgd_alloc.csv')).filter(({ podlist }) => podlist?.endsWith(`_${list}`));
  return rows.map((row) => ({
    policy: row.policy!.replace(/^\d+-/, ''),
    at: Object.fromEntries(levels.map((level) => [level, Number(row[`alloc_at_${level}_mean`])])),
  }));
}

/** Arrived demand at which the published figures were taken, in percent of all GPUs. */
export const levels = [80, 90, 95, 100, 110, 120, 130] as const;

/** Devices that a pod asks for. */
export function gpusOf({ gpus, milliEach }: GpuPod): number {
  return (gpus * milliEach) / 1_000;
}

/** The published protocol: the list, and pods drawn from it until they ask for 130% of all GPUs, in random order. */
export function inflated(pods: readonly GpuPod[], capacity: number, seed: number): GpuPod[] {
  const random = randomOf(seed);
  const all = [...pods];
  let demand = pods.reduce((sum, pod) => sum + gpusOf(pod), 0);
  while (demand < 1.3 * capacity) {
    const pod = pods[Math.floor(random() * pods.length)]!;
    all.push(pod);
    demand += gpusOf(pod);
  }
  for (let last = all.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [all[last], all[other]] = [all[other]!, all[last]!];
  }
  return all;
}

/** Mulberry32: numbers in [0, 1), the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function rowsOf(path: string): Record<string, string>[] {
  const [head, ...lines] = readFileSync(path, 'utf8').trim().split(/\r?\n/);
  const names = head!.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, index) => [name, cells[index] ?? '']));
  });
}

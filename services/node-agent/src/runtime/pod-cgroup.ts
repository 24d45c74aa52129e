import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type PodLimits, podPeriodUs } from '../resize/pod-limits.ts';

/** Reads and sets the bounds of pods' cgroups, by their path in the tree. */
export interface PodCgroups {
  read(path: string): Promise<PodLimits>;
  /** Sets the bounds that are given, and leaves all others as they are. */
  write(path: string, limits: Partial<PodLimits>): Promise<void>;
}

const root = '/sys/fs/cgroup';
/** Kernels show no bound as a number of this size, or more. */
const unboundedBytes = 2 ** 62;
/** Ranges of weights: cpu.shares of version 1, cpu.weight of version 2. */
const shares = { least: 2, most: 262_144 } as const;
const weights = { least: 1, most: 10_000 } as const;

/** The cgroups of this machine: version 2 where it has one tree, else the controllers of version 1. */
export async function openPodCgroups(): Promise<PodCgroups> {
  const isUnified = await readFile(join(root, 'cgroup.controllers')).then(
    () => true,
    () => false,
  );
  return isUnified ? unified : legacy;
}

const legacy: PodCgroups = {
  async read(path) {
    const [cpuShares, quota, memory] = await Promise.all([
      numberIn('cpu', path, 'cpu.shares').catch(() => 0),
      numberIn('cpu', path, 'cpu.cfs_quota_us'),
      numberIn('memory', path, 'memory.limit_in_bytes'),
    ]);
    return {
      cpuShares,
      cpuQuotaUs: quota < 0 ? undefined : quota,
      memoryBytes: memory >= unboundedBytes ? undefined : memory,
    };
  },
  async write(path, { cpuShares, cpuQuotaUs, memoryBytes }) {
    const put = (controller: string, file: string, value: number): Promise<void> =>
      writeFile(join(root, controller, path, file), String(value));
    if (memoryBytes !== undefined) await put('memory', 'memory.limit_in_bytes', memoryBytes);
    if (cpuShares !== undefined) await put('cpu', 'cpu.shares', cpuShares).catch(unlessAbsent);
    if (cpuQuotaUs === undefined) return;
    await put('cpu', 'cpu.cfs_period_us', podPeriodUs);
    await put('cpu', 'cpu.cfs_quota_us', cpuQuotaUs);
  },
};

/** A machine that divides no processors among cgroups has no weights: nothing is bounded by them, and pods run all the same. */
function unlessAbsent(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

async function numberIn(controller: string, path: string, file: string): Promise<number> {
  return Number(await readFile(join(root, controller, path, file), 'utf8'));
}

const unified: PodCgroups = {
  async read(path) {
    const text = (file: string): Promise<string> => readFile(join(root, path, file), 'utf8');
    const [weight, max, memory] = await Promise.all([
      text('cpu.weight').catch(() => '0'),
      text('cpu.max'),
      text('memory.max'),
    ]);
    const [quota = 'max', period = String(podPeriodUs)] = max.trim().split(' ');
    return {
      cpuShares: sharesOfWeight(Number(weight)),
      cpuQuotaUs: quota === 'max' ? undefined : Math.round((Number(quota) * podPeriodUs) / Number(period)),
      memoryBytes: memory.trim() === 'max' ? undefined : Number(memory),
    };
  },
  async write(path, { cpuShares, cpuQuotaUs, memoryBytes }) {
    const put = (file: string, value: string): Promise<void> => writeFile(join(root, path, file), value);
    if (memoryBytes !== undefined) await put('memory.max', String(memoryBytes));
    if (cpuShares !== undefined) await put('cpu.weight', String(weightOfShares(cpuShares))).catch(unlessAbsent);
    if (cpuQuotaUs !== undefined) await put('cpu.max', `${cpuQuotaUs} ${podPeriodUs}`);
  },
};

/** A weight for shares, by the formula that container runtimes use. */
export function weightOfShares(cpuShares: number): number {
  const bounded = Math.min(shares.most, Math.max(shares.least, cpuShares));
  return Math.floor(weights.least + ((bounded - shares.least) * (weights.most - 1)) / (shares.most - shares.least));
}

/** Shares that come to a weight. */
export function sharesOfWeight(weight: number): number {
  return Math.ceil(shares.least + ((weight - weights.least) * (shares.most - shares.least)) / (weights.most - 1));
}

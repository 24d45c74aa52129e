/** A reading of a counter of processor time. */
export interface CpuReading {
  /** When it was read, by the monotonic clock: the wall clock may step. */
  readonly monotonicMs: number;
  /** Processor time since its owner's start, in nanoseconds. */
  readonly cpuUsageNs: number;
}

/** Processors in use over a window. */
export interface CpuRate {
  /** Billionths of a processor. */
  readonly cpuNanocores: number;
  readonly windowMs: number;
}

/** A shorter window tells of little more than the noise of reading. */
const minWindowMs = 500;
/** Counters of several processors are read one after another, so that a rate may seem a little larger than all processors are. */
const tolerance = 1.25;

/**
 * Processors in use between two readings; undefined where they make no sense: the counter went back (another container, or a counter
 * that began anew), more was used than the machine has, or hardly any time passed.
 */
export function cpuRate(before: CpuReading, after: CpuReading, cpuCount: number): CpuRate | undefined {
  const windowMs = after.monotonicMs - before.monotonicMs;
  const usedNs = after.cpuUsageNs - before.cpuUsageNs;
  if (!(windowMs >= minWindowMs) || !(usedNs >= 0)) return undefined;
  const cpuNanocores = (usedNs / windowMs) * 1_000;
  if (!(cpuNanocores <= cpuCount * 1e9 * tolerance)) return undefined;
  return { cpuNanocores: Math.round(cpuNanocores), windowMs: Math.round(windowMs) };
}

/** Figures of memory beside the working set. */
export interface MemoryDetails {
  /** All that is charged, the file cache too. */
  readonly usageBytes: number;
  /** Anonymous memory. */
  readonly rssBytes: number;
  /** Page faults since the start. */
  readonly pageFaults: number;
  /** Those of them that had to wait for a disk. */
  readonly majorPageFaults: number;
}

/** Figures of processors beside their use in total. */
export interface CpuDetails {
  /** Time in programs and in the kernel, in nanoseconds. */
  readonly userNs: number;
  readonly systemNs: number;
  /** Scheduling periods with a quota so far, those in which it was used up, and the time of waiting for it. All 0 without a quota. */
  readonly periods: number;
  readonly throttledPeriods: number;
  readonly throttledNs: number;
}

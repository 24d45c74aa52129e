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

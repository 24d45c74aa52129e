// Scores of how full a node would be. Shares are of what the node has for pods, and lie in 0 to 1 where the pod fits.

/** How the resource scores of a profile are weighed; the three are computed together, in one pass over the nodes. */
export interface ResourceWeights {
  readonly leastAllocated: number;
  readonly mostAllocated: number;
  readonly balancedAllocation: number;
}

/**
 * The weighed sum of the three resource scores of a node of which `cpuShare` and `memoryShare` would be used.
 * Least and most allocated are means over the two; balanced is 100 less their distance from each other.
 */
export function resourceScore(cpuShare: number, memoryShare: number, weights: ResourceWeights): number {
  // Pods without requests are counted with an assumed amount, which may be more than there is.
  const cpu = Math.min(cpuShare, 1);
  const memory = Math.min(memoryShare, 1);
  const mean = (cpu + memory) / 2;
  const distance = cpu > memory ? cpu - memory : memory - cpu;
  return (
    100 *
    (weights.leastAllocated * (1 - mean) +
      weights.mostAllocated * mean +
      weights.balancedAllocation * (1 - distance / 2))
  );
}

/** The share of an amount; all of it where there is none. */
export function shareOf(used: number, available: number): number {
  return available > 0 ? used / available : 1;
}

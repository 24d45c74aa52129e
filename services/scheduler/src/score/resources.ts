// Scores of how full a node would be. Shares are of what the node has for pods, and lie in 0 to 1 where the pod fits.

/** How the resource scores of a profile are weighed; the three are computed together, in one pass over the nodes. */
export interface ResourceWeights {
  readonly leastAllocated: number;
  readonly mostAllocated: number;
  readonly balancedAllocation: number;
}

/** The weighed sum of the three scores as one formula: `base + perShare * (cpu + memory) - perDistance * |cpu - memory|`. */
export interface ResourceFormula {
  readonly base: number;
  readonly perShare: number;
  readonly perDistance: number;
}

/** Least and most allocated are 0 to 100 by the mean of the two shares; balanced is 100 less half their distance. */
export function resourceFormula(weights: ResourceWeights): ResourceFormula {
  const { leastAllocated, mostAllocated, balancedAllocation } = weights;
  return {
    base: 100 * (leastAllocated + balancedAllocation),
    perShare: 50 * (mostAllocated - leastAllocated),
    perDistance: 50 * balancedAllocation,
  };
}

/** The score of a node of which `used` of what is available would be used. */
export function resourceScore(
  cpuUsed: number,
  cpuAvailable: number,
  memoryUsed: number,
  memoryAvailable: number,
  { base, perShare, perDistance }: ResourceFormula,
): number {
  // Pods without requests are counted with an assumed amount, which may be more than there is.
  const cpu = cpuUsed < cpuAvailable ? cpuUsed / cpuAvailable : 1;
  const memory = memoryUsed < memoryAvailable ? memoryUsed / memoryAvailable : 1;
  return base + perShare * (cpu + memory) - perDistance * (cpu > memory ? cpu - memory : memory - cpu);
}

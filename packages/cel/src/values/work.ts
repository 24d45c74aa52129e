/**
 * Work of comparisons. Kubernetes' costs count the first level of what is compared alone, so that a cheap expression could compare megabytes again and
 * again: evaluations look at this counter beside their cost.
 */
export const comparisons = { steps: 0 };

/** The most comparisons of single values in one evaluation: about a second. */
export const maxComparisons = 10_000_000;

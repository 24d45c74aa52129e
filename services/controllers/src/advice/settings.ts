/** Periods and bounds of advice. */
export interface AdviceSettings {
  /** Milliseconds between two looks at what the pods of a namespace use. */
  readonly sampleMs: number;
  /** Milliseconds after which a workload's advice is written anew. A process that ends loses what it saw since. */
  readonly writeMs: number;
  /** Workloads that are watched; those beyond get no advice. */
  readonly maxWorkloads: number;
}

export const defaultAdviceSettings: AdviceSettings = { sampleMs: 60_000, writeMs: 600_000, maxWorkloads: 10_000 };

import type { Snapshot } from './world.ts';

/** One scenario as kube-controller-manager carried it out. */
export interface Recorded {
  readonly snapshots: readonly Snapshot[];
  readonly events?: readonly string[];
}

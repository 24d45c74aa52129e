import { GroupBackoff } from './backoff.ts';
import { Notes } from './notes.ts';
import { Regrets } from './regrets.ts';
import { RemovalsLog } from './removals-log.ts';
import type { ClusterAutoscalerSettings } from './settings.ts';
import { SinceTimes } from './since.ts';
import { Untold } from './told.ts';

/** Memory of the autoscaler from round to round. Times are of the clock that never steps, in milliseconds. */
export class Memory {
  readonly notes = new Notes();
  readonly backoff: GroupBackoff;
  readonly removals: RemovalsLog;
  readonly regrets = new Regrets();
  readonly untold = new Untold();
  /** Since when nodes are seen, ready, not needed, marked, asked for to be ended; and may not be looked at. By uid. */
  readonly machines = new SinceTimes();
  readonly seen = new SinceTimes();
  readonly ready = new SinceTimes();
  readonly silent = new SinceTimes();
  readonly unneeded = new SinceTimes();
  readonly leaving = new SinceTimes();
  readonly asked = new SinceTimes();
  readonly unremovable = new SinceTimes();
  /** Since when groups lack nodes, and machines have none. By id. */
  readonly missing = new SinceTimes();
  readonly unregistered = new SinceTimes();
  lastAddMs = Number.NEGATIVE_INFINITY;
  lastDeleteMs = Number.NEGATIVE_INFINITY;
  lastFailureMs = Number.NEGATIVE_INFINITY;
  hasAdopted = false;

  constructor(settings: ClusterAutoscalerSettings) {
    this.backoff = new GroupBackoff(settings);
    this.removals = new RemovalsLog(settings.scaleDownBudget.periodMs);
  }

  /** True while nodes may not be removed because some were added, removed or kept a moment ago. */
  isCoolingDown(settings: ClusterAutoscalerSettings, nowMs: number): boolean {
    return (
      nowMs - this.lastAddMs < settings.scaleDownDelayAfterAddMs ||
      nowMs - this.lastDeleteMs < settings.scaleDownDelayAfterDeleteMs ||
      nowMs - this.lastFailureMs < settings.scaleDownDelayAfterFailureMs
    );
  }
}

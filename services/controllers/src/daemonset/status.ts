import type { DaemonSetStatus } from '@gantry/model/gen/gantry.apps.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import type { Action } from '../core/action.ts';
import { type Fleet, inOrder } from './places.ts';

/** Nodes that should have a pod. */
export function desiredNodes({ places }: Fleet): number {
  return places.filter(({ verdict }) => verdict === 'runs').length;
}

/** Writes the status where it says something else than what there is. */
export function statusActions(fleet: Fleet): Action[] {
  const { set } = fleet;
  const { status: stored = {} as DaemonSetStatus } = set;
  const counts = countsOf(fleet);
  const generation = set.metadata.generation ?? 0;
  const isSame = (Object.keys(counts) as (keyof typeof counts)[]).every((name) => (stored[name] ?? 0) === counts[name]);
  if (isSame && (stored.observedGeneration ?? 0) >= generation) return [];
  return [
    { type: 'updateStatus', object: { ...set, status: { ...stored, ...counts, observedGeneration: generation } } },
  ];
}

/** Of several pods on a node the one that was there first counts. */
function countsOf({ places, isUpdated, isAvailable }: Fleet) {
  const counts = {
    currentNumberScheduled: 0,
    numberMisscheduled: 0,
    desiredNumberScheduled: 0,
    numberReady: 0,
    updatedNumberScheduled: 0,
    numberAvailable: 0,
    numberUnavailable: 0,
  };
  for (const { verdict, pods } of places) {
    const [pod] = inOrder(pods);
    if (verdict !== 'runs') {
      if (verdict !== 'missing' && pod !== undefined) counts.numberMisscheduled++;
      continue;
    }
    counts.desiredNumberScheduled++;
    if (pod === undefined) continue;
    counts.currentNumberScheduled++;
    if (isReady(pod)) counts.numberReady++;
    if (isReady(pod) && isAvailable(pod)) counts.numberAvailable++;
    if (isUpdated(pod)) counts.updatedNumberScheduled++;
  }
  return { ...counts, numberUnavailable: counts.desiredNumberScheduled - counts.numberAvailable };
}

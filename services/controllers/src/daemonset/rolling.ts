import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isLeaving } from '../core/pods.ts';
import type { Bounds } from './bounds.ts';
import type { Fleet, Place } from './places.ts';

/** Pods to make, by the names of their nodes, and old pods to delete. */
export interface Step {
  readonly create: readonly string[];
  readonly remove: readonly Pod[];
}

/** The pods of a place that nobody asked to end: one new and one old one at most; `excess` where there are more. */
type Occupants =
  | { readonly type: 'pods'; readonly fresh: Pod | undefined; readonly old: Pod | undefined }
  | { readonly type: 'excess' };

function occupantsOf({ pods }: Place, { isNew }: Fleet): Occupants {
  const staying = pods.filter((pod) => !isLeaving(pod));
  const fresh = staying.filter(isNew);
  const old = staying.filter((pod) => !isNew(pod));
  return fresh.length > 1 || old.length > 1 ? { type: 'excess' } : { type: 'pods', fresh: fresh[0], old: old[0] };
}

/** Places that count in a rolling update: those that have pods, and those that should. */
function counted({ places }: Fleet): Place[] {
  return places.filter(({ pods, verdict }) => pods.length > 0 || verdict === 'runs');
}

/**
 * Replaces old pods by taking them away: as many as keep the nodes without an available pod within the bound, and every one that is not
 * available anyway. The places that become free are filled by `manage`.
 */
export function replaceOld(fleet: Fleet, { maxUnavailable }: Bounds): Step {
  const idle: Pod[] = [];
  const serving: Pod[] = [];
  let unavailable = 0;
  for (const place of counted(fleet)) {
    const occupants = occupantsOf(place, fleet);
    if (occupants.type === 'excess') {
      unavailable++;
      continue;
    }
    const { fresh, old } = occupants;
    // With neither, and with both, `manage` has something to do here.
    if ((fresh === undefined) === (old === undefined)) unavailable++;
    else if (fresh !== undefined) unavailable += fleet.isAvailable(fresh) ? 0 : 1;
    else if (fleet.isAvailable(old!)) serving.push(old!);
    else {
      idle.push(old!);
      unavailable++;
    }
  }
  return { create: [], remove: [...idle, ...serving.slice(0, Math.max(0, maxUnavailable - unavailable))] };
}

/**
 * Replaces old pods by new ones beside them: a node gets its new pod while the old one serves, on no more nodes at a time than the bound
 * says, and loses the old one once the new one is available. A node whose old pod does not serve gets the new one at once.
 *
 * @param desired Nodes that should have a pod. Pods of nodes that should not serve on until as many others are available.
 */
export function surgeNew(fleet: Fleet, { maxSurge }: Bounds, desired: number): Step {
  const remove: Pod[] = [];
  const leaving: Pod[] = [];
  const urgent: string[] = [];
  const candidates: string[] = [];
  let surging = 0;
  let available = 0;
  for (const place of counted(fleet)) {
    const occupants = occupantsOf(place, fleet);
    if (occupants.type === 'excess') {
      surging++;
      continue;
    }
    const { fresh, old } = occupants;
    const serves = old ?? fresh;
    if (serves !== undefined && fleet.isAvailable(serves)) available++;
    if (old === undefined) continue;
    if (fresh !== undefined) {
      if (fleet.isAvailable(fresh)) remove.push(old);
      else surging++;
    } else if (place.verdict !== 'runs') (fleet.isAvailable(old) ? leaving : remove).push(old);
    else (fleet.isAvailable(old) ? candidates : urgent).push(place.name);
  }
  const spare = Math.max(0, available - desired);
  return {
    create: [...urgent, ...candidates.slice(0, Math.max(0, maxSurge - surging))],
    remove: [...remove, ...leaving.slice(0, spare)],
  };
}

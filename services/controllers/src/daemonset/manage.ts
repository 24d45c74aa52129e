import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { type Action, waitForView } from '../core/action.ts';
import { podHashLabel } from '../core/history.ts';
import { isLeaving } from '../core/pods.ts';
import type { FailedPods } from './failed-pods.ts';
import { type Fleet, inOrder, type Place } from './places.ts';

/** Pods to make, by the names of their nodes, and pods to delete. */
export interface Changes {
  readonly create: readonly string[];
  readonly remove: readonly Pod[];
  /** Said to users, or to be done later. */
  readonly beside: readonly Action[];
}

/** Changes that a place needs; filled by its judge. */
class Needs implements Changes {
  readonly create: string[] = [];
  readonly remove: Pod[] = [];
  readonly beside: Action[] = [];
}

/**
 * Gives each node its pod, takes pods from nodes that should have none, and replaces pods that ended.
 *
 * @param surges nodes may have two pods.
 * @param knowsNodes true where the view of nodes is as new as this pod: a node that it does not show is gone.
 */
export function manage(
  fleet: Fleet,
  surges: boolean,
  failedPods: FailedPods,
  knowsNodes: (pod: Pod) => boolean,
): Changes {
  const needs = new Needs();
  for (const place of fleet.places) {
    switch (place.verdict) {
      case 'missing':
        leaveMissing(place, knowsNodes, needs);
        break;
      case 'refuses':
        needs.remove.push(...place.pods.filter((pod) => !isLeaving(pod)));
        break;
      case 'runs':
      case 'keeps':
        manageNode(place, fleet, surges, failedPods, needs);
        break;
    }
  }
  return needs;
}

/** Nobody will ever bind pods that were made for a node that is gone; those that it had are collected with it. */
function leaveMissing({ pods }: Place, knowsNodes: (pod: Pod) => boolean, needs: Needs): void {
  const unbound = pods.filter((pod) => !pod.spec.nodeName && !isLeaving(pod));
  needs.remove.push(...unbound.filter(knowsNodes));
  if (!unbound.every(knowsNodes)) needs.beside.push(waitForView);
}

function manageNode(place: Place, fleet: Fleet, surges: boolean, failedPods: FailedPods, needs: Needs): void {
  const { name, pods, verdict } = place;
  const unplaced = verdict === 'keeps' ? pods.filter((pod) => !pod.spec.nodeName && !isLeaving(pod)) : [];
  if (unplaced.length > 0) {
    // The node takes no new pods: these would wait for ever, and hold up a rolling update by it.
    needs.remove.push(...unplaced);
    return;
  }
  if (pods.length === 0) {
    if (verdict === 'runs') needs.create.push(name);
    return;
  }
  const alive = replaceEnded(place, fleet, failedPods, needs);
  if (!surges) {
    // A pod on its way out still has the place.
    needs.remove.push(...inOrder(alive).slice(1));
    return;
  }
  if (alive.length === 0 && verdict === 'runs') needs.create.push(name);
  if (alive.length > 1) needs.remove.push(...superfluous(alive, fleet, name));
}

/** Deletes pods that ended; their places are filled once they are gone. Returns those that run. */
function replaceEnded({ name, pods }: Place, { set }: Fleet, failedPods: FailedPods, needs: Needs): Pod[] {
  const alive: Pod[] = [];
  for (const pod of pods) {
    if (isLeaving(pod)) continue;
    const phase = pod.status?.phase;
    if (phase === 'Failed') {
      const waitMs = failedPods.waitMs(set, name);
      if (waitMs > 0) needs.beside.push({ type: 'requeue', afterMs: waitMs });
      else {
        needs.remove.push(pod);
        needs.beside.push(ended(fleetEvent.failed, pod, name, set));
      }
    } else if (phase === 'Succeeded') {
      needs.remove.push(pod);
      needs.beside.push(ended(fleetEvent.succeeded, pod, name, set));
    } else alive.push(pod);
  }
  return alive;
}

const fleetEvent = {
  failed: { eventType: 'Warning', reason: 'FailedDaemonPod', found: 'failed', verb: 'kill' },
  succeeded: { eventType: 'Normal', reason: 'SucceededDaemonPod', found: 'succeeded', verb: 'delete' },
} as const;

function ended(
  { eventType, reason, found, verb }: (typeof fleetEvent)[keyof typeof fleetEvent],
  { metadata }: Pod,
  node: string,
  about: Fleet['set'],
): Action {
  const message = `Found ${found} daemon pod ${metadata.namespace}/${metadata.name} on node ${node}, will try to ${verb} it`;
  return { type: 'event', about, eventType, reason, message };
}

/**
 * The pods that a node with several of them can spare: it keeps the oldest new one, and beside it the oldest old one for as long as
 * that one is ready and the new one not available.
 */
function superfluous(alive: readonly Pod[], { hashFor, isAvailable }: Fleet, nodeName: string): Pod[] {
  const ordered = inOrder(alive);
  const isNew = ({ metadata }: Pod): boolean => metadata.labels?.[podHashLabel] === hashFor(nodeName);
  const newest = ordered.find(isNew);
  const oldest = ordered.find((pod) => !isNew(pod));
  const spare = ordered.filter((pod) => pod !== newest && pod !== oldest);
  if (newest === undefined || oldest === undefined) return spare;
  return !isReady(oldest) || isAvailable(newest) ? [...spare, oldest] : spare;
}

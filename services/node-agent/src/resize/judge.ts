import { type Amounts, podRequests } from '@gantry/model/amounts.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { pendingReasons } from '@gantry/model/kinds/pod/allocated.ts';
import { qosClassOf } from '@gantry/model/kinds/pod/qos.ts';
import { resizable } from './shares.ts';

/** The reason for which a resize is not begun, as the pod's condition has it. */
export interface Refusal {
  readonly reason: (typeof pendingReasons)[keyof typeof pendingReasons];
  readonly message: string;
}

/**
 * Judges a resize: undefined where there is room for it now. Room is what the node has less what is set aside for its other pods. A resource
 * of which the pod asks for no more than it has already is never refused.
 * @param wanted The pod as it is to be. @param allocated The pod with what is set aside for it. @param others Other pods of the node, with
 * what is set aside for them.
 */
export function judgeResize(
  wanted: Pod,
  allocated: Pod,
  others: Iterable<Pod>,
  allocatable: Amounts,
): Refusal | undefined {
  const requests = podRequests(wanted.spec);
  const before = podRequests(allocated.spec);
  const grown = resizable.filter((name) => (requests.get(name) ?? 0) > (before.get(name) ?? 0));
  if (grown.length === 0) return undefined;
  for (const name of grown) {
    const [requested, capacity] = [requests.get(name)!, allocatable.get(name) ?? 0];
    if (requested > capacity) {
      const message = `Node didn't have enough capacity: ${name}, requested: ${requested}, capacity: ${capacity}`;
      return { reason: pendingReasons.infeasible, message };
    }
  }
  const used = new Map<string, number>();
  for (const other of others) {
    const taken = podRequests(other.spec);
    for (const name of grown) used.set(name, (used.get(name) ?? 0) + (taken.get(name) ?? 0));
  }
  for (const name of grown) {
    const [requested, taken, capacity] = [requests.get(name)!, used.get(name) ?? 0, allocatable.get(name) ?? 0];
    if (requested > capacity - taken) {
      const message = `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${taken}, capacity: ${capacity}`;
      return { reason: pendingReasons.deferred, message };
    }
  }
  return undefined;
}

/** A resize that waits. */
export interface Waiting {
  readonly wanted: Pod;
  readonly allocated: Pod;
  /** When it began to wait, by the wall clock. */
  readonly sinceMs: number;
}

/**
 * Order in which resizes that wait are judged, as Kubernetes has it: those that ask for no more first, then by priority, then Guaranteed pods,
 * then those that have waited longest.
 */
export function compareWaiting(left: Waiting, right: Waiting): number {
  const rank = ({ wanted }: Waiting): number => (qosClassOf(wanted) === 'Guaranteed' ? 0 : 1);
  return (
    Number(asksForMore(left)) - Number(asksForMore(right)) ||
    (right.wanted.spec.priority ?? 0) - (left.wanted.spec.priority ?? 0) ||
    rank(left) - rank(right) ||
    left.sinceMs - right.sinceMs
  );
}

function asksForMore({ wanted, allocated }: Waiting): boolean {
  const [after, before] = [podRequests(wanted.spec), podRequests(allocated.spec)];
  return resizable.some((name) => (after.get(name) ?? 0) > (before.get(name) ?? 0));
}

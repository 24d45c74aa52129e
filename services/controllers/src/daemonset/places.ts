import type { DaemonSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { View } from '../core/action.ts';
import { podHashLabel } from '../core/history.ts';
import { availableInMs, hasEnded, isLeaving } from '../core/pods.ts';
import type { Limits } from '../rollout/limits.ts';
import { eligibilityOf, type Verdict } from './eligibility.ts';
import { isUpdated, targetNodeOf } from './template.ts';

/** A node with the pods of a set that are on it or were made for it; `missing` where there is no such node. */
export interface Place {
  readonly name: string;
  readonly verdict: Verdict | 'missing';
  readonly pods: readonly Pod[];
}

/** A DaemonSet, the places that concern it, and its pods as they are now. */
export interface Fleet {
  readonly set: DaemonSet;
  /** Value of the controller-revision-hash label of new pods. */
  readonly hash: string;
  /** All nodes, and those that are missing and have pods. */
  readonly places: readonly Place[];
  /** Of the revision that its node should run. */
  readonly isNew: (pod: Pod) => boolean;
  /** Of the present template. */
  readonly isUpdated: (pod: Pod) => boolean;
  /** Value of the label with the revision that a node should run. */
  readonly hashFor: (nodeName: string) => string;
  /** True for a pod that has been ready for minReadySeconds. */
  readonly isAvailable: (pod: Pod) => boolean;
  /** Milliseconds until the next ready pod counts as available; undefined where none waits. */
  readonly nextAvailableMs: number | undefined;
}

/** Sorts a set's pods out by their nodes: a time that grows with the nodes and the pods, and not with both multiplied. */
export function fleetOf(
  set: DaemonSet,
  hash: string,
  pods: readonly Pod[],
  view: View,
  nowMs: number,
  limits?: Limits,
): Fleet {
  const byNode = podsByNode(pods);
  const judge = eligibilityOf(set);
  const places: Place[] = [];
  for (const node of view.list('Node')) {
    const { name } = node.metadata;
    places.push({ name, verdict: judge(node), pods: byNode.get(name) ?? [] });
    byNode.delete(name);
  }
  for (const [name, left] of byNode) places.push({ name, verdict: 'missing', pods: left });
  const waits = new Map(pods.map((pod) => [pod, availableInMs(pod, set.spec.minReadySeconds ?? 0, view, nowMs)]));
  const pending = [...waits.values()].filter((wait): wait is number => wait !== undefined && wait > 0);
  return {
    set,
    hash,
    places,
    ...revisionsIn(places, set, hash, limits),
    isUpdated: (pod) => isUpdated(pod, set, hash),
    isAvailable: (pod) => waits.get(pod) === 0,
    nextAvailableMs: pending.length === 0 ? undefined : pending.reduce((a, b) => Math.min(a, b)),
  };
}

/**
 * The revision of each node: the present one, or, where a Rollout decides, that of as many nodes as the canary may have, and the stable one
 * of all others. Nodes that have the canary already keep it.
 */
function revisionsIn(
  places: readonly Place[],
  set: DaemonSet,
  hash: string,
  limits: Limits | undefined,
): Pick<Fleet, 'isNew' | 'hashFor'> {
  if (limits?.canary === undefined) return { isNew: (pod) => isUpdated(pod, set, hash), hashFor: () => hash };
  const revisionOf = ({ metadata }: Pod): string | undefined => metadata.labels?.[podHashLabel];
  const hasCanary = ({ pods }: Place): boolean => pods.some((pod) => !isLeaving(pod) && revisionOf(pod) === hash);
  const canaries = places
    .filter(({ verdict }) => verdict === 'runs')
    .sort((a, b) => Number(hasCanary(b)) - Number(hasCanary(a)) || compare(a.name, b.name))
    .slice(0, limits.canaryPods);
  const names = new Set(canaries.map(({ name }) => name));
  const hashFor = (nodeName: string): string => (names.has(nodeName) ? hash : limits.stable);
  return { hashFor, isNew: (pod) => revisionOf(pod) === hashFor(targetNodeOf(pod) ?? '') };
}

/** Pods by the nodes that they are on or were made for. Those that ended and are on their way out leave their places free. */
function podsByNode(pods: readonly Pod[]): Map<string, Pod[]> {
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods) {
    if (hasEnded(pod) && isLeaving(pod)) continue;
    const name = targetNodeOf(pod);
    if (name === undefined) continue;
    const others = byNode.get(name);
    if (others === undefined) byNode.set(name, [pod]);
    else others.push(pod);
  }
  return byNode;
}

/** Pods that have their node first, then the older ones, then by name. */
export function inOrder(pods: readonly Pod[]): Pod[] {
  return [...pods].sort(
    (a, b) =>
      Number(!a.spec.nodeName) - Number(!b.spec.nodeName) ||
      compare(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') ||
      compare(a.metadata.name, b.metadata.name),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

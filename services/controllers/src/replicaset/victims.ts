import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { readySinceMs } from '../core/pods.ts';

/** Pods with the lowest of this annotation's values go first. */
const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';
/** A deletion cost: a 32-bit integer without leading zeros or plus. */
const costForm = /^(0|-?[1-9][0-9]*)$/;
const maxCost = 2 ** 31;

const phaseRank: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/** Compares two pods; below 0 where the first one goes first, 0 where this says nothing. */
type Order = (a: Pod, b: Pod) => number;

/**
 * The pods to delete when there are `count` too many, in Kubernetes' order: first those that serve least (no node, pending,
 * not ready), then the cheapest by annotation, then those that share a node with most related pods, then those that are
 * ready for the shortest time, that restarted most, and the youngest. Times count by their order of magnitude.
 *
 * @param related active pods of the same application: of all sets of one Deployment.
 */
export function chooseVictims(pods: readonly Pod[], related: Iterable<Pod>, count: number, nowMs: number): Pod[] {
  if (count >= pods.length) return [...pods];
  const perNode = new Map<string, number>();
  for (const { spec } of related) perNode.set(spec.nodeName ?? '', (perNode.get(spec.nodeName ?? '') ?? 0) + 1);
  const orders = ordersOf(perNode, nowMs);
  const compare: Order = (a, b) => {
    for (const order of orders) {
      const difference = order(a, b);
      if (difference !== 0) return difference;
    }
    return a.metadata.name < b.metadata.name ? -1 : 1;
  };
  return [...pods].sort(compare).slice(0, count);
}

function ordersOf(perNode: ReadonlyMap<string, number>, nowMs: number): Order[] {
  const neighbours = ({ spec }: Pod): number => perNode.get(spec.nodeName ?? '') ?? 0;
  return [
    byNumber(({ spec }) => (spec.nodeName ? 1 : 0)),
    byNumber(({ status }) => phaseRank[status?.phase ?? ''] ?? 0),
    byNumber((pod) => (readySinceMs(pod) === undefined ? 0 : 1)),
    byNumber(costOf),
    byNumber((pod) => -neighbours(pod)),
    byAge(readySinceMs, nowMs),
    byNumber((pod) => -restartsOf(pod)),
    byNumber((pod) => -sidecarRestartsOf(pod)),
    byAge(({ metadata }) => Date.parse(metadata.creationTimestamp ?? ''), nowMs),
  ];
}

function byNumber(of: (pod: Pod) => number): Order {
  return (a, b) => of(a) - of(b);
}

/** Younger ones first, by powers of two of their age; uids decide among the others, so that it is not always the youngest. */
function byAge(since: (pod: Pod) => number | undefined, nowMs: number): Order {
  return (a, b) => {
    const [one, other] = [since(a), since(b)];
    if (one === undefined || other === undefined || one === other || Number.isNaN(one + other)) return 0;
    const difference = magnitude(nowMs - one) - magnitude(nowMs - other);
    if (difference !== 0) return difference;
    return a.metadata.uid! < b.metadata.uid! ? -1 : 1;
  };
}

/** The power of two of an age in nanoseconds, -1 for what is not in the past. */
function magnitude(ageMs: number): number {
  return ageMs > 0 ? Math.floor(Math.log2(ageMs * 1e6)) : -1;
}

function costOf({ metadata }: Pod): number {
  const value = metadata.annotations?.[deletionCostAnnotation] ?? '0';
  const cost = costForm.test(value) ? Number(value) : 0;
  return cost >= -maxCost && cost < maxCost ? cost : 0;
}

function restartsOf({ status }: Pod): number {
  return Math.max(0, ...(status?.containerStatuses ?? []).map(({ restartCount }) => restartCount ?? 0));
}

function sidecarRestartsOf({ spec, status }: Pod): number {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const names = new Set(sidecars.map(({ name }) => name));
  const statuses = (status?.initContainerStatuses ?? []).filter(({ name }) => names.has(name));
  return Math.max(0, ...statuses.map(({ restartCount }) => restartCount ?? 0));
}

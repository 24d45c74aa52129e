import { isDeepStrictEqual } from 'node:util';
import type { Node, NodeCondition, Pod, Taint } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { type Action, type AnyObject, type Controller, keyOf, type View } from '../core/action.ts';
import { withDisruptionTarget } from '../core/disruption-target.ts';
import type { Contact } from './heartbeats.ts';
import { isMarkedLost, type NodeMonitor } from './monitor.ts';
import { evictingTaints, taintsFor, unreachableKey } from './taints.ts';

/** Conditions that mean nothing once their node is lost. */
const reportedConditions = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];
/** Milliseconds until a pod is looked at again that is due on a node whose loss is not proven at the moment. */
const unprovenRetryMs = 1_000;

/** One moment, by both clocks. */
interface Moment {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/** Marks lost nodes, taints nodes by their conditions, and moves pods away from nodes that they do not tolerate. */
export function nodeHealthController(monitor: NodeMonitor, clock: Pick<Clock, 'monotonic'>): Controller {
  return {
    name: 'node-lifecycle-controller',
    watches: ['Node', 'Pod'],

    keysFor(object: AnyObject): readonly string[] {
      if (object.kind === 'Node') return [keyOf(object)];
      const { nodeName } = (object as Pod).spec;
      return nodeName ? [nodeName] : [];
    },

    reconcile(name: string, view: View, nowMs: number): readonly Action[] {
      const pods = [...view.podsOn(name)];
      const node = view.get('Node', undefined, name);
      if (node === undefined) {
        monitor.deadlines.forget(name);
        return [];
      }
      const contact = monitor.heartbeats.contactWith(node);
      const known = contact === 'lost' ? withUnknownConditions(node, nowMs) : node;
      return [
        ...(contact === 'lost' ? markLost(node, known) : []),
        ...retaint(known, monitor.limiter.mayEvict(name), nowMs),
        ...(contact === 'lost' ? takeOutOfService(pods, monitor, nowMs) : []),
        ...evict(known, contact, pods, monitor, { wallMs: nowMs, monotonicMs: clock.monotonic() }),
      ];
    },
  };
}

function withUnknownConditions(node: Node, nowMs: number): Node {
  const stored = node.status?.conditions ?? [];
  const unknown = reportedConditions.map((type): NodeCondition => {
    const before = stored.find((condition) => condition.type === type);
    if (before?.status === 'Unknown') return before;
    return {
      ...before,
      type,
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'The node agent stopped posting node status.',
      lastTransitionTime: rfc3339(nowMs),
    };
  });
  const others = stored.filter(({ type }) => !reportedConditions.includes(type));
  return { ...node, status: { ...node.status, conditions: [...others, ...unknown] } };
}

function markLost(node: Node, marked: Node): Action[] {
  if (isMarkedLost(node)) return [];
  const message = `Node ${node.metadata.name} status is now: NodeNotReady`;
  return [
    { type: 'updateStatus', object: marked },
    { type: 'event', about: node, eventType: 'Normal', reason: 'NodeNotReady', message },
  ];
}

function retaint(node: Node, mayEvict: boolean, nowMs: number): Action[] {
  const taints = taintsFor(node, mayEvict, nowMs);
  if (isDeepStrictEqual(taints, node.spec?.taints ?? [])) return [];
  return [{ type: 'update', object: { ...node, spec: { ...node.spec, taints } } }];
}

/** Takes pods of a lost node out of their services, as they may not answer any more: all but those that reported since. */
function takeOutOfService(pods: readonly Pod[], { heartbeats }: NodeMonitor, nowMs: number): Action[] {
  if (heartbeats.isCutOff()) return [];
  return pods.filter((pod) => isReady(pod) && heartbeats.isAsNewAs(pod)).map((pod) => markNotReady(pod, nowMs));
}

function markNotReady(pod: Pod, nowMs: number): Action {
  const conditions = (pod.status?.conditions ?? []).map((condition) =>
    condition.type === 'Ready'
      ? { ...condition, status: 'False', reason: 'NodeNotReady', lastTransitionTime: rfc3339(nowMs) }
      : condition,
  );
  return { type: 'updateStatus', object: { ...pod, status: { ...pod.status, conditions } } };
}

/** Evicts pods that have been under a taint for longer than they tolerate it. */
function evict(node: Node, contact: Contact, pods: readonly Pod[], monitor: NodeMonitor, now: Moment): Action[] {
  const { heartbeats, limiter, deadlines } = monitor;
  const { name } = node.metadata;
  // The taint of a lost node stays until the node has reported: it evicts nobody once the node is heard.
  const taints = evictingTaints(node, limiter.mayEvict(name), now.wallMs).filter(
    ({ key }) => key !== unreachableKey || contact !== 'heard',
  );
  const isProven = contact === 'lost' && !heartbeats.isCutOff();
  const proven = isProven ? taints : taints.filter(({ key }) => key !== unreachableKey);
  // Nearly always there is nothing that anybody could have to go for, or to stay after all.
  if (taints.length === 0 && !deadlines.knows(name)) return [];
  const running = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  deadlines.note(name, taints, running, now.monotonicMs);
  const waitMs = (pod: Pod, under: readonly Taint[]): number => deadlines.of(pod, under) - now.monotonicMs;
  const [due, staying] = partition(running, (pod) => waitMs(pod, proven) <= 0);
  const [waiting, settled] = partition(staying, (pod) => waitMs(pod, taints) < Number.POSITIVE_INFINITY);
  const nextMs = Math.min(...waiting.map((pod) => waitMs(pod, taints)));
  return [
    ...evictPods(due, now.wallMs),
    ...deadlines.schedule(name, waiting, settled).map((pod) => tell(pod, 'Cancelling deletion of Pod')),
    ...(nextMs === Number.POSITIVE_INFINITY
      ? []
      : [{ type: 'requeue', afterMs: nextMs > 0 ? nextMs : unprovenRetryMs } as const]),
  ];
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  const [passed, failed]: [T[], T[]] = [[], []];
  for (const item of items) (test(item) ? passed : failed).push(item);
  return [passed, failed];
}

/** Says in the pods' status why they go, tells users, and deletes them. */
function evictPods(pods: readonly Pod[], nowMs: number): Action[] {
  const message = 'Taint manager: deleting due to NoExecute taint';
  const marked = pods.map((pod) => withDisruptionTarget(pod, 'DeletionByTaintManager', message, nowMs));
  return [
    ...marked.filter((pod, index) => pod !== pods[index]).map((object): Action => ({ type: 'updateStatus', object })),
    ...pods.map((pod) => tell(pod, 'Marking for deletion Pod')),
    ...pods.map((object): Action => ({ type: 'delete', object })),
  ];
}

function tell(about: Pod, what: string): Action {
  const message = `${what} ${about.metadata.namespace}/${about.metadata.name}`;
  return { type: 'event', about, eventType: 'Normal', reason: 'TaintManagerEviction', message };
}

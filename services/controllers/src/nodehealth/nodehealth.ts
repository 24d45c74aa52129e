import { isDeepStrictEqual } from 'node:util';
import type { Node, NodeCondition, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { type Action, type AnyObject, type Controller, keyOf, type View } from '../core/action.ts';
import { evictAtMs, taintsFor } from './taints.ts';

/** What is known of the nodes' heartbeats. */
export interface Silence {
  /** True where a node was not heard for longer than its time to live. */
  isSilent(nodeName: string): boolean;
  /** True where no node at all is heard: then it is we who are deaf, and nothing is evicted or taken out of services. */
  isTotal(): boolean;
}

/** Conditions that mean nothing once their node is silent. */
const reportedConditions = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

/** Marks silent nodes, taints nodes by their conditions, and moves pods away from nodes that they do not tolerate. */
export function nodeHealthController(silence: Silence): Controller {
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
      // A pod whose node is gone for good has nobody left who could end it.
      if (node === undefined) return pods.map((object) => ({ type: 'delete', object, gracePeriodSeconds: 0 }));
      const silent = silence.isSilent(name);
      return [
        ...(silent ? markSilent(node, nowMs) : []),
        ...retaint(silent ? withSilence(node, nowMs) : node, nowMs),
        ...(silent && !silence.isTotal() ? pods.filter(isReady).map((pod) => markNotReady(pod, nowMs)) : []),
        ...(silence.isTotal() ? [] : evict(node, pods, nowMs)),
      ];
    },
  };
}

function timestamp(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
}

function withSilence(node: Node, nowMs: number): Node {
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
      lastTransitionTime: timestamp(nowMs),
    };
  });
  const others = stored.filter(({ type }) => !reportedConditions.includes(type));
  return { ...node, status: { ...node.status, conditions: [...others, ...unknown] } };
}

function markSilent(node: Node, nowMs: number): Action[] {
  const marked = withSilence(node, nowMs);
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status === 'Unknown') return [];
  const message = `Node ${node.metadata.name} status is now: NodeNotReady`;
  return [
    { type: 'updateStatus', object: marked },
    { type: 'event', about: node, eventType: 'Normal', reason: 'NodeNotReady', message },
  ];
}

function retaint(node: Node, nowMs: number): Action[] {
  const taints = taintsFor(node, nowMs);
  if (isDeepStrictEqual(taints, node.spec?.taints ?? [])) return [];
  return [{ type: 'update', object: { ...node, spec: { ...node.spec, taints } } }];
}

/** Takes a pod out of its services: whether it still answers, nobody knows. */
function markNotReady(pod: Pod, nowMs: number): Action {
  const conditions = (pod.status?.conditions ?? []).map((condition) =>
    condition.type === 'Ready'
      ? { ...condition, status: 'False', reason: 'NodeNotReady', lastTransitionTime: timestamp(nowMs) }
      : condition,
  );
  return { type: 'updateStatus', object: { ...pod, status: { ...pod.status, conditions } } };
}

function evict(node: Node, pods: readonly Pod[], nowMs: number): Action[] {
  const taints = node.spec?.taints ?? [];
  const due = pods
    .filter((pod) => pod.metadata.deletionTimestamp === undefined)
    .map((pod) => ({ pod, atMs: evictAtMs(pod, taints, nowMs) }));
  const later = due.flatMap(({ atMs }) => (atMs !== undefined && atMs > nowMs ? [atMs - nowMs] : []));
  return [
    ...due.filter(({ atMs }) => atMs !== undefined && atMs <= nowMs).flatMap(({ pod }) => evictPod(pod)),
    ...(later.length === 0 ? [] : [{ type: 'requeue', afterMs: Math.min(...later) } as const]),
  ];
}

function evictPod(pod: Pod): Action[] {
  const message = `Marking for deletion Pod ${pod.metadata.namespace}/${pod.metadata.name}`;
  return [
    { type: 'event', about: pod, eventType: 'Normal', reason: 'TaintManagerEviction', message },
    { type: 'delete', object: pod },
  ];
}

import type { EmptiedNode } from '@gantry/client/placement-messages.ts';
import type { Node, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { type Action, refOf, sees, type View } from '../core/action.ts';
import type { Call } from '../core/consult.ts';
import { hasEnded, isLeaving } from '../core/pods.ts';
import { isBoundToNode } from './drainable.ts';
import type { GroupNode, Picture } from './picture.ts';
import type { ClusterAutoscalerSettings } from './settings.ts';
import type { SinceTimes } from './since.ts';
import { isMarkedLeaving, unmarked } from './taints.ts';

/** Milliseconds after which a deletion that had no effect is asked for again. */
const askAgainMs = 15_000;

/** Times of nodes on their way out, by uid. */
export interface RemovalTimes {
  /** Since when a node is marked. */
  readonly leaving: SinceTimes;
  /** Since when the provider has been asked to end it. */
  readonly asked: SinceTimes;
}

/** The next steps of nodes on their way out. */
export interface RemovalSteps {
  readonly calls: readonly Call[];
  readonly actions: readonly Action[];
  /** Nodes that stay after all: their pods did not leave in time. */
  readonly given: readonly { readonly node: Node; readonly reason: string }[];
  /** Nodes whose machine is gone. */
  readonly gone: readonly Node[];
}

/**
 * Goes on with nodes that are marked: their pods are evicted, all at once and as disruption budgets allow it; once none is left the
 * provider ends the machine; once that is gone the node goes. A node whose pods do not leave in time stays.
 */
export function removalSteps(
  picture: Picture,
  view: View,
  settings: ClusterAutoscalerSettings,
  times: RemovalTimes,
  nowMs: number,
): RemovalSteps {
  const marked = picture.groups.flatMap(({ snapshot, nodes }) =>
    nodes.filter(({ node }) => isMarkedLeaving(node)).map((member) => ({ id: snapshot.id, member })),
  );
  const uids = marked.map(({ member }) => member.node.metadata.uid!);
  times.leaving.keep(uids, nowMs);
  for (const uid of [...times.asked.keys]) if (!uids.includes(uid)) times.asked.forget(uid);
  const calls: Call[] = [];
  const actions: Action[] = [];
  const given: { node: Node; reason: string }[] = [];
  const ending = new Map<string, GroupNode[]>();
  const spare = new Map(picture.groups.map(({ snapshot, standing }) => [snapshot.id, standing - snapshot.minSize]));
  for (const { id, member } of marked) {
    const left = spare.get(id)!;
    if (member.instance.state !== 'deleting') spare.set(id, left - 1);
    // Others of its group have gone by themselves.
    const isTooFew = left <= 0 && isReady(member.node) && !times.asked.has(member.node.metadata.uid!);
    const next: Next = isTooFew ? tooFew : nextOf(member, view, settings, times, nowMs);
    if (next.type === 'evict') calls.push(...next.pods.map((pod) => eviction(pod, settings)));
    if (next.type === 'end') ending.set(id, [...(ending.get(id) ?? []), member]);
    if (next.type === 'stay') {
      given.push({ node: member.node, reason: next.reason });
      actions.push({ type: 'update', object: unmarked(member.node) });
    }
  }
  for (const [group, members] of ending) {
    for (const { node } of members) times.asked.restart(node.metadata.uid!, nowMs);
    calls.push({ type: 'deleteNodes', group, nodes: members.map(({ node }) => providerNode(node)) });
  }
  // The deletion goes by the node's own word that it is gone, or by the mark: both must still be so.
  const deletions = picture.lost.map((node): Action => {
    const requires = [
      { type: 'unchanged', ref: refOf(node), resourceVersion: node.metadata.resourceVersion! },
    ] as const;
    return { type: 'delete', object: node, requires };
  });
  return { calls, actions: [...actions, ...deletions], given, gone: picture.lost };
}

/** Nodes that are marked, with the pods that are yet to be evicted: those need room elsewhere before others are moved. */
export function draining({ groups }: Picture, view: View): EmptiedNode[] {
  const marked = groups.flatMap(({ nodes }) => nodes.map(({ node }) => node).filter(isMarkedLeaving));
  return marked.map(({ metadata: { name } }) => {
    const staying = [...view.podsOn(name)].filter((pod) => !hasEnded(pod) && !isBoundToNode(pod) && !isLeaving(pod));
    return { nodeName: name, podUids: staying.map(({ metadata }) => metadata.uid!) };
  });
}

/** A node as its provider knows it. */
export function providerNode({
  metadata,
  spec,
}: Node): Extract<Call, { readonly type: 'deleteNodes' }>['nodes'][number] {
  const { name, labels = {}, annotations = {} } = metadata;
  return { providerID: spec?.providerID ?? '', name, labels, annotations };
}

type Next =
  | { readonly type: 'wait' | 'end' }
  | { readonly type: 'evict'; readonly pods: readonly Pod[] }
  | { readonly type: 'stay'; readonly reason: string };

const tooFew: Next = { type: 'stay', reason: 'the node group would have less than its least size' };

function nextOf(
  { node, instance }: GroupNode,
  view: View,
  settings: ClusterAutoscalerSettings,
  { leaving, asked }: RemovalTimes,
  nowMs: number,
): Next {
  const uid = node.metadata.uid!;
  if (instance.state === 'deleting') return { type: 'wait' };
  const askedMs = asked.ageMs(uid, nowMs);
  if (askedMs !== undefined && askedMs < askAgainMs) return { type: 'wait' };
  const ageMs = leaving.ageMs(uid, nowMs) ?? 0;
  // A pod that was bound before the mark must be seen.
  if (ageMs < settings.nodeDeleteDelayAfterTaintMs || !sees(view, 'Pod', node)) return { type: 'wait' };
  const left = [...view.podsOn(node.metadata.name)].filter((pod) => !hasEnded(pod) && !isBoundToNode(pod));
  // Nobody on a node that is gone says that its pods have ended.
  if (left.length === 0 || !isReady(node) || askedMs !== undefined) return { type: 'end' };
  const staying = left.filter((pod) => !isLeaving(pod));
  if (staying.length > 0 && ageMs < settings.maxPodEvictionMs) return { type: 'evict', pods: staying };
  if (staying.length > 0) return { type: 'stay', reason: `${staying.length} pods could not be evicted` };
  const patienceMs = settings.maxPodEvictionMs + settings.maxGracefulTerminationSeconds * 1_000;
  return ageMs < patienceMs ? { type: 'wait' } : { type: 'stay', reason: `${left.length} pods did not end in time` };
}

function eviction({ metadata, spec }: Pod, { maxGracefulTerminationSeconds }: ClusterAutoscalerSettings): Call {
  const gracePeriodSeconds = Math.min(spec.terminationGracePeriodSeconds ?? 30, maxGracefulTerminationSeconds);
  const { namespace, name, uid } = metadata;
  return { type: 'evict', request: { namespace: namespace!, name, uid: uid!, gracePeriodSeconds } };
}

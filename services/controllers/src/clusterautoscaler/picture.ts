import type { Instance } from '@gantry/cloud-provider/provider.ts';
import type { Node } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import type { View } from '../core/action.ts';
import type { GroupSnapshot, ProviderSnapshot } from '../core/consult.ts';
import type { Notes } from './notes.ts';
import type { SinceTimes } from './since.ts';
import { isMarkedLeaving, isStarting } from './taints.ts';

/** A node of a group. */
export interface GroupNode {
  readonly node: Node;
  readonly instance: Instance;
  /** Takes pods now, or would if its taints were borne. */
  readonly isUsable: boolean;
  /** Has registered, and may yet become usable. */
  readonly isComing: boolean;
  readonly isLeaving: boolean;
  /** Is not ready, and is not awaited any more. */
  readonly isSilent: boolean;
}

/** A group with its nodes. */
export interface Group {
  readonly snapshot: GroupSnapshot;
  readonly nodes: readonly GroupNode[];
  /** Machines without a node, those that end left out. */
  readonly unregistered: readonly Instance[];
  /** Nodes that were asked for and have not registered. */
  readonly missing: number;
  /** Nodes that are on their way, registered or not. */
  readonly coming: number;
  /** The size that the group will have: that of its provider, and what was asked for and not answered. */
  readonly size: number;
  /** Nodes that it has for certain: no more than its provider says, and registered. */
  readonly standing: number;
}

/** The cluster as the autoscaler sees it in one round. */
export interface Picture {
  readonly groups: readonly Group[];
  readonly unread: ReadonlyMap<string, string>;
  /** All nodes, those of no group among them. */
  readonly nodes: readonly Node[];
  /** Nodes whose machine is unknown to the provider, although others of the provider are known. */
  readonly lost: readonly Node[];
}

/** Milliseconds for which a node that has become ready is taken for one that is coming: others may not know it yet. */
const settlingMs = 3_000;

/**
 * Puts together what the provider and the cluster say.
 * @param ready Since when each node is ready, by uid.
 * @param seen Since when each node is seen, by uid.
 */
export function pictureOf(
  snapshot: ProviderSnapshot,
  view: View,
  notes: Notes,
  times: { readonly ready: SinceTimes; readonly seen: SinceTimes; readonly machines: SinceTimes },
  startupTaints: readonly string[],
  nowMs: number,
): Picture {
  const nodes = [...view.list('Node')];
  const byProviderId = new Map(nodes.flatMap((node) => (node.spec?.providerID ? [[node.spec.providerID, node]] : [])));
  times.seen.keep(
    nodes.map(({ metadata }) => metadata.uid!),
    nowMs,
  );
  // Machines of groups that cannot be read now are not forgotten.
  const machines = snapshot.groups.flatMap(({ instances }) => instances.map(({ id }) => id));
  times.machines.keep(snapshot.unread.size > 0 ? [...machines, ...times.machines.keys] : machines, nowMs);
  const isUp = (node: Node): boolean => isReady(node) && !isStarting(node, startupTaints);
  times.ready.keep(
    nodes.filter(isUp).map(({ metadata }) => metadata.uid!),
    nowMs,
  );
  const groups = snapshot.groups.map((group): Group => {
    const members = group.instances.flatMap((instance): GroupNode[] => {
      const node = byProviderId.get(instance.id);
      if (node === undefined) return [];
      const isLeaving =
        isMarkedLeaving(node) || node.metadata.deletionTimestamp !== undefined || instance.state === 'deleting';
      const readyMs = times.ready.ageMs(node.metadata.uid!, nowMs);
      const isUsable = readyMs !== undefined && readyMs >= settlingMs && !isLeaving;
      const isYoung = (times.seen.ageMs(node.metadata.uid!, nowMs) ?? 0) < group.options.maxNodeStartupMs;
      const isComing =
        !isUsable && !isLeaving && (readyMs !== undefined || (isYoung && !times.ready.wasKept(node.metadata.uid!)));
      const isSilent = !isReady(node) && !isComing && !isLeaving;
      return [{ node, instance, isUsable, isComing, isLeaving, isSilent }];
    });
    const unregistered = group.instances.filter(({ id, state }) => !byProviderId.has(id) && state !== 'deleting');
    const counted = members.filter(({ instance }) => instance.state !== 'deleting').length;
    // Of what the provider says the most counts: nodes that come all the same would be ordered twice.
    const machines = group.instances.filter(({ state }) => state !== 'deleting').length;
    const size = Math.max(group.targetSize, machines, notes.expected(group.id, group.targetSize));
    const missing = Math.max(0, size - counted);
    const coming = missing + members.filter((member) => member.isComing).length;
    const standing = Math.min(group.targetSize, counted);
    return { snapshot: group, nodes: members, unregistered, missing, coming, size, standing };
  });
  return { groups, unread: snapshot.unread, nodes, lost: lostIn(snapshot, nodes, times.machines) };
}

/** Nodes that are known to have been of a group, and whose machines are gone. */
function lostIn({ groups, unread, claimed }: ProviderSnapshot, nodes: readonly Node[], machines: SinceTimes): Node[] {
  if (unread.size > 0 || groups.length === 0) return [];
  const ids = new Set(groups.flatMap(({ instances }) => instances.map(({ id }) => id)));
  const wasOurs = ({ metadata, spec }: Node): boolean =>
    metadata.annotations?.[groupAnnotation] !== undefined ||
    machines.wasKept(spec!.providerID!) ||
    claimed.has(spec!.providerID!);
  return nodes.filter(
    (node) =>
      node.spec?.providerID &&
      !ids.has(node.spec.providerID) &&
      wasOurs(node) &&
      (!isReady(node) || isMarkedLeaving(node)),
  );
}

/** Annotation of a node with the name of its group: without its machine, nobody else could tell. */
export const groupAnnotation = 'gantry.dev/node-group';

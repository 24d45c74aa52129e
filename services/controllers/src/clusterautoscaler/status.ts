import type { ConfigMap } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { stringify } from 'yaml';
import type { Action } from '../core/action.ts';
import type { GroupBackoff } from './backoff.ts';
import type { Group, Picture } from './picture.ts';
import type { Regrets } from './regrets.ts';

export const statusNamespace = 'kube-system';
export const statusName = 'cluster-autoscaler-status';

/** Facts that the status tells beside the picture. */
export interface StatusFacts {
  readonly problem: string | undefined;
  /** Groups that grow, by id. */
  readonly growing: ReadonlySet<string>;
  /** Candidates of each group, by id. */
  readonly candidates: ReadonlyMap<string, number>;
  readonly backoff: GroupBackoff;
  readonly regrets: Regrets;
  readonly nowMs: number;
}

/** The status in the form of Kubernetes' Cluster Autoscaler. It has no times, so that it changes only where something does. */
export function statusText(picture: Picture, facts: StatusFacts): string {
  const { problem, growing, candidates, backoff, regrets, nowMs } = facts;
  const total = [...candidates.values()].reduce((sum, count) => sum + count, 0);
  const unregistered = picture.groups.reduce((sum, { missing }) => sum + missing, 0);
  return stringify({
    autoscalerStatus: 'Running',
    clusterWide: {
      health: {
        status: problem === undefined ? 'Healthy' : 'Unhealthy',
        ...(problem === undefined ? {} : { message: problem }),
        nodeCounts: countsOf(picture.nodes.map(isReady), unregistered),
      },
      scaleUp: { status: growing.size > 0 ? 'InProgress' : 'NoActivity' },
      scaleDown: scaleDownOf(total),
    },
    nodeGroups: picture.groups.map((group) => {
      const { id, targetSize, minSize, maxSize, options } = group.snapshot;
      const failure = backoff.problem(id, nowMs);
      const patience = regrets.patience(id, options.scaleDownUnneededMs, nowMs);
      const info = failure && { backoffInfo: { errorCode: failure.code, errorMessage: failure.message } };
      return {
        name: id,
        health: {
          status: 'Healthy',
          nodeCounts: groupCounts(group),
          cloudProviderTarget: targetSize,
          minSize,
          maxSize,
        },
        scaleUp: { status: failure ? 'Backoff' : growing.has(id) ? 'InProgress' : 'NoActivity', ...info },
        scaleDown: {
          ...scaleDownOf(candidates.get(id) ?? 0),
          ...(patience > 1 && { unneededTimeFactor: patience }),
        },
      };
    }),
    ...(picture.unread.size === 0 ? {} : { unreadNodeGroups: Object.fromEntries(picture.unread) }),
  });
}

function groupCounts({ nodes, missing }: Group): object {
  return countsOf(
    nodes.map(({ node }) => isReady(node)),
    missing,
  );
}

function countsOf(ready: readonly boolean[], unregistered: number): object {
  const count = ready.filter(Boolean).length;
  return { registered: { total: ready.length, ready: count, notReady: ready.length - count }, unregistered };
}

function scaleDownOf(candidates: number): object {
  return candidates > 0 ? { status: 'CandidatesPresent', candidates } : { status: 'NoCandidates' };
}

/** The write that brings the ConfigMap to this state; none where it is so. */
export function statusWrite(
  stored: ConfigMap | undefined,
  text: string,
  annotations: Readonly<Record<string, string>>,
): Action[] {
  if (stored === undefined) {
    const metadata = { namespace: statusNamespace, name: statusName, annotations: { ...annotations } };
    const object: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { status: text } };
    return [{ type: 'create', object }];
  }
  const { metadata, data } = stored;
  const isSame =
    data?.status === text &&
    Object.entries(annotations).every(([name, value]) => metadata.annotations?.[name] === value);
  if (isSame) return [];
  const changed = { ...metadata, annotations: { ...metadata.annotations, ...annotations } };
  return [{ type: 'update', object: { ...stored, metadata: changed, data: { ...data, status: text } } }];
}

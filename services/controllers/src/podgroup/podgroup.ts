import { isDeepStrictEqual } from 'node:util';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { PodGroup, PodGroupStatus } from '@gantry/model/gen/gantry.scheduling.v1alpha1.ts';
import { podGroupLabel } from '@gantry/model/kinds/podgroup/podgroup.ts';
import { type Action, type AnyObject, type Controller, keyOf, splitKey, type View } from '../core/action.ts';
import { controllerOf } from '../core/owners.ts';

/** Keeps the status of pod groups: their members by phase. Placing them is the scheduler's work. */
export const podGroupController: Controller = {
  name: 'podgroup-controller',
  watches: ['PodGroup', 'Pod'],

  keysFor(object: AnyObject): readonly string[] {
    if (object.kind === 'PodGroup') return [keyOf(object)];
    const group = object.metadata.labels?.[podGroupLabel];
    return group ? [`${object.metadata.namespace}/${group}`] : [];
  },

  reconcile(key: string, view: View): readonly Action[] {
    const { namespace, name } = splitKey(key);
    const group = view.get('PodGroup', namespace, name);
    if (group === undefined || group.metadata.deletionTimestamp !== undefined) return [];
    const members = [...view.list('Pod', namespace)].filter(({ metadata }) => {
      return metadata.labels?.[podGroupLabel] === name && metadata.deletionTimestamp === undefined;
    });
    const status = statusOf(group, members);
    return isDeepStrictEqual(status, group.status ?? {})
      ? []
      : [{ type: 'updateStatus', object: { ...group, status } }];
  },
};

function statusOf(group: PodGroup, members: readonly Pod[]): PodGroupStatus {
  const inPhase = (phase: string): number => members.filter(({ status }) => status?.phase === phase).length;
  const placed = members.filter(({ spec }) => spec.nodeName);
  const counts = { running: inPhase('Running'), succeeded: inPhase('Succeeded'), failed: inPhase('Failed') };
  const owner = members.map(controllerOf).find((reference) => reference !== undefined);
  const startTime = group.status?.scheduleStartTime ?? earliest(placed);
  return {
    phase: phaseOf(Math.max(1, group.spec?.minMember ?? 1), placed.length, counts),
    ...(owner === undefined ? {} : { occupiedBy: `${group.metadata.namespace}/${owner.name}` }),
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    ...(placed.length > 0 && startTime !== undefined ? { scheduleStartTime: startTime } : {}),
  };
}

function phaseOf(
  minMember: number,
  placed: number,
  { running, succeeded, failed }: { readonly running: number; readonly succeeded: number; readonly failed: number },
): string {
  if (succeeded >= minMember) return 'Finished';
  if (failed > 0 && running + succeeded + failed >= minMember) return 'Failed';
  if (running + succeeded >= minMember) return 'Running';
  if (placed >= minMember) return 'Scheduling';
  return placed === 0 ? 'Pending' : 'Unknown';
}

/** The time at which the first of the pods was scheduled. */
function earliest(placed: readonly Pod[]): string | undefined {
  const times = placed.flatMap(({ status }) => {
    const time = status?.conditions?.find(({ type }) => type === 'PodScheduled')?.lastTransitionTime;
    return time === undefined ? [] : [time];
  });
  return times.sort()[0];
}

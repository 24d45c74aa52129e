import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { PodGroup } from '@gantry/model/gen/gantry.scheduling.v1alpha1.ts';
import { podGroupLabel } from '@gantry/model/kinds/podgroup/podgroup.ts';
import { describe, expect, it } from 'vitest';
import { fakeView } from '../testing/fake-view.ts';
import { aPod, aReplicaSet } from '../testing/objects.ts';
import { podGroupController } from './podgroup.ts';

function aGroup(minMember: number, status?: PodGroup['status']): PodGroup {
  return {
    apiVersion: 'scheduling.x-k8s.io/v1alpha1',
    kind: 'PodGroup',
    metadata: { name: 'g', namespace: 'default', uid: 'g', resourceVersion: '1' },
    spec: { minMember },
    ...(status === undefined ? {} : { status }),
  };
}

/** Members, each by its phase; a pod that waits has no node. */
function members(...phases: readonly string[]): Pod[] {
  return phases.map((phase, index) => {
    const node = phase === 'Waits' ? undefined : 'n';
    const pod = aPod(`p${index}`, { labels: { [podGroupLabel]: 'g' }, ...(node ? { node } : {}) });
    pod.status!.phase = phase === 'Waits' ? 'Pending' : phase;
    return pod;
  });
}

function statusOf(group: PodGroup, pods: readonly Pod[]): object | undefined {
  const [action] = podGroupController.reconcile('default/g', fakeView([group, ...pods]), 0);
  return action?.type === 'updateStatus' ? (action.object as PodGroup).status : undefined;
}

describe('the status of a group', () => {
  it.each<[phases: string[], expected: object]>([
    [['Waits', 'Waits'], { phase: 'Pending' }],
    [['Pending', 'Waits'], { phase: 'Unknown' }],
    [['Pending', 'Running'], { phase: 'Scheduling', running: 1 }],
    [['Running', 'Running', 'Waits'], { phase: 'Running', running: 2 }],
    [['Succeeded', 'Running'], { phase: 'Running', succeeded: 1, running: 1 }],
    [['Succeeded', 'Succeeded'], { phase: 'Finished', succeeded: 2 }],
    [['Failed', 'Running'], { phase: 'Failed', failed: 1, running: 1 }],
  ])('with %j', (phases, expected) => {
    expect(statusOf(aGroup(2), members(...phases))).toEqual(expected);
  });

  it('tells whose the pods are and since when they have nodes', () => {
    const set = aReplicaSet(1);
    const pod = aPod('p', { owner: set, node: 'n', labels: { [podGroupLabel]: 'g' } });
    pod.status!.conditions = [{ type: 'PodScheduled', status: 'True', lastTransitionTime: '2026-01-01T00:00:07Z' }];
    const status = {
      phase: 'Running',
      running: 1,
      occupiedBy: 'default/web-1',
      scheduleStartTime: '2026-01-01T00:00:07Z',
    };
    expect(statusOf(aGroup(1), [pod])).toEqual(status);
    expect(statusOf(aGroup(1, status), [pod])).toBeUndefined();
  });

  it('follows its members', () => {
    expect(podGroupController.keysFor(members('Running')[0]!, fakeView([]))).toEqual(['default/g']);
    expect(podGroupController.keysFor(aPod('a'), fakeView([]))).toEqual([]);
  });
});

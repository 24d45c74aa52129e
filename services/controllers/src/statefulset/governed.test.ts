import type { StatefulSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { RolloutStatus } from '@gantry/model/gen/gantry.rollout.v1.ts';
import { expect, it } from 'vitest';
import type { AnyObject } from '../core/action.ts';
import { aRollout } from '../testing/objects.ts';
import {
  member,
  type PodState,
  plannedBy,
  revisionFor,
  running,
  withImage,
  writesOf,
} from '../testing/stateful-cluster.ts';
import { revisionOf } from './identity.ts';

/** A pod's revision, `old` or `new`, and its state. */
type PodOf = readonly ['old' | 'new', PodState?];

/** Writes for a set whose template is new, under a Rollout that has the old revision for stable. */
function writes(status: RolloutStatus, pods: readonly PodOf[], spec: Partial<StatefulSet['spec']> = {}): string[] {
  const { set, revision: old } = running(spec, []);
  const changed = withImage(set, 'web:2');
  const fresh = revisionFor(changed, [old]);
  const [stable, update] = [old.metadata.name, fresh.metadata.name];
  changed.status = { replicas: 3, currentRevision: stable, updateRevision: update };
  const members = pods.map(([which, state], ordinal) => member(changed, ordinal, which === 'old' ? old : fresh, state));
  const known = status.canaryRevision === undefined ? status : { ...status, canaryRevision: update };
  const rollout = aRollout('StatefulSet', { stableRevision: stable, ...known });
  const objects: AnyObject[] = [changed, old, fresh, rollout, ...members];
  return writesOf(objects);
}

const canary = (canaryReplicas: number, more: RolloutStatus = {}): RolloutStatus => ({
  canaryRevision: 'new',
  canaryReplicas,
  ...more,
});
const three = (...pods: PodOf[]): PodOf[] => pods;

it.each<[string, RolloutStatus, PodOf[], Partial<StatefulSet['spec']>, string[]]>([
  ['no pod before the policy knows the revision', {}, three(['old'], ['old'], ['old']), {}, []],
  ['the highest ordinals, one after another', canary(2), three(['old'], ['old'], ['old']), {}, ['delete Pod web-2']],
  ['the next one', canary(2), three(['old'], ['old'], ['new']), {}, ['delete Pod web-1']],
  ['no more than it may have', canary(2), three(['old'], ['new'], ['new']), {}, []],
  ['not what the own partition says', canary(1), three(['old'], ['old'], ['new']), partition(0), []],
  [
    'its pods although the own partition says none',
    canary(3),
    three(['old'], ['new'], ['new']),
    partition(3),
    ['delete Pod web-0'],
  ],
  [
    'its pods also where users delete them',
    canary(1),
    three(['old'], ['old'], ['old']),
    { updateStrategy: { type: 'OnDelete' } },
    ['delete Pod web-2'],
  ],
  [
    'and loses them when it is aborted',
    canary(0, { phase: 'Degraded' }),
    three(['old'], ['new'], ['new']),
    {},
    ['delete Pod web-2'],
  ],
  [
    'also one that is not ready',
    canary(0, { phase: 'Degraded' }),
    three(['old'], ['old'], ['new', 'pending']),
    {},
    ['delete Pod web-2'],
  ],
  ['and waits for one that is on its way', canary(0), three(['old'], ['old'], ['new', 'leaving']), {}, []],
])('a canary of a set gets %s', (_, status, pods, spec, expected) => {
  expect(writes(status, pods, spec)).toEqual(expected);
});

function partition(value: number): Partial<StatefulSet['spec']> {
  return { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: value } } };
}

it('makes pods that are missing of the revision of their ordinal', () => {
  const { set, revision: old } = running({ podManagementPolicy: 'Parallel' }, []);
  const changed = withImage(set, 'web:2');
  const fresh = revisionFor(changed, [old]);
  changed.status = { replicas: 0, currentRevision: old.metadata.name, updateRevision: fresh.metadata.name };
  const status = { stableRevision: old.metadata.name, canaryRevision: fresh.metadata.name, canaryReplicas: 1 };
  const created = plannedPods([changed, old, fresh, aRollout('StatefulSet', status)]);
  expect(created).toEqual([
    ['web-0', old.metadata.name],
    ['web-1', old.metadata.name],
    ['web-2', fresh.metadata.name],
  ]);
});

function plannedPods(objects: readonly AnyObject[]): [string, string | undefined][] {
  return plannedBy(objects).flatMap((action) =>
    action.type === 'create' && action.object.kind === 'Pod'
      ? [[action.object.metadata.name, revisionOf(action.object)]]
      : [],
  );
}

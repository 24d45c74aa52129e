import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { expect, test } from 'vitest';
import { fakeView } from '../testing/fake-view.ts';
import { aPod, aReplicaSet } from '../testing/objects.ts';
import { claimsOf } from './claims.ts';

const isWeb = ({ metadata }: Pod): boolean => metadata.labels?.app === 'web';
const names = (pods: readonly Pod[]): string[] => pods.map(({ metadata }) => metadata.name);

function world(set = aReplicaSet(3)) {
  const mine = aPod('mine', { owner: set });
  const strayed = aPod('strayed', { owner: set, labels: { app: 'other' } });
  const orphan = aPod('orphan');
  const leaving = aPod('leaving');
  leaving.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
  const others = aPod('others', { owner: aReplicaSet(1) });
  return { set, pods: [mine, strayed, orphan, leaving, others] };
}

test('an owner adopts what it selects and nobody manages, and releases what it selects no more', () => {
  const { set, pods } = world();
  const { members, actions, isStale } = claimsOf<Pod>(set, 'Pod', isWeb, fakeView(pods));
  expect(isStale).toBe(false);
  expect(names(members)).toEqual(['mine', 'orphan']);
  expect(
    actions.map(
      (action) =>
        action.type === 'patchMetadata' && [action.object.metadata.name, action.metadata.ownerReferences!.length],
    ),
  ).toEqual([
    ['orphan', 1],
    ['strayed', 0],
  ]);
});

test('an owner that is being deleted adopts and releases nothing', () => {
  const { set, pods } = world();
  set.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
  const { members, actions } = claimsOf<Pod>(set, 'Pod', isWeb, fakeView(pods));
  expect(names(members)).toEqual(['mine']);
  expect(actions).toEqual([]);
});

test('an orphan that is newer than the view of the owner makes it wait', () => {
  const { set, pods } = world();
  pods[2]!.metadata.resourceVersion = '12';
  expect(claimsOf<Pod>(set, 'Pod', isWeb, fakeView(pods, 11)).isStale).toBe(true);
  expect(claimsOf<Pod>(set, 'Pod', isWeb, fakeView(pods, 12)).isStale).toBe(false);
});

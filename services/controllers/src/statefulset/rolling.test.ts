import type { StatefulSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import { describe, expect, it } from 'vitest';
import { aStatefulSet } from '../testing/objects.ts';
import { Random } from '../testing/random.ts';
import { member, type PodState, plannedBy, revisionFor, withImage, writesOf } from '../testing/stateful-cluster.ts';
import { maxUnavailableOf } from './rolling.ts';

type Spec = Partial<StatefulSet['spec']>;
/** A pod by its revision, a (the current one), b (one that was given up) or c (the present template's), and its state. */
type Member = `${'a' | 'b' | 'c'} ${PodState}`;
type Row = readonly [what: string, spec: Spec, pods: readonly Member[], writes: readonly string[]];

const parallel: Spec = { podManagementPolicy: 'Parallel' };
const rolling = (rollingUpdate: object): Spec => ({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } });

function cluster(spec: Spec, pods: readonly Member[]) {
  const a = withImage(aStatefulSet({ replicas: pods.length, ...spec }), 'web:a');
  const [b, c] = [withImage(a, 'web:b'), withImage(a, 'web:c')];
  const first = revisionFor(a);
  const second = revisionFor(b, [first]);
  const third = revisionFor(c, [first, second]);
  const revisions = { a: first, b: second, c: third };
  const replicas = pods.flatMap((pod, ordinal) => {
    const [revision, state] = pod.split(' ') as ['a' | 'b' | 'c', PodState];
    return state === 'none' ? [] : [member(c, ordinal, revisions[revision], state)];
  });
  c.status = { replicas: pods.length, currentRevision: first.metadata.name, updateRevision: third.metadata.name };
  return { set: c, objects: [c, first, second, third, ...replicas], revisions };
}

describe('a rolling update', () => {
  it.each<Row>([
    ['begins at the highest ordinal', {}, ['a ready', 'a ready', 'a ready'], ['delete Pod web-2']],
    ['waits for the pod that is gone', {}, ['a ready', 'a ready', 'a leaving'], []],
    ['makes it anew', {}, ['a ready', 'a ready', 'c none'], ['create Pod web-2']],
    ['waits until it serves', {}, ['a ready', 'a ready', 'c unready'], []],
    ['goes on below', {}, ['a ready', 'a ready', 'c ready'], ['delete Pod web-1']],
    ['ends', {}, ['c ready', 'c ready', 'c ready'], []],
    ['stops at the partition', rolling({ partition: 2 }), ['a ready', 'a ready', 'c ready'], []],
    [
      'counts the partition from the first ordinal',
      { ...rolling({ partition: 1 }), ordinals: { start: 1 }, replicas: 2 },
      ['a none', 'a ready', 'a ready'],
      ['delete Pod web-2'],
    ],
    [
      'takes as many as may be missing',
      rolling({ partition: 0, maxUnavailable: 2 }),
      ['a ready', 'a ready', 'a ready', 'a ready'],
      ['delete Pod web-3', 'delete Pod web-2'],
    ],
    [
      'takes a share of the pods',
      rolling({ maxUnavailable: '50%' }),
      ['a ready', 'a ready', 'a ready', 'a ready', 'a ready'],
      ['delete Pod web-4', 'delete Pod web-3'],
    ],
    [
      'takes one where the share is less',
      rolling({ maxUnavailable: '10%' }),
      ['a ready', 'a ready', 'a ready'],
      ['delete Pod web-2'],
    ],
    [
      'leaves pods that are deleted by hand to users',
      { updateStrategy: { type: 'OnDelete' } },
      ['a ready', 'a ready'],
      [],
    ],
    [
      'makes them of the new template',
      { updateStrategy: { type: 'OnDelete' } },
      ['a ready', 'a none'],
      ['create Pod web-1'],
    ],
    ['scales down first', { replicas: 2 }, ['a ready', 'a ready', 'a ready'], ['delete Pod web-2']],
    [
      'in parallel counts the missing',
      { ...parallel, ...rolling({ maxUnavailable: 2 }) },
      ['a ready', 'a ready', 'a ready', 'c unready'],
      ['delete Pod web-2'],
    ],
    [
      'in parallel takes old pods that do not serve beside that',
      { ...parallel, ...rolling({ maxUnavailable: 1 }) },
      ['a unready', 'a ready', 'a unready', 'a ready'],
      ['delete Pod web-2', 'delete Pod web-0'],
    ],
    [
      'in parallel spares those below the partition',
      { ...parallel, ...rolling({ partition: 1 }) },
      ['a unready', 'a ready'],
      [],
    ],
  ])('%s', (_what, spec, pods, writes) => {
    expect(writesOf(cluster(spec, pods).objects)).toEqual(writes);
  });

  it.each<Row>([
    ['a revision that was given up', {}, ['a ready', 'a ready', 'b unready'], ['delete Pod web-2']],
    ['a revision that was given up below a good pod', {}, ['a ready', 'b unready', 'b ready'], ['delete Pod web-1']],
    ['a revision that never ran', {}, ['a pending'], ['delete Pod web-0']],
    ['a revision that crashes', {}, ['a crashing', 'a none'], ['delete Pod web-0']],
    ['the current revision that ran once: it may come back', {}, ['a ready', 'a unready', 'a ready'], []],
    ['the new revision: that waits', {}, ['a ready', 'a ready', 'c pending'], []],
    ['pods below the partition', rolling({ partition: 2 }), ['a pending', 'a ready', 'c ready'], []],
    ['pods that users delete themselves', { updateStrategy: { type: 'OnDelete' } }, ['a pending', 'a ready'], []],
  ])('with pods in the way of %s', (_what, spec, pods, writes) => {
    expect(writesOf(cluster(spec, pods).objects)).toEqual(writes);
  });

  it.each<readonly [what: string, spec: Spec, ordinal: number, revision: 'a' | 'c']>([
    ['below the partition', rolling({ partition: 2 }), 1, 'a'],
    ['at the partition', rolling({ partition: 2 }), 2, 'c'],
    ['where no partition is named', rolling({}), 0, 'c'],
    ['where the update has not come to', { updateStrategy: { type: 'RollingUpdate' } }, 0, 'a'],
    ['where the update has been', { updateStrategy: { type: 'RollingUpdate' } }, 2, 'c'],
  ])('makes pods %s of the right revision', (_what, spec, ordinal, revision) => {
    const pods = [0, 1, 2].map((index): Member => (index === ordinal ? 'a none' : 'a ready'));
    const { objects, revisions } = cluster({ ...parallel, ...spec }, pods);
    const [action] = plannedBy(objects).filter(({ type }) => type === 'create');
    expect(action).toMatchObject({
      object: { metadata: { labels: { 'controller-revision-hash': revisions[revision].metadata.name } } },
    });
  });

  it('takes the revision of earlier days for an equal template, and moves it to the end', () => {
    const { set, objects, revisions } = cluster({}, ['c ready', 'c ready']);
    const back = withImage(set, 'web:a');
    expect(plannedBy([back, ...objects.slice(1)])).toMatchObject([
      { type: 'update', object: { metadata: { name: revisions.a.metadata.name }, revision: 4 } },
    ]);
  });
});

describe('the status', () => {
  const statusOf = (spec: Spec, pods: readonly Member[]) => {
    const { objects, revisions } = cluster(spec, pods);
    const action = plannedBy(objects).find(({ type }) => type === 'updateStatus');
    return { status: (action as { object: StatefulSet }).object.status!, revisions };
  };

  it('counts pods of both revisions while they are rolled', () => {
    const { status, revisions } = statusOf({}, ['a ready', 'a unready', 'c ready', 'c leaving']);
    expect(status).toEqual({
      observedGeneration: 1,
      replicas: 4,
      readyReplicas: 3,
      availableReplicas: 3,
      currentReplicas: 2,
      updatedReplicas: 1,
      currentRevision: revisions.a.metadata.name,
      updateRevision: revisions.c.metadata.name,
      collisionCount: 0,
    });
  });

  it('makes the new revision the current one once all pods are of it and ready', () => {
    const { status, revisions } = statusOf({}, ['c ready', 'c ready']);
    expect(status).toMatchObject({
      currentRevision: revisions.c.metadata.name,
      currentReplicas: 2,
      updatedReplicas: 2,
    });
    expect(statusOf({}, ['c ready', 'c unready']).status.currentRevision).toBe(revisions.a.metadata.name);
  });
});

describe('whatever the pods are', () => {
  const states: PodState[] = ['ready', 'unready', 'pending', 'crashing', 'failed', 'leaving', 'none'];

  it('no more pods go than may be missing, none below the partition, and ordered sets do one thing at a time', () => {
    const random = new Random(1);
    for (let run = 0; run < 3_000; run++) {
      const partition = random.int(0, 3);
      const maxUnavailable = random.pick([1, 2, '30%'])!;
      const ordered = random.chance(0.5);
      const spec = { ...(ordered ? {} : parallel), ...rolling({ partition, maxUnavailable }) };
      const pods = Array.from({ length: random.int(1, 6) }, (): Member => {
        const revision = random.pick(['a', 'c'] as const)!;
        return `${revision} ${random.chance(0.6) ? 'ready' : random.pick(states)!}`;
      });
      const { set, objects } = cluster(spec, pods);
      const writes = writesOf(objects);
      const deleted = writes.filter((write) => write.startsWith('delete Pod')).map((write) => Number(write.at(-1)));
      const serving = pods.filter((pod) => pod.endsWith(' ready')).length;
      const taken = deleted.filter((ordinal) => pods[ordinal]!.endsWith(' ready'));
      const about = JSON.stringify({ pods, spec, writes });
      expect(taken.length, about).toBeLessThanOrEqual(Math.max(0, maxUnavailableOf(set) - (pods.length - serving)));
      expect(
        taken.every((ordinal) => ordinal >= partition && pods[ordinal]!.startsWith('a')),
        about,
      ).toBe(true);
      const changes = writes.filter((write) => write.includes(' Pod '));
      if (ordered && pods.some((pod) => !pod.endsWith(' ready'))) expect(changes.length, about).toBeLessThanOrEqual(1);
    }
  });
});

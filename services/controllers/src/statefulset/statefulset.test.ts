import type { ControllerRevision, StatefulSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { describe, expect, it } from 'vitest';
import type { Action } from '../core/action.ts';
import { fakeView } from '../testing/fake-view.ts';
import { aPod, aStatefulSet } from '../testing/objects.ts';
import {
  dataTemplate,
  member,
  type PodState,
  plannedBy,
  revisionFor,
  running,
  testNowMs,
  withImage,
  writesOf,
} from '../testing/stateful-cluster.ts';
import { statefulSetController } from './statefulset.ts';

type Row = readonly [
  what: string,
  spec: Partial<StatefulSet['spec']>,
  pods: readonly PodState[],
  writes: readonly string[],
];

const parallel = { podManagementPolicy: 'Parallel' };
const ofType = <T extends Action['type']>(actions: readonly Action[], type: T): Extract<Action, { type: T }>[] =>
  actions.filter((action): action is Extract<Action, { type: T }> => action.type === type);

describe('pods of one revision', () => {
  it.each<Row>([
    ['start with the first', {}, [], ['create Pod web-0']],
    ['wait for one that is pending', {}, ['pending'], []],
    ['wait for one that is not ready', {}, ['unready'], []],
    ['come one after another', {}, ['ready'], ['create Pod web-1']],
    ['fill gaps first', {}, ['none', 'ready', 'ready'], ['create Pod web-0']],
    ['are all there', {}, ['ready', 'ready', 'ready'], []],
    ['start at another ordinal', { ordinals: { start: 5 } }, [], ['create Pod web-5']],
    ['of other ordinals go last', { ordinals: { start: 2 }, replicas: 1 }, ['ready', 'ready'], ['create Pod web-2']],
    ['that failed go', {}, ['ready', 'failed', 'ready'], ['delete Pod web-1']],
    ['that succeeded go as well', {}, ['ready', 'succeeded'], ['delete Pod web-1']],
    ['that leave are waited for', {}, ['leaving', 'ready'], []],
    ['are scaled down from the highest', { replicas: 1 }, ['ready', 'ready', 'ready'], ['delete Pod web-2']],
    ['are scaled down past pods that have ended', { replicas: 1 }, ['ready', 'failed', 'failed'], ['delete Pod web-2']],
    ['are not scaled down while one is not ready', { replicas: 1 }, ['unready', 'ready', 'ready'], []],
    ['are not scaled down while another leaves', { replicas: 1 }, ['ready', 'ready', 'leaving'], []],
    ['go down to the one that is not ready', { replicas: 1 }, ['ready', 'ready', 'unready'], ['delete Pod web-2']],
    ['stop at a lower one that is not ready', { replicas: 1 }, ['ready', 'unready', 'unready'], []],
    ['all go', { replicas: 0 }, ['ready', 'ready'], ['delete Pod web-1']],
    ['that are not wanted and failed go', { replicas: 1 }, ['ready', 'failed'], ['delete Pod web-1']],
    ['come at once in parallel', parallel, ['pending'], ['create Pod web-1', 'create Pod web-2']],
    [
      'go at once in parallel',
      { ...parallel, replicas: 1 },
      ['unready', 'ready', 'leaving', 'ready'],
      ['delete Pod web-3', 'delete Pod web-1'],
    ],
    ['fail and come in parallel', parallel, ['failed', 'none', 'ready'], ['delete Pod web-0', 'create Pod web-1']],
  ])('%s', (_what, spec, pods, writes) => {
    expect(writesOf(running(spec, pods).objects)).toEqual(writes);
  });

  it('have stable names, labels, host names and volumes', () => {
    const set = aStatefulSet({ volumeClaimTemplates: [dataTemplate()], replicas: 1 });
    set.spec.template!.spec!.volumes = [
      { name: 'data', emptyDir: {} },
      { name: 'tmp', emptyDir: {} },
    ];
    set.spec.template!.spec!.hostname = 'other';
    const revision = revisionFor(set);
    const pod = ofType(plannedBy([set, revision]), 'create').at(-1)!.object as Pod;
    expect(pod.metadata).toMatchObject({
      name: 'web-0',
      namespace: 'default',
      labels: {
        app: 'web',
        'statefulset.kubernetes.io/pod-name': 'web-0',
        'apps.kubernetes.io/pod-index': '0',
        'controller-revision-hash': revision.metadata.name,
      },
      ownerReferences: [{ kind: 'StatefulSet', uid: set.metadata.uid, controller: true, blockOwnerDeletion: true }],
    });
    expect(pod.spec).toMatchObject({ hostname: 'web-0', subdomain: 'web' });
    expect(pod.spec.volumes).toEqual([
      { name: 'data', persistentVolumeClaim: { claimName: 'data-web-0' } },
      { name: 'tmp', emptyDir: {} },
    ]);
  });

  it('are made and deleted only while the set asks for the same', () => {
    const { set, objects } = running({ replicas: 1 }, ['ready', 'ready']);
    const [deletion] = ofType(plannedBy(objects), 'delete');
    expect(deletion).toMatchObject({
      ifUnchanged: true,
      requires: [{ type: 'generation', generation: 1, ref: { kind: 'StatefulSet', uid: set.metadata.uid } }],
      told: {
        done: 'Delete Pod web-1 in StatefulSet web successful',
        failed: 'Delete Pod web-1 in StatefulSet web failed error',
      },
    });
    const [creation] = ofType(plannedBy(running({}, []).objects), 'create');
    expect(creation).toMatchObject({
      requires: [{ type: 'generation', generation: 1 }],
      told: { done: 'Create Pod web-0 in StatefulSet web successful' },
    });
  });

  it('get back the labels and volumes of their identity', () => {
    const { set, revision, objects } = running({ replicas: 1 }, ['ready']);
    const pod = objects.at(-1) as Pod;
    delete pod.metadata.labels!['statefulset.kubernetes.io/pod-name'];
    const actions = plannedBy([set, revision, pod]);
    expect(ofType(actions, 'update')[0]!.object.metadata.labels).toMatchObject({
      'statefulset.kubernetes.io/pod-name': 'web-0',
    });
    expect(ofType(actions, 'event')[0]).toMatchObject({
      reason: 'SuccessfulUpdate',
      message: 'Update Pod web-0 in StatefulSet web successful',
    });
  });

  it('are neither made nor deleted for a set that is being deleted', () => {
    const { set, objects } = running({ replicas: 2 }, ['failed', 'none', 'ready']);
    set.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    expect(writesOf(objects)).toEqual([]);
    expect(ofType(plannedBy(objects), 'updateStatus')[0]!.object).toMatchObject({ status: { replicas: 2 } });
  });

  it('come and go by a bounded number at once', () => {
    const many = { ...parallel, volumeClaimTemplates: [dataTemplate()] };
    const created = writesOf(running({ ...many, replicas: 2_000 }, []).objects);
    expect(created.filter((write) => write.startsWith('create Pod'))).toHaveLength(250);
    expect(created.filter((write) => write.startsWith('create PersistentVolumeClaim'))).toHaveLength(250);
    const pods = Array.from({ length: 600 }, (): PodState => 'ready');
    const ended = writesOf(running({ ...parallel, replicas: 0 }, pods).objects);
    expect(ended.filter((write) => write.startsWith('delete Pod'))).toHaveLength(500);
  });

  it('wait until they were ready for long enough', () => {
    const { set, objects } = running({ minReadySeconds: 300 }, ['ready']);
    expect(writesOf(objects)).toEqual([]);
    const actions = plannedBy(objects);
    expect(ofType(actions, 'requeue')).toEqual([{ type: 'requeue', afterMs: 60_000 }]);
    expect(ofType(actions, 'updateStatus')[0]!.object).toMatchObject({
      status: { readyReplicas: 1, availableReplicas: 0 },
    });
    set.spec.minReadySeconds = 240;
    expect(writesOf(objects)).toEqual(['create Pod web-1']);
  });
});

describe('pods that the set does not own', () => {
  it('are adopted where they have a name and the labels of the set', () => {
    const { set, revision } = running({}, []);
    const orphan = aPod('web-1', { node: 'n' });
    const stranger = aPod('other-1', { node: 'n' });
    const unlabelled = aPod('web-2', { node: 'n', labels: { app: 'x' } });
    const actions = plannedBy([set, revision, orphan, stranger, unlabelled]);
    expect(actions.map((action) => 'object' in action && [action.type, action.object.metadata.name])).toEqual([
      ['patchMetadata', 'web-1'],
    ]);
  });

  it('are released where the labels are no longer those of the set, and keep their names', () => {
    const { set, revision, objects } = running({}, ['ready', 'ready', 'ready']);
    const pod = objects[3] as Pod;
    pod.metadata.labels = { app: 'x' };
    expect(writesOf(objects)).toEqual(['patchMetadata Pod web-1']);
    const released = { ...pod, metadata: { ...pod.metadata, ownerReferences: [] } };
    expect(writesOf([set, revision, objects[2]!, released, objects[4]!])).toEqual([]);
    expect(statefulSetController().keysFor(released, fakeView([set]))).toEqual(['default/web']);
  });

  it('concern nobody where they have no name of a set', () => {
    const view = fakeView([aStatefulSet()]);
    const keys = ['web', 'web-x', 'web-01', 'other-1', 'web-99999999999'].map((name) =>
      statefulSetController().keysFor(aPod(name), view),
    );
    expect(keys).toEqual([[], [], [], [], []]);
  });
});

describe('revisions', () => {
  it('are made of a new template before anything else', () => {
    const { revision, objects } = running({}, ['ready', 'ready', 'ready']);
    const set = withImage(objects[0] as StatefulSet, 'web:2');
    const [action] = ofType(plannedBy([set, ...objects.slice(1)]), 'create');
    expect(action!.object).toMatchObject({
      kind: 'ControllerRevision',
      revision: 2,
      data: { spec: { template: { $patch: 'replace', spec: { containers: [{ image: 'web:2' }] } } } },
      metadata: { labels: { app: 'web' }, ownerReferences: [{ kind: 'StatefulSet', controller: true }] },
    });
    expect(revision.metadata.name).not.toBe(action!.object.metadata.name);
  });

  it('count collisions of names', () => {
    const set = aStatefulSet();
    const revision = revisionFor(set);
    const foreign = {
      ...revision,
      metadata: { ...revision.metadata, ownerReferences: [{ ...revision.metadata.ownerReferences![0]!, uid: 'x' }] },
    };
    expect(plannedBy([set, foreign])).toMatchObject([
      { type: 'updateStatus', object: { status: { collisionCount: 1 } } },
    ]);
    const salted = { ...set, status: { replicas: 0, collisionCount: 1 } };
    expect(ofType(plannedBy([salted, foreign]), 'create')[0]!.object.metadata.name).not.toBe(revision.metadata.name);
  });

  it('wait for the newest where the view does not show it yet', () => {
    const { set, objects } = running({}, ['ready']);
    set.metadata.resourceVersion = '9';
    const late = { ...fakeView(objects.filter(({ kind }) => kind !== 'ControllerRevision')), revision: () => 8 };
    expect(statefulSetController().reconcile('default/web', late, testNowMs)).toMatchObject([{ type: 'requeue' }]);
  });

  it('go beyond the limit, but for those of pods', () => {
    const first = aStatefulSet({ revisionHistoryLimit: 1 });
    const sets = [first, ...['web:2', 'web:3', 'web:4', 'web:5'].map((image) => withImage(first, image))];
    const revisions: ControllerRevision[] = [];
    for (const set of sets) revisions.push(revisionFor(set, revisions));
    const set = sets.at(-1)!;
    const pods = [0, 1, 2].map((ordinal) => member(set, ordinal, revisions[ordinal === 0 ? 0 : 4]!, 'ready'));
    set.spec.updateStrategy = { type: 'OnDelete' };
    const name = (index: number): string => revisions[index]!.metadata.name;
    set.status = { replicas: 3, currentRevision: name(0), updateRevision: name(4) };
    expect(writesOf([set, ...revisions, ...pods])).toEqual([
      `delete ControllerRevision ${name(1)}`,
      `delete ControllerRevision ${name(2)}`,
    ]);
    set.spec.revisionHistoryLimit = -1;
    expect(writesOf([set, ...revisions, ...pods])).toEqual([]);
  });
});

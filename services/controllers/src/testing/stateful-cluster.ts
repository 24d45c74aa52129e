/** Clusters of tests: a StatefulSet with its history and its pods. */
import type { ControllerRevision, StatefulSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { PersistentVolumeClaim, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Action, AnyObject } from '../core/action.ts';
import { historyOf, templateOf } from '../core/history.ts';
import { claimName, podFor } from '../statefulset/identity.ts';
import { statefulSetController } from '../statefulset/statefulset.ts';
import { fakeView } from './fake-view.ts';
import { aStatefulSet } from './objects.ts';

export const testNowMs = Date.parse('2026-01-01T00:05:00Z');

/** The state of a pod in a test: `ready`, or how it is not. */
export type PodState = 'ready' | 'unready' | 'pending' | 'crashing' | 'failed' | 'succeeded' | 'leaving' | 'none';

/** The revision that a set makes of its present template beside those that there are. */
export function revisionFor(set: StatefulSet, revisions: readonly ControllerRevision[] = []): ControllerRevision {
  const [action] = historyOf(set, revisions, fakeView([])).actions;
  const object = (action as Extract<Action, { type: 'create' }>).object as ControllerRevision;
  return { ...object, metadata: { ...object.metadata, uid: `uid-of-${object.metadata.name}`, resourceVersion: '1' } };
}

/** The set with another image in its template. */
export function withImage(set: StatefulSet, image: string): StatefulSet {
  const template = structuredClone(set.spec.template!);
  template.spec!.containers[0]!.image = image;
  return { ...set, spec: { ...set.spec, template } };
}

/** A pod of the set, of a revision. */
export function member(
  set: StatefulSet,
  ordinal: number,
  revision: ControllerRevision,
  state: PodState = 'ready',
): Pod {
  const pod = podFor(set, ordinal, templateOf(revision), revision.metadata.name);
  const { name } = pod.metadata;
  const phases: Partial<Record<PodState, string>> = { pending: 'Pending', failed: 'Failed', succeeded: 'Succeeded' };
  const waiting = { state: { waiting: { reason: 'CrashLoopBackOff' } }, name: 'web', image: '', imageID: '' };
  const leaving = state === 'leaving' ? { deletionTimestamp: '2026-01-01T00:06:00Z' } : {};
  const isReady = state === 'ready' || state === 'leaving';
  return {
    ...pod,
    metadata: { ...pod.metadata, ...leaving, uid: `uid-of-${name}`, resourceVersion: '1' },
    spec: { ...pod.spec, ...(state === 'pending' ? {} : { nodeName: 'n1' }) },
    status: {
      phase: phases[state] ?? 'Running',
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: '2026-01-01T00:01:00Z' }],
      ...(state === 'crashing' ? { containerStatuses: [waiting] } : {}),
    } as Pod['status'],
  };
}

/** A claim that a template of the set made, of a size. */
export function claimOf(
  set: StatefulSet,
  ordinal: number,
  storage = '1Gi',
  rest: Partial<PersistentVolumeClaim> = {},
): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: claimName(set, 'data', ordinal),
      namespace: 'default',
      uid: `uid-c${ordinal}`,
      resourceVersion: '1',
    },
    spec: { storageClassName: 'fast', accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
    status: { phase: 'Bound', capacity: { storage } },
    ...rest,
  };
}

/** A template of claims. */
export function dataTemplate(storage = '1Gi'): NonNullable<StatefulSet['spec']['volumeClaimTemplates']>[number] {
  return {
    metadata: { name: 'data', labels: { tier: 'disk' } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
  };
}

/** A set of one revision with pods in these states, from ordinal 0 on. */
export function running(
  spec: Partial<StatefulSet['spec']>,
  states: readonly PodState[],
): { readonly set: StatefulSet; readonly revision: ControllerRevision; readonly objects: AnyObject[] } {
  const set = aStatefulSet(spec);
  const revision = revisionFor(set);
  const pods = states.flatMap((state, ordinal) => (state === 'none' ? [] : [member(set, ordinal, revision, state)]));
  set.status = { replicas: 0, currentRevision: revision.metadata.name, updateRevision: revision.metadata.name };
  return { set, revision, objects: [set, revision, ...pods] };
}

/** The writes of pods, claims and revisions in a plan, such as `create Pod web-0`. */
export function writesOf(objects: readonly AnyObject[], controller = statefulSetController()): string[] {
  return plannedBy(objects, controller).flatMap((action) =>
    action.type === 'updateStatus' || !('object' in action)
      ? []
      : [`${action.type} ${action.object.kind} ${action.object.metadata.name}`],
  );
}

/** The plan for the set. */
export function plannedBy(objects: readonly AnyObject[], controller = statefulSetController()): readonly Action[] {
  return controller.reconcile('default/web', fakeView(objects), testNowMs);
}

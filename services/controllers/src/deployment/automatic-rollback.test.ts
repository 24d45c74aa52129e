import type { Deployment, DeploymentCondition, ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { describe, expect, it } from 'vitest';
import type { Action } from '../core/action.ts';
import { controllerReference } from '../core/owners.ts';
import { fakeView } from '../testing/fake-view.ts';
import { aDeployment } from '../testing/objects.ts';
import { completedAnnotation } from './annotations.ts';
import { deploymentController } from './deployment.ts';
import { newSetFor } from './sets.ts';

const now = Date.parse('2026-01-01T00:30:00Z');
const asking = { 'gantry.dev/rollback-on-failure': 'true' };

function deploymentOf(image: string, annotations: Record<string, string> = asking): Deployment {
  const deployment = aDeployment({ replicas: 2 }, image);
  const progressing: DeploymentCondition = {
    type: 'Progressing',
    status: 'True',
    reason: 'ReplicaSetUpdated',
    lastUpdateTime: '2026-01-01T00:00:00Z',
  };
  const counts = { replicas: 3, updatedReplicas: 1, readyReplicas: 2, availableReplicas: 2, observedGeneration: 1 };
  return {
    ...deployment,
    metadata: { ...deployment.metadata, uid: 'd', annotations },
    status: { ...counts, conditions: [progressing] },
  };
}

function aSet(
  of: Deployment,
  image: string,
  options: { available: number; revision: number; was?: 'complete' },
): ReplicaSet {
  const then = { ...of, spec: { ...of.spec, template: aDeployment({}, image).spec.template } };
  const set = newSetFor(then, image === 'web:1' ? 2 : 1, BigInt(options.revision), 3);
  const mark: Record<string, string> = options.was === 'complete' ? { [completedAnnotation]: 'true' } : {};
  const replicas = set.spec.replicas!;
  return {
    ...set,
    metadata: {
      ...set.metadata,
      uid: image,
      resourceVersion: '9',
      generation: 1,
      creationTimestamp: `2026-01-01T00:00:0${options.revision}Z`,
      annotations: { ...set.metadata.annotations, ...mark },
      ownerReferences: [controllerReference(of)],
    },
    status: { replicas, readyReplicas: options.available, availableReplicas: options.available, observedGeneration: 1 },
  };
}

const reconcile = (deployment: Deployment, ...sets: ReplicaSet[]): readonly Action[] =>
  deploymentController(new FakeClock()).reconcile('default/web', fakeView([deployment, ...sets]), now);
const imageIn = (actions: readonly Action[]): string | undefined => {
  const update = actions.find((action) => action.type === 'update' && action.object.kind === 'Deployment');
  return update?.type === 'update' ? (update.object as Deployment).spec.template.spec!.containers[0]!.image : undefined;
};

describe('a rollout that misses its progress deadline', () => {
  const bad = deploymentOf('web:2');
  const good = aSet(bad, 'web:1', { available: 2, revision: 1, was: 'complete' });
  const broken = aSet(bad, 'web:2', { available: 0, revision: 2 });

  it('is undone where the Deployment asks for it', () => {
    const actions = reconcile(bad, good, broken);
    expect(imageIn(actions)).toBe('web:1');
    expect(actions.map(({ type }) => type)).toEqual(['updateStatus', 'update', 'event']);
    const { status } = (actions[0] as Extract<Action, { type: 'updateStatus' }>).object as Deployment;
    expect(status?.conditions?.map(({ type, reason }) => `${type} ${reason}`)).toEqual([
      'Available MinimumReplicasAvailable',
      'Progressing ProgressDeadlineExceeded',
      'RolledBack ProgressDeadlineExceeded',
    ]);
  });

  it('stays where nobody asks for it', () => {
    for (const value of ['', 'false']) {
      const annotations = { 'gantry.dev/rollback-on-failure': value };
      const deployment = deploymentOf('web:2', annotations);
      expect(imageIn(reconcile(deployment, good, broken))).toBeUndefined();
    }
  });

  it('stays where no revision was complete before, or the present one was', () => {
    expect(imageIn(reconcile(bad, aSet(bad, 'web:1', { available: 1, revision: 1 }), broken))).toBeUndefined();
    const once = aSet(bad, 'web:2', { available: 0, revision: 2, was: 'complete' });
    expect(imageIn(reconcile(bad, good, once))).toBeUndefined();
  });

  it('goes back to the newest revision that was complete', () => {
    const older = aSet(bad, 'web:0', { available: 0, revision: 0, was: 'complete' });
    expect(imageIn(reconcile(bad, older, good, broken))).toBe('web:1');
  });

  it('is told of until the Deployment goes elsewhere', () => {
    const told = (name: string): DeploymentCondition => ({
      type: 'RolledBack',
      status: 'True',
      reason: 'ProgressDeadlineExceeded',
      message: `ReplicaSet "x" missed its progress deadline; the template of ReplicaSet "${name}" is back`,
    });
    const conditionsAfter = (name: string): string[] => {
      const back = deploymentOf('web:1');
      back.status!.conditions!.push(told(name));
      const actions = reconcile(back, aSet(back, 'web:1', { available: 2, revision: 3, was: 'complete' }));
      const written = actions.find((action) => action.type === 'updateStatus')?.object as Deployment | undefined;
      return (written ?? back).status!.conditions!.map(({ type }) => type);
    };
    expect(conditionsAfter(good.metadata.name)).toContain('RolledBack');
    expect(conditionsAfter('another')).not.toContain('RolledBack');
  });
});

it('marks a set whose rollout is complete, once and where the Deployment asks for it', () => {
  const whole = (annotations = asking as Record<string, string>): Deployment => ({
    ...deploymentOf('web:1', annotations),
    status: { replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2, observedGeneration: 1 },
  });
  const marks = (deployment: Deployment, was?: 'complete'): boolean => {
    const set = aSet(deployment, 'web:1', { available: 2, revision: 1, ...(was ? { was } : {}) });
    return reconcile(deployment, set).some(
      (action) =>
        action.type === 'update' &&
        set.metadata.annotations?.[completedAnnotation] !== action.object.metadata.annotations?.[completedAnnotation],
    );
  };
  expect(marks(whole())).toBe(true);
  expect(marks(whole(), 'complete')).toBe(false);
  expect(marks(whole({}))).toBe(false);
});

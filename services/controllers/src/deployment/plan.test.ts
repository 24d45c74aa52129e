import type { Deployment, DeploymentCondition, ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { describe, expect, it } from 'vitest';
import type { Action, AnyObject } from '../core/action.ts';
import { fakeView } from '../testing/fake-view.ts';
import { aDeployment } from '../testing/objects.ts';
import { deploymentController } from './deployment.ts';
import { newSetFor } from './sets.ts';

const now = Date.parse('2026-01-01T00:05:00Z');
const earlier = '2026-01-01T00:00:00Z';

const reconcile = (
  objects: readonly AnyObject[],
  controller = deploymentController(new FakeClock()),
): readonly Action[] => controller.reconcile('default/web', fakeView(objects), now);
const updatesOf = (actions: readonly Action[]): ReplicaSet[] =>
  actions.flatMap((action) => (action.type === 'update' ? [action.object as ReplicaSet] : []));
const statusIn = (actions: readonly Action[]): Deployment =>
  actions.findLast((action) => action.type === 'updateStatus')!.object as Deployment;
const progressingIn = (actions: readonly Action[]): DeploymentCondition | undefined =>
  statusIn(actions).status!.conditions?.find(({ type }) => type === 'Progressing');
const eventsIn = (actions: readonly Action[]): string[] =>
  actions.flatMap((action) =>
    action.type === 'event' ? [`${action.eventType} ${action.reason} ${action.message}`] : [],
  );

/** A set of a Deployment's template of that image, all of whose pods are available. */
function aSet(deployment: Deployment, image: string, replicas: number, revision: number, most = 4): ReplicaSet {
  const { spec, metadata } = deployment;
  const then = { ...deployment, spec: { ...spec, template: aDeployment({}, image).spec.template } };
  const set = newSetFor({ ...then, metadata: { ...metadata, annotations: {} } }, replicas, BigInt(revision), most);
  const counts = { replicas, readyReplicas: replicas, availableReplicas: replicas };
  return {
    ...set,
    metadata: {
      ...set.metadata,
      uid: `uid-${image}`,
      resourceVersion: '9',
      generation: 1,
      creationTimestamp: `2026-01-01T00:00:0${revision}Z`,
    },
    status: { ...counts, terminatingReplicas: 0, observedGeneration: 1 },
  };
}

const progressing = (status: string, reason: string): DeploymentCondition => ({
  type: 'Progressing',
  status,
  reason,
  lastUpdateTime: earlier,
  lastTransitionTime: earlier,
});

const withConditions = (deployment: Deployment, ...conditions: DeploymentCondition[]): Deployment => ({
  ...deployment,
  status: { ...deployment.status, conditions },
});

describe('a Deployment that is paused', () => {
  it.each<[paused: boolean, before: [string, string] | undefined, then: string | undefined]>([
    [true, undefined, 'DeploymentPaused'],
    [true, ['True', 'ReplicaSetUpdated'], 'DeploymentPaused'],
    [true, ['True', 'NewReplicaSetAvailable'], 'DeploymentPaused'],
    [true, ['False', 'ProgressDeadlineExceeded'], 'ProgressDeadlineExceeded'],
    [false, ['Unknown', 'DeploymentPaused'], 'DeploymentResumed'],
    [false, ['False', 'ProgressDeadlineExceeded'], 'ProgressDeadlineExceeded'],
  ])('%s, of condition %j, has the condition %s', (paused, before, then) => {
    const counted = { replicas: 4, updatedReplicas: 1, readyReplicas: 4, availableReplicas: 4 };
    const bare = { ...aDeployment({ replicas: 3, paused }, 'web:2'), status: counted };
    const deployment = before === undefined ? bare : withConditions(bare, progressing(...before));
    const actions = reconcile([deployment, aSet(deployment, 'web:2', 1, 2), aSet(deployment, 'web:1', 3, 1)]);
    expect(progressingIn(actions)?.reason).toBe(then);
  });

  it('makes no set of a new template, and is scaled nevertheless', () => {
    const deployment = aDeployment({ replicas: 5, paused: true }, 'web:2');
    const actions = reconcile([deployment, aSet(deployment, 'web:1', 3, 1)]);
    expect(actions.map(({ type }) => type)).not.toContain('create');
    expect(updatesOf(actions).map(({ spec }) => spec.replicas)).toEqual([5]);
    expect(eventsIn(actions)).toEqual([expect.stringMatching(/^Normal ScalingReplicaSet Scaled up .* from 3 to 5$/)]);
  });

  it('has no such condition where nobody watches over progress', () => {
    const deployment = aDeployment({ paused: true, progressDeadlineSeconds: 2 ** 31 - 1 });
    expect(progressingIn(reconcile([deployment, aSet(deployment, 'web:1', 3, 1)]))).toBeUndefined();
  });
});

describe('a Deployment that is scaled', () => {
  const inTheMiddle = (replicas: number): readonly Action[] => {
    const deployment = aDeployment({ replicas }, 'web:2');
    const asked = aDeployment({ replicas: 10 });
    const old = aSet(asked, 'web:1', 8, 1, 11);
    const current = aSet(asked, 'web:2', 3, 2, 11);
    const mine = (set: ReplicaSet): ReplicaSet => {
      const ownerReferences = [{ ...set.metadata.ownerReferences![0]!, uid: deployment.metadata.uid! }];
      return { ...set, metadata: { ...set.metadata, ownerReferences } };
    };
    current.status = { ...current.status, replicas: 3, readyReplicas: 0, availableReplicas: 0 };
    return reconcile([withConditions(deployment, progressing('True', 'ReplicaSetUpdated')), mine(current), mine(old)]);
  };

  it('in the middle of a rollout stays there, and writes down what it goes by', () => {
    const sizes = (replicas: number): (number | undefined)[] =>
      updatesOf(inTheMiddle(replicas)).map(({ spec }) => spec.replicas);
    expect(sizes(20)).toEqual([15, 6]);
    expect(sizes(5)).toEqual([4, 2]);
    expect(sizes(0)).toEqual([0, 0]);
    for (const { metadata } of updatesOf(inTheMiddle(20))) {
      expect(metadata.annotations).toMatchObject({
        'deployment.kubernetes.io/desired-replicas': '20',
        'deployment.kubernetes.io/max-replicas': '21',
      });
    }
    // No progress is expected of it meanwhile.
    expect(progressingIn(inTheMiddle(20))).toEqual(progressing('True', 'ReplicaSetUpdated'));
  });

  it('learns so where its only set has the size already', () => {
    const deployment = aDeployment({ replicas: 5 });
    const set = aSet(aDeployment({ replicas: 3 }), 'web:1', 5, 1);
    set.metadata.ownerReferences![0]!.uid = deployment.metadata.uid!;
    const [written, ...others] = updatesOf(reconcile([deployment, set]));
    expect(written?.metadata.annotations).toMatchObject({ 'deployment.kubernetes.io/desired-replicas': '5' });
    expect(others).toEqual([]);
    const settled = { ...set, metadata: written!.metadata };
    expect(updatesOf(reconcile([deployment, settled]))).toEqual([]);
  });
});

describe('a new set', () => {
  it('is told of right after it was made, with its revision and without another generation', () => {
    const actions = reconcile([aDeployment()]);
    expect(actions.map(({ type }) => type)).toEqual(['create', 'event', 'updateStatus']);
    expect(actions[2]).toMatchObject({ annotations: { 'deployment.kubernetes.io/revision': '1' } });
    expect(statusIn(actions).status).toMatchObject({ observedGeneration: 1, replicas: 0 });
    expect(progressingIn(actions)).toMatchObject({
      status: 'True',
      reason: 'NewReplicaSetCreated',
      message: expect.stringMatching(/^Created new replica set "web-\w{10}"$/),
    });
  });

  it('that cannot be made is told of by the status and an event, until it can', () => {
    const controller = deploymentController(new FakeClock());
    const deployment = aDeployment();
    controller.failed!('default/web', new GantryError('AlreadyExists', 'it is there'), 'create');
    controller.failed!('default/web', new GantryError('Forbidden', 'no status'), 'updateStatus');
    expect(eventsIn(reconcile([deployment], controller))).toHaveLength(1);
    controller.failed!('default/web', new GantryError('Forbidden', 'exceeded quota'), 'create');
    const actions = reconcile([deployment], controller);
    const message = expect.stringMatching(/^Failed to create new replica set "web-\w+": exceeded quota$/);
    expect(actions.map(({ type }) => type)).toEqual(['updateStatus', 'event', 'create', 'event', 'updateStatus']);
    expect((actions[0] as { object: Deployment }).object.status!.conditions).toContainEqual(
      expect.objectContaining({ type: 'Progressing', status: 'False', reason: 'ReplicaSetCreateError', message }),
    );
    expect(eventsIn(actions)[0]).toMatch(/^Warning ReplicaSetCreateError Failed to create new replica set/);
    reconcile([deployment, aSet(deployment, 'web:1', 3, 1)], controller);
    expect(eventsIn(reconcile([deployment], controller))).toHaveLength(1);
  });

  it('whose name is taken gets another one', () => {
    const deployment = aDeployment();
    const taken = newSetFor(deployment, 1, 1n, 1);
    delete taken.metadata.ownerReferences;
    taken.metadata.labels = {};
    expect(statusIn(reconcile([deployment, taken])).status).toMatchObject({ collisionCount: 1 });
    const salted = { ...deployment, status: { collisionCount: 1 } };
    const created = reconcile([salted, taken]).find(({ type }) => type === 'create');
    expect(created).toBeDefined();
  });

  it('has a name that is short enough', () => {
    const deployment = aDeployment();
    deployment.metadata.name = 'x'.repeat(253);
    expect(newSetFor(deployment, 1, 1n, 1).metadata.name).toMatch(/^x{242}-\w{10}$/);
  });

  it('is told of later where the news of it were lost', () => {
    const done = { ...progressing('True', 'NewReplicaSetAvailable'), lastUpdateTime: '2026-01-01T00:00:01Z' };
    const deployment = withConditions(aDeployment({ strategy: { type: 'Recreate' } }, 'web:2'), done);
    const current = { ...aSet(deployment, 'web:2', 0, 2), status: { replicas: 0, observedGeneration: 1 } };
    const old = aSet(deployment, 'web:1', 0, 1);
    expect(progressingIn(reconcile([deployment, old, current]))?.reason).toBe('NewReplicaSetCreated');
    current.metadata.creationTimestamp = '2026-01-01T00:00:01Z';
    expect(progressingIn(reconcile([deployment, old, current]))).toEqual(done);
  });

  it('that was there before is found', () => {
    const deployment = aDeployment();
    const found = { ...aSet(deployment, 'web:1', 2, 1), status: { replicas: 0, observedGeneration: 1 } };
    expect(progressingIn(reconcile([deployment, found]))).toMatchObject({
      status: 'True',
      reason: 'FoundNewReplicaSet',
      message: `Found new replica set "${found.metadata.name}"`,
    });
  });
});

describe('a rollback that an annotation asks for', () => {
  const rollBack = (to: string, image = 'web:2'): readonly Action[] => {
    const deployment = aDeployment({}, image);
    deployment.metadata.annotations = { 'deprecated.deployment.rollback.to': to, cause: 'second' };
    const first = aSet(deployment, 'web:1', 0, 1);
    first.metadata.annotations = { ...first.metadata.annotations, cause: 'first' };
    return reconcile([deployment, aSet(deployment, 'web:2', 3, 2), first]);
  };

  it.each(['1', '0'])('to revision %s brings the template and the annotations of then', (to) => {
    const actions = rollBack(to);
    const [update] = updatesOf(actions) as unknown as Deployment[];
    expect(update!.spec.template).toEqual(aDeployment({}, 'web:1').spec.template);
    expect(update!.metadata.annotations).toEqual({ cause: 'first' });
    expect(eventsIn(actions)).toEqual(['Normal DeploymentRollback Rolled back deployment "web" to revision 1']);
  });

  it.each([
    ['7', 'Warning DeploymentRollbackRevisionNotFound Unable to find the revision to rollback to.'],
    [
      '2',
      'Warning DeploymentRollbackTemplateUnchanged The rollback revision contains the same template as current deployment "web"',
    ],
  ])('to revision %s is given up: %s', (to, event) => {
    const actions = rollBack(to);
    expect(eventsIn(actions)).toEqual([event]);
    const [update] = updatesOf(actions) as unknown as Deployment[];
    expect(update!.metadata.annotations).toEqual({ cause: 'second' });
    expect(update!.spec.template).toEqual(aDeployment({}, 'web:2').spec.template);
  });

  it('to the last revision is given up where there is none', () => {
    const deployment = aDeployment();
    deployment.metadata.annotations = { 'deprecated.deployment.rollback.to': '0' };
    expect(eventsIn(reconcile([deployment, aSet(deployment, 'web:1', 3, 1)]))).toEqual([
      'Warning DeploymentRollbackRevisionNotFound Unable to find last revision.',
    ]);
  });
});

describe('old sets', () => {
  /** Names of the sets that are deleted of a Deployment with five old ones. */
  const deleted = (limit: number, change: (sets: ReplicaSet[]) => void = () => {}, spec = {}): string[] => {
    const done = { replicas: 3, updatedReplicas: 3, availableReplicas: 3, readyReplicas: 3, observedGeneration: 1 };
    const deployment = { ...aDeployment({ revisionHistoryLimit: limit, ...spec }, 'web:6'), status: done };
    const sets = [1, 2, 3, 4, 5].map((revision) => aSet(deployment, `web:${revision}`, 0, revision));
    change(sets);
    const actions = reconcile([deployment, aSet(deployment, 'web:6', 3, 6), ...sets]);
    return actions.flatMap((action) =>
      action.type === 'delete' ? [(action.object as ReplicaSet).spec.template.spec.containers[0]!.image!] : [],
    );
  };

  it('beyond the limit go, the oldest first', () => {
    expect(deleted(3)).toEqual(['web:1', 'web:2']);
    expect(deleted(0)).toHaveLength(5);
    expect(deleted(5)).toEqual([]);
    expect(deleted(2 ** 31 - 1)).toEqual([]);
    expect(deleted(3, () => {}, { paused: true })).toEqual(['web:1', 'web:2']);
  });

  it.each<[what: string, change: (set: ReplicaSet) => void]>([
    ['has pods', ({ status }) => Object.assign(status!, { replicas: 1 })],
    ['asks for pods', ({ spec }) => Object.assign(spec, { replicas: 1 })],
    ['has not been looked at', ({ status }) => Object.assign(status!, { observedGeneration: 0 })],
  ])('stay where one of them %s', (_what, change) => {
    expect(deleted(4, ([oldest]) => change(oldest!))).toEqual([]);
  });

  it('stay until the rollout is complete', () => {
    expect(deleted(0, () => {}, { replicas: 4 })).toEqual([]);
  });
});

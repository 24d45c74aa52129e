import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { PodDisruptionBudget } from '@gantry/model/gen/gantry.policy.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnyObject } from '../core/action.ts';
import { fakeView, tableWith } from '../testing/fake-view.ts';
import { aDeployment, aPod, aReplicaSet } from '../testing/objects.ts';
import { disruptionController as controllerOn } from './disruption.ts';

const clock = new FakeClock();
const disruptionController = controllerOn(clock);
const nowMs = Date.parse('2026-01-01T00:05:00Z');

function aBudget(spec: PodDisruptionBudget['spec'], status?: PodDisruptionBudget['status']): PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'b', namespace: 'default', uid: 'b', resourceVersion: '1', generation: 2 },
    spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
    ...(status === undefined ? {} : { status }),
  };
}

function statusOf(budget: PodDisruptionBudget, ...others: readonly AnyObject[]): object | undefined {
  const actions = disruptionController.reconcile('default/b', fakeView([budget, ...others]), nowMs);
  const update = actions.find(({ type }) => type === 'updateStatus');
  return update?.type === 'updateStatus' ? (update.object as PodDisruptionBudget).status : undefined;
}

const counts = (expectedPods: number, desiredHealthy: number, currentHealthy: number, disruptionsAllowed: number) => ({
  expectedPods,
  desiredHealthy,
  currentHealthy,
  disruptionsAllowed,
});

/** A Deployment of ten whose seven pods are ready but for two. */
function sevenOfTen(): AnyObject[] {
  const deployment = aDeployment({ replicas: 10 });
  const set = aReplicaSet(10, deployment);
  const pods = Array.from({ length: 7 }, (_, index) => aPod(`p${index}`, { owner: set, node: 'n', ready: index > 1 }));
  return [deployment, set, ...pods];
}

describe('the status of a budget', () => {
  it.each<[spec: PodDisruptionBudget['spec'], expected: object]>([
    [{ minAvailable: 3 }, counts(7, 3, 5, 2)],
    [{ minAvailable: '25%' }, counts(10, 3, 5, 2)],
    [{ maxUnavailable: 6 }, counts(10, 4, 5, 1)],
    [{ maxUnavailable: '55%' }, counts(10, 4, 5, 1)],
    [{ maxUnavailable: 20 }, counts(10, 0, 5, 5)],
    [{ maxUnavailable: 1 }, counts(10, 9, 5, 0)],
    [{}, counts(0, 0, 5, 0)],
  ])('with %j', (spec, expected) => {
    expect(statusOf(aBudget(spec), ...sevenOfTen())).toMatchObject({ observedGeneration: 2, ...expected });
  });

  it('takes pods that ended and those on their way out for expected, as Kubernetes does, and not for healthy', () => {
    const gone = aPod('gone', { node: 'n' });
    gone.metadata.deletionTimestamp = '2026-01-01T00:04:00Z';
    const failed = aPod('failed', { node: 'n' });
    failed.status!.phase = 'Failed';
    const other = aPod('other', { node: 'n', labels: { app: 'db' } });
    expect(statusOf(aBudget({ minAvailable: 0 }), gone, failed, other, aPod('one', { node: 'n' }))).toMatchObject(
      counts(3, 0, 1, 1),
    );
  });

  it('says whether anything may go, and since when', () => {
    const lastTransitionTime = '2026-01-01T00:01:00Z';
    const condition = { type: 'DisruptionAllowed', reason: 'InsufficientPods', message: '', lastTransitionTime };
    const before = { conditions: [{ ...condition, status: 'False' }] };
    const pod = aPod('one', { node: 'n' });
    expect(statusOf(aBudget({ minAvailable: 1 }, before), pod)).toMatchObject({
      conditions: [{ status: 'False', lastTransitionTime }],
    });
    expect(statusOf(aBudget({ minAvailable: 0 }, before), pod)).toMatchObject({
      conditions: [{ status: 'True', reason: 'SufficientPods', lastTransitionTime: '2026-01-01T00:05:00Z' }],
    });
  });

  it('takes a granted eviction for carried out until it is seen, or two minutes have passed', () => {
    const own = new FakeClock();
    const controller = controllerOn(own);
    const pods = ['p1', 'p2', 'p3'].map((name) => aPod(name, { node: 'n' }));
    const disruptedPods = { p1: '2026-01-01T00:04:00Z', p2: '2026-01-01T00:02:00Z', gone: '2026-01-01T00:04:00Z' };
    const budget = aBudget({ minAvailable: 1 }, { disruptedPods });
    const plan = () => controller.reconcile('default/b', fakeView([budget, ...pods]), nowMs + own.monotonic());
    expect(plan()).toContainEqual({ type: 'requeue', afterMs: 30_000 });
    own.advance(30_000);
    expect(plan()).toMatchObject([
      { type: 'updateStatus', object: { status: { ...counts(3, 1, 2, 1), disruptedPods: { p1: disruptedPods.p1 } } } },
      { type: 'event', reason: 'NotDeleted', about: { metadata: { name: 'p2' } } },
      { type: 'requeue', afterMs: 30_000 },
    ]);
  });

  it('holds no eviction back for hours because the clock was set back, and forgets none because it was set ahead', () => {
    const own = new FakeClock();
    const controller = controllerOn(own);
    const pods = ['p1', 'p2'].map((name) => aPod(name, { node: 'n' }));
    const healthyBy = (grantedAt: string): number => {
      const budget = aBudget({ minAvailable: 1 }, { disruptedPods: { p1: grantedAt } });
      const [action] = controller.reconcile('default/b', fakeView([budget, ...pods]), nowMs);
      return action?.type === 'updateStatus' ? (action.object as PodDisruptionBudget).status!.currentHealthy! : -1;
    };
    const [ahead, behind] = ['2026-01-01T02:05:00Z', '2025-12-31T22:05:00Z'];
    expect([healthyBy(ahead), healthyBy(behind)]).toEqual([1, 1]);
    own.advance(119_000);
    expect([healthyBy(ahead), healthyBy(behind)]).toEqual([1, 2]);
    own.advance(1_000);
    expect(healthyBy(ahead)).toBe(2);
  });

  it('allows nothing and says why where the controllers of pods have no scale, or are gone', () => {
    const owned = (kind: string, apiVersion: string): Pod => {
      const pod = aPod('p', { node: 'n' });
      pod.metadata.ownerReferences = [{ apiVersion, kind, name: 'o', uid: 'o', controller: true }];
      return pod;
    };
    const stale = { disruptionsAllowed: 3, currentHealthy: 4 };
    const reasonFor = (pod: Pod): object | undefined => statusOf(aBudget({ maxUnavailable: 1 }, stale), pod);
    const failed = (message: string) => ({
      disruptionsAllowed: 0,
      currentHealthy: 4,
      conditions: [{ type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message }],
    });
    expect(reasonFor(owned('ReplicaSet', 'apps/v1'))).toMatchObject(failed('found no controllers for pod "p"'));
    expect(reasonFor(owned('Odd', 'odd.example/v1'))).toMatchObject(
      failed('no matches for kind "Odd" in version "odd.example/v1"'),
    );
  });

  it('goes by the scale of whatever manages the pods, which it has read when it needs it', () => {
    const own = new FakeClock();
    const controller = controllerOn(own);
    const pods = ['p1', 'p2', 'p3'].map((name) => aPod(name, { node: 'n' }));
    for (const { metadata } of pods) {
      metadata.ownerReferences = [
        { apiVersion: 'example.com/v1', kind: 'Widget', name: 'w', uid: 'w', controller: true },
      ];
    }
    const view = fakeView([aBudget({ maxUnavailable: 1 }), ...pods], undefined, tableWith('widgets.example.com'));
    const plan = () => controller.reconcile('default/b', view, nowMs);
    const ref = { kind: 'widgets.example.com', namespace: 'default', name: 'w', uid: 'w' } as const;
    expect(plan()).toEqual([
      { type: 'readScale', ref },
      { type: 'requeue', afterMs: 1 },
    ]);
    controller.scaleRead!('default/b', ref, {
      type: 'replicas',
      uid: 'w',
      replicas: 5,
      currentReplicas: 5,
      selector: '',
    });
    expect(plan()).toMatchObject([
      { type: 'updateStatus', object: { status: counts(5, 4, 3, 0) } },
      { type: 'requeue', afterMs: 30_000 },
    ]);
    controller.scaleRead!('default/b', ref, { type: 'none' });
    const message = 'widgets.example.com does not implement the scale subresource';
    expect(plan()).toMatchObject([
      { type: 'updateStatus', object: { status: { conditions: [{ reason: 'SyncFailed', message }] } } },
      { type: 'event', reason: 'CalculateExpectedPodCountFailed' },
      { type: 'requeue' },
    ]);
    own.advance(10_000);
    expect(plan()[0]).toMatchObject({ type: 'readScale' });
  });

  it('waits for the view of pods whose eviction was granted', () => {
    const budget = aBudget({ minAvailable: 1 }, { disruptedPods: { p: '2026-01-01T00:04:00Z' } });
    budget.metadata.resourceVersion = '9';
    const planAt = (revision: number) =>
      disruptionController.reconcile('default/b', fakeView([budget], revision), nowMs);
    expect(planAt(8)).toMatchObject([{ type: 'requeue' }]);
    expect(planAt(9)).toMatchObject([{ type: 'updateStatus' }, { type: 'event', reason: 'NoPods' }]);
  });

  it("waits for the view of a pod's owner rather than call it gone", () => {
    const pod = aPod('p', { node: 'n', owner: aReplicaSet(3) });
    pod.metadata.resourceVersion = '9';
    const view = fakeView([aBudget({ maxUnavailable: 1 }), pod], 8);
    expect(disruptionController.reconcile('default/b', view, nowMs)).toMatchObject([{ type: 'requeue' }]);
  });

  it('is not written again where it is right', () => {
    const budget = aBudget({ minAvailable: 1 });
    const pods = [aPod('one', { node: 'n' }), aPod('two', { node: 'n' })];
    const status = statusOf(budget, ...pods) as NonNullable<PodDisruptionBudget['status']>;
    expect(statusOf({ ...budget, status }, ...pods)).toBeUndefined();
  });

  it('never lets more go than leaves as many as must stay', () => {
    const bound = fc.oneof(
      fc.nat(6),
      fc.nat(100).map((share) => `${share}%`),
    );
    const spec = fc.oneof(
      bound.map((minAvailable) => ({ minAvailable })),
      bound.map((maxUnavailable) => ({ maxUnavailable })),
    );
    fc.assert(
      fc.property(spec, fc.array(fc.boolean(), { maxLength: 6 }), fc.nat(6), (limits, ready, replicas) => {
        const set = aReplicaSet(replicas);
        const pods = ready.map((isReady, index) => aPod(`p${index}`, { owner: set, node: 'n', ready: isReady }));
        const status = statusOf(aBudget(limits), set, ...pods) as NonNullable<PodDisruptionBudget['status']>;
        const { disruptionsAllowed = 0, currentHealthy = 0, desiredHealthy = 0, expectedPods = 0 } = status;
        expect(currentHealthy).toBe(ready.filter(Boolean).length);
        expect(disruptionsAllowed).toBeGreaterThanOrEqual(0);
        if (disruptionsAllowed > 0) expect(currentHealthy - disruptionsAllowed).toBe(desiredHealthy);
        else expect(expectedPods === 0 || currentHealthy <= desiredHealthy).toBe(true);
      }),
    );
  });

  it('follows its pods and those who say how many there should be', () => {
    const view = fakeView([aBudget({ minAvailable: 1 })]);
    expect(disruptionController.keysFor(aPod('a'), view)).toEqual(['default/b']);
    expect(disruptionController.keysFor(aPod('a', { labels: { app: 'x' } }), view)).toEqual([]);
    expect(disruptionController.keysFor(aDeployment(), view)).toEqual([]);
    const relative = fakeView([aBudget({ minAvailable: '50%' })]);
    expect(disruptionController.keysFor(aDeployment(), relative)).toEqual(['default/b']);
  });
});

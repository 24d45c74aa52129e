import type { PodDisruptionBudget } from '@gantry/model/gen/gantry.policy.v1.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnyObject } from '../core/action.ts';
import { fakeView } from '../testing/fake-view.ts';
import { aDeployment, aPod, aReplicaSet } from '../testing/objects.ts';
import { disruptionController } from './disruption.ts';

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
    [{}, counts(7, 0, 5, 5)],
  ])('with %j', (spec, expected) => {
    expect(statusOf(aBudget(spec), ...sevenOfTen())).toMatchObject({ observedGeneration: 2, ...expected });
  });

  it('counts neither pods that ended nor those on their way out, nor those of others', () => {
    const gone = aPod('gone', { node: 'n' });
    gone.metadata.deletionTimestamp = '2026-01-01T00:04:00Z';
    const failed = aPod('failed', { node: 'n' });
    failed.status!.phase = 'Failed';
    const other = aPod('other', { node: 'n', labels: { app: 'db' } });
    expect(statusOf(aBudget({ minAvailable: 0 }), gone, failed, other, aPod('one', { node: 'n' }))).toMatchObject(
      counts(1, 0, 1, 1),
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
    const pods = ['p1', 'p2', 'p3'].map((name) => aPod(name, { node: 'n' }));
    const disruptedPods = { p1: '2026-01-01T00:04:00Z', p2: '2026-01-01T00:02:00Z', gone: '2026-01-01T00:04:00Z' };
    const budget = aBudget({ minAvailable: 1 }, { disruptedPods });
    expect(statusOf(budget, ...pods)).toMatchObject({
      ...counts(3, 1, 2, 1),
      disruptedPods: { p1: '2026-01-01T00:04:00Z' },
    });
    const actions = disruptionController.reconcile('default/b', fakeView([budget, ...pods]), nowMs);
    expect(actions).toContainEqual({ type: 'requeue', afterMs: 60_000 });
  });

  it('holds no eviction back for hours because the clock was set back', () => {
    const pods = ['p1', 'p2'].map((name) => aPod(name, { node: 'n' }));
    const budget = aBudget({ minAvailable: 1 }, { disruptedPods: { p1: '2026-01-01T02:05:00Z' } });
    expect(statusOf(budget, ...pods)).toMatchObject(counts(2, 1, 2, 1));
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
    expect(disruptionController.keysFor(aDeployment(), view)).toEqual(['default/b']);
  });
});

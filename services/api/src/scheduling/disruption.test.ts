import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { PodDisruptionBudget } from '@gantry/model/gen/gantry.policy.v1.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { podNamed, startTestApi, type TestApi } from '../testing/harness.ts';
import { charge, priceOf } from './disruption.ts';

const now = '2026-01-01T00:00:00Z';

function budget(name: string, status: PodDisruptionBudget['status'] = {}, app = 'web'): PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name, namespace: 'default', generation: 1 },
    spec: { minAvailable: 1, selector: { matchLabels: { app } } },
    status: { observedGeneration: 1, ...status },
  };
}

function running(ready: boolean, status: Pod['status'] = {}): Pod {
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }];
  return { ...podNamed('p', { labels: { app: 'web' } }), status: { phase: 'Running', conditions, ...status } };
}

describe('what an eviction costs', () => {
  test('one disruption of the budget that selects the pod', () => {
    expect(priceOf(running(true), [budget('other', {}, 'db'), budget('web')])).toEqual({
      type: 'budget',
      budget: 'web',
    });
  });

  test.each([
    ['no budget selects it', running(true), [budget('b', {}, 'db')]],
    ['it has ended', running(true, { phase: 'Failed' }), [budget('b')]],
  ])('nothing where %s', (_, pod, budgets) => {
    expect(priceOf(pod, budgets)).toEqual({ type: 'free' });
  });

  test('nothing for a pod that has not started, as long as it has not', () => {
    expect(priceOf(running(false, { phase: 'Pending' }), [budget('b')])).toEqual({ type: 'freeAsItIs' });
  });

  test('nothing for a pod that is not ready, once enough others are', () => {
    const enough = budget('b', { currentHealthy: 2, desiredHealthy: 2 });
    const few = budget('b', { currentHealthy: 1, desiredHealthy: 2 });
    const always = { ...few, spec: { ...few.spec, unhealthyPodEvictionPolicy: 'AlwaysAllow' } };
    expect(priceOf(running(false), [enough])).toEqual({ type: 'freeAsItIs', budget: 'b' });
    expect(priceOf(running(false), [always])).toEqual({ type: 'freeAsItIs', budget: 'b' });
    expect(priceOf(running(false), [few])).toEqual({ type: 'budget', budget: 'b' });
  });

  test('cannot be said where two budgets select it', () => {
    expect(() => priceOf(running(true), [budget('a'), budget('b')])).toThrow('more than one PodDisruptionBudget');
  });
});

describe('charging a budget', () => {
  test('notes the pod, and says so when it was the last', () => {
    const { status } = charge(budget('b', { disruptionsAllowed: 1 }), 'p', now);
    expect(status).toMatchObject({
      disruptionsAllowed: 0,
      disruptedPods: { p: now },
      conditions: [{ type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods' }],
    });
  });

  test.each<[status: object, why: string, reason: string]>([
    [{ desiredHealthy: 2, currentHealthy: 2 }, 'needs 2 healthy pods and has 2 currently', 'TooManyRequests'],
    [{ disruptionsAllowed: 1, observedGeneration: 0 }, 'still being processed by the server', 'TooManyRequests'],
    [
      {
        currentHealthy: 3,
        conditions: [{ type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message: 'no scale' }],
      },
      'because it failed sync: no scale',
      'TooManyRequests',
    ],
  ])('refuses with %j', (status, why, reason) => {
    let thrown: unknown;
    try {
      charge(budget('b', status), 'p', now);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({
      reason,
      message: "Cannot evict pod as it would violate the pod's disruption budget.",
      causes: [{ reason: 'DisruptionBudget', message: expect.stringContaining(why) }],
    });
  });
});

describe('evictions through the api', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
    const room = { cpu: '8', memory: '8Gi', pods: '100' };
    const node = { apiVersion: 'v1' as const, kind: 'Node' as const, metadata: { name: 'n' } };
    const created = await api.client.create({ ...node, status: { allocatable: room } });
    await api.client.updateStatus({ ...created, status: { allocatable: room } });
  });
  afterAll(() => api[Symbol.asyncDispose]());

  async function startPod(name: string): Promise<void> {
    const { client } = api;
    const { metadata } = await client.create(podNamed(name, { labels: { app: 'web' } }));
    const ref = { namespace: 'default', name, uid: metadata.uid! };
    await client.bind([{ ...ref, nodeName: 'n' }], 'test');
    const pod = await client.get('Pod', ref);
    await client.updateStatus({ ...pod, status: running(true).status! });
  }

  test('are granted as many as the budget allows, and not one more, however many ask', async () => {
    const { client } = api;
    const names = Array.from({ length: 40 }, (_, index) => (index === 0 ? 'a' : `p${index}`));
    await Promise.all(names.map(startPod));
    const { metadata: _, status: __, ...rest } = budget('web');
    const created = await client.create<PodDisruptionBudget>({
      ...rest,
      metadata: { name: 'web', namespace: 'default' },
    });
    await expect(client.evict({ namespace: 'default', name: 'a', uid: 'other' })).rejects.toMatchObject({
      reason: 'Conflict',
      message: expect.stringContaining('the UID in the precondition (other) does not match the UID in record'),
    });
    await expect(client.evict({ namespace: 'default', name: 'a' })).rejects.toMatchObject({
      reason: 'TooManyRequests',
    });
    await client.updateStatus({ ...created, status: { observedGeneration: 1, disruptionsAllowed: 7 } });
    const outcomes = await Promise.allSettled(names.map((name) => client.evict({ namespace: 'default', name })));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(7);
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.reason] : []));
    expect(new Set(refused)).toEqual(new Set(['TooManyRequests']));
    const left = await client.get('PodDisruptionBudget', { namespace: 'default', name: 'web' });
    expect(left.status?.disruptionsAllowed ?? 0).toBe(0);
    expect(Object.keys(left.status?.disruptedPods ?? {})).toHaveLength(7);
    const { items } = await client.list('Pod', { namespace: 'default' });
    const leaving = items.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
    expect(leaving.map(({ metadata }) => metadata.name).sort()).toEqual(
      Object.keys(left.status?.disruptedPods ?? {}).sort(),
    );
    const spared = items.find(({ metadata }) => metadata.deletionTimestamp === undefined)!;
    await client.evict({ namespace: 'default', name: spared.metadata.name, ignoreBudgets: true });
    expect((await client.get('Pod', spared.metadata as { name: string })).metadata.deletionTimestamp).toBeDefined();
  });

  test('go by the revision that they name, and change nothing as dry runs', async () => {
    const { client } = api;
    await startPod('kept');
    const ref = { namespace: 'default', name: 'kept' };
    await client.delete('PodDisruptionBudget', { namespace: 'default', name: 'web' }).catch(() => {});
    await expect(client.evict({ ...ref, resourceVersion: '1' })).rejects.toMatchObject({
      reason: 'Conflict',
      message: expect.stringContaining('the ResourceVersion in the precondition (1) does not match'),
    });
    const before = await client.get('Pod', ref);
    await client.evict(ref, { dryRun: true });
    expect(await client.get('Pod', ref)).toEqual(before);
    await client.evict({ ...ref, resourceVersion: before.metadata.resourceVersion! });
    expect((await client.get('Pod', ref)).status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' }),
    );
  });
});

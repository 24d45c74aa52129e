import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Target } from './endpoints.ts';
import { type RolloutState, type Split, sharesOf, splitsOf } from './splits.ts';
import { rollout } from './testing/fixtures.ts';

describe('splitsOf', () => {
  it('splits the services of a rollout, and sends its preview services to the canary alone', () => {
    const status = { stableRevision: 'a', canaryRevision: 'b', canaryWeight: 25, previewServices: ['preview'] };
    const split = { label: 'pod-template-hash', stable: 'a', canary: 'b', draining: undefined };
    expect(Object.fromEntries(splitsOf([rollout(status)]))).toEqual({
      'default/web': { ...split, canaryWeight: 25 },
      'default/preview': { ...split, canaryWeight: 100 },
    });
  });

  it('goes by the label of the workload', () => {
    const ofSet: RolloutState = { ...rollout({ stableRevision: 'a' }), spec: { workloadRef: { kind: 'StatefulSet' } } };
    expect(splitsOf([ofSet]).get('default/web')?.label).toBe('controller-revision-hash');
  });

  it.each([
    ['no workload was complete yet', rollout({ stableRevision: '' })],
    ['another policy counts', rollout({ stableRevision: 'a', phase: 'Ignored' })],
    ['nobody looked at it yet', { ...rollout({}), status: undefined }],
  ])('splits nothing while %s', (_, item) => {
    expect(splitsOf([item]).size).toBe(0);
  });

  it('goes by the oldest of several rollouts that name a Service, in whatever order they come', () => {
    const old = rollout({ stableRevision: 'old' }, 'z');
    const young: RolloutState = {
      ...rollout({ stableRevision: 'young' }, 'a'),
      metadata: { namespace: 'default', name: 'a', creationTimestamp: '2026-02-01T00:00:00Z' },
    };
    for (const all of [
      [old, young],
      [young, old],
    ]) {
      expect(splitsOf(all).get('default/web')?.stable).toBe('old');
    }
  });

  it('never gives the canary less than nothing or more than all', () => {
    const weightOf = (canaryWeight: number) =>
      splitsOf([rollout({ stableRevision: 'a', canaryRevision: 'b', canaryWeight })]).get('default/web')?.canaryWeight;
    expect([weightOf(-5), weightOf(500)]).toEqual([0, 100]);
  });
});

const split: Split = { label: 'l', stable: 'a', canary: 'b', canaryWeight: 25, draining: 'old' };
const pod = (uid: string, state: Target['state'] = 'ready'): Target => ({
  ...{ address: `10.0.0.${uid.length}`, port: 80, zone: '' },
  ...{ pod: uid, state },
});
/** A pod's revision is its name up to the digits. */
const revisionOf = (uid: string): string => uid.replace(/\d+$/, '');

/** Weight and pods of each cluster. */
function shares(targets: readonly Target[], of: Split | undefined = split): Record<string, [number, ...string[]]> {
  return Object.fromEntries(
    sharesOf('web', targets, of, revisionOf).map(({ cluster, weight, targets: own }) => [
      cluster,
      [weight, ...own.map(({ pod: uid }) => uid!)],
    ]),
  );
}

describe('sharesOf', () => {
  it('gives all to the cluster of all pods where nothing is split', () => {
    expect(sharesOf('web', [pod('a1')], undefined, revisionOf)).toEqual([
      { cluster: 'web', revision: undefined, weight: 100, targets: [pod('a1')] },
    ]);
  });

  it('gives each revision its part and its own pods', () => {
    expect(shares([pod('a1'), pod('b1'), pod('old1')])).toEqual({
      web: [0, 'a1', 'b1', 'old1'],
      'web@a': [75, 'a1'],
      'web@b': [25, 'b1'],
      'web@old': [0, 'old1'],
    });
  });

  it('gives the stable revision all while the canary has no ready pod', () => {
    expect(shares([pod('a1'), pod('b1', 'terminating')])).toMatchObject({ 'web@a': [100, 'a1'], 'web@b': [0, 'a1'] });
  });

  it('gives the canary all, whatever its weight, while only it has ready pods', () => {
    const none = { ...split, canaryWeight: 0 };
    expect(shares([pod('a1', 'terminating'), pod('b1')], none)).toMatchObject({
      web: [0, 'b1'],
      'web@a': [0, 'b1'],
      'web@b': [100, 'b1'],
    });
  });

  it('asks the pods of other revisions before it refuses a request', () => {
    expect(shares([pod('c1')])).toMatchObject({ web: [100, 'c1'], 'web@a': [0, 'c1'], 'web@b': [0, 'c1'] });
  });

  it('gives a revision that nobody named nothing while a named one is ready', () => {
    const all = shares([pod('a1'), pod('c1')]);
    expect(all).toMatchObject({ web: [0, 'a1', 'c1'], 'web@a': [100, 'a1'] });
  });

  it('always gives out all requests, and none to a cluster without pods while there are any', () => {
    const uid = fc.constantFrom('a1', 'a2', 'b1', 'b2', 'old1', 'c1');
    const target = fc.record({ uid, state: fc.constantFrom('ready' as const, 'terminating' as const) });
    const weight = fc.integer({ min: 0, max: 100 });
    const canary = fc.constantFrom('a', 'b', undefined);
    fc.assert(
      fc.property(fc.array(target), weight, canary, (items, canaryWeight, of) => {
        const targets = items.map((item) => pod(item.uid, item.state));
        const all = sharesOf('web', targets, { ...split, canary: of, canaryWeight }, revisionOf);
        expect(all.reduce((sum, share) => sum + share.weight, 0)).toBe(100);
        expect(new Set(all.map(({ cluster }) => cluster)).size).toBe(all.length);
        if (targets.length > 0) expect(all.every((share) => share.targets.length > 0)).toBe(true);
      }),
    );
  });
});

import type { ConfigMap, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { PodDisruptionBudget } from '@gantry/model/gen/gantry.policy.v1.ts';
import { readOptions, withPrefix } from '@gantry/runtime/options.ts';
import { describe, expect, it } from 'vitest';
import { aPod, aReplicaSet, meta } from '../testing/objects.ts';
import { GroupBackoff } from './backoff.ts';
import { leftOf, parseChurnBudget } from './churn.ts';
import { drainOf } from './drainable.ts';
import { chosen, type Option } from './expand.ts';
import { doubtMs, Notes, notesAnnotation } from './notes.ts';
import { clusterAutoscalerOptions, readClusterAutoscalerSettings } from './options.ts';
import { durationMs } from './pending.ts';
import { RemovalsLog, removalsAnnotation } from './removals-log.ts';
import { defaultClusterAutoscalerSettings as defaults } from './settings.ts';

const minute = 60_000;

describe('pods that keep a node', () => {
  const owner = aReplicaSet(1);
  const moving = aPod('web', { owner, node: 'n1' });
  const with_ = (change: Partial<Pod['metadata']>, spec: Partial<Pod['spec']> = {}): Pod => {
    return { ...moving, metadata: { ...moving.metadata, ...change }, spec: { ...moving.spec, ...spec } };
  };
  const safe = (value: string): Pick<Pod['metadata'], 'annotations'> => {
    return { annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': value } };
  };
  const emptyDir = { volumes: [{ name: 'scratch', emptyDir: {} }] };
  const ownedBy = (kind: string) => ({
    ownerReferences: [{ apiVersion: 'apps/v1', kind, name: 'x', uid: 'x', controller: true }],
  });

  it.each<[what: string, pod: Pod, reason: string | undefined]>([
    ['one that its controller makes anew', moving, undefined],
    ['a bare one', with_({ ownerReferences: [] }), 'is not backed by a controller'],
    ['a bare one that may go', with_({ ownerReferences: [], ...safe('true') }), undefined],
    ['one that must not go', with_(safe('false')), 'has the safe-to-evict annotation "false"'],
    ['one with local storage', with_({}, emptyDir), 'has local storage'],
    ['one whose local storage may go', with_(safe('true'), emptyDir), undefined],
    [
      'one with local storage in memory',
      with_({}, { volumes: [{ name: 'm', emptyDir: { medium: 'Memory' } }] }),
      undefined,
    ],
    ['one of a custom controller', with_(ownedBy('Crew')), 'is backed by a Crew'],
    ['one of a DaemonSet', with_({ ...ownedBy('DaemonSet'), namespace: 'kube-system' }), undefined],
    ['one of the system', with_({ namespace: 'kube-system' }), 'is a system pod without a disruption budget'],
    ['a member of a group', with_({ labels: { 'scheduling.x-k8s.io/pod-group': 'g' } }), 'is a member of a pod group'],
    ['one of low priority', with_({ ownerReferences: [] }, { priority: -11 }), undefined],
  ])('%s', (_what, pod, reason) => {
    const drain = drainOf([pod], [], defaults);
    expect(drain.type === 'blocked' ? drain.reason : undefined).toBe(
      reason && `pod ${pod.metadata.namespace}/${pod.metadata.name} ${reason}`,
    );
  });

  it('one whose budget allows no eviction', () => {
    const budget = (disruptionsAllowed: number): PodDisruptionBudget => ({
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: meta('web'),
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
      status: { disruptionsAllowed },
    });
    expect(drainOf([moving], [budget(1)], defaults)).toEqual({ type: 'moves', pods: [moving] });
    expect(drainOf([moving], [budget(0)], defaults)).toMatchObject({
      type: 'blocked',
      reason: 'disruption budget default/web allows no eviction of pod default/web',
    });
  });
});

describe('the budget on churn', () => {
  it.each<[text: string, budget: ReturnType<typeof parseChurnBudget>]>([
    ['5/10m', { nodes: 5, percent: 0, periodMs: 10 * minute }],
    ['10%/1h', { nodes: 0, percent: 10, periodMs: 60 * minute }],
    ['5|10%/30s', { nodes: 5, percent: 10, periodMs: minute / 2 }],
    ['101%/1h', undefined],
    ['5', undefined],
    ['-1/1h', undefined],
  ])('reads %s', (text, budget) => expect(parseChurnBudget(text)).toEqual(budget));

  it('is the larger of a number and a share of the cluster, in any time of its length', () => {
    const budget = { nodes: 2, percent: 10, periodMs: 10 * minute };
    expect(leftOf(budget, 5, [], 0)).toBe(2);
    expect(leftOf(budget, 95, [], 0)).toBe(10);
    expect(leftOf(budget, 5, [0, minute], 9 * minute)).toBe(0);
    expect(leftOf(budget, 5, [0, minute], 10 * minute)).toBe(1);
  });

  it('counts what an earlier process removed, for no longer than its time whatever clocks say', () => {
    const log = new RemovalsLog(10 * minute);
    log.add(2, 1_000_000, 0);
    const status = { metadata: { annotations: { [removalsAnnotation]: log.text } } } as unknown as ConfigMap;
    const later = new RemovalsLog(10 * minute);
    later.adopt(status, 1_000_000 - 3_600_000, 5_000);
    expect(later.timesMs(5_000)).toHaveLength(2);
    expect(later.timesMs(5_000 + 10 * minute)).toEqual([]);
  });
});

describe('an increase', () => {
  const stored = (notes: Notes): ConfigMap =>
    ({ metadata: { annotations: { [notesAnnotation]: notes.text } } }) as unknown as ConfigMap;

  it('counts until it has had its effect, or none for long', () => {
    const notes = new Notes();
    notes.write('g', { from: 1, to: 3 });
    expect(notes.expected('g', 1)).toBe(3);
    notes.settle(new Map([['g', 1]]), 0);
    notes.settle(new Map([['g', 1]]), doubtMs - 1);
    expect(notes.has('g')).toBe(true);
    notes.settle(new Map([['g', 1]]), doubtMs);
    expect(notes.expected('g', 1)).toBe(1);
    notes.write('g', { from: 1, to: 3 });
    notes.settle(new Map([['g', 3]]), doubtMs);
    expect(notes.isEmpty).toBe(true);
  });

  it('is known to the process that comes after, and waits there from anew', () => {
    const notes = new Notes();
    notes.write('g', { from: 1, to: 3 });
    const next = new Notes();
    next.adopt(stored(notes));
    expect(next.expected('g', 1)).toBe(3);
    next.settle(new Map([['g', 1]]), 1_000_000);
    expect(next.has('g')).toBe(true);
  });

  it.each(['', '[]', '{"g":{"from":2,"to":1}}', '{"g":1}', 'null'])('that makes no sense is none: %s', (text) => {
    const notes = new Notes();
    notes.adopt({ metadata: { annotations: { [notesAnnotation]: text } } } as unknown as ConfigMap);
    expect(notes.isEmpty).toBe(true);
  });
});

it('a group that fails is left alone for longer each time', () => {
  const backoff = new GroupBackoff(defaults);
  backoff.failed('g', 'QUOTA', 'no machine left', 0);
  expect(backoff.problem('g', 5 * minute - 1)).toMatchObject({ code: 'QUOTA' });
  expect(backoff.problem('g', 5 * minute)).toBe(undefined);
  backoff.failed('g', 'QUOTA', 'no machine left', 6 * minute);
  expect(backoff.problem('g', 15 * minute)).not.toBe(undefined);
  expect(backoff.problem('g', 16 * minute)).toBe(undefined);
  backoff.failed('g', 'QUOTA', 'no machine left', 200 * minute);
  expect(backoff.problem('g', 205 * minute)).toBe(undefined);
});

describe('a rule that grows one group', () => {
  const node = (cpu: string) =>
    ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 't' },
      status: { allocatable: { cpu, memory: '8Gi' } },
    }) as const;
  const option = (id: string, cpu: string, cost: number, added: readonly (readonly string[])[]): Option => ({
    request: { templates: [{ id, node: node(cpu), most: 9, cost }] },
    response: { added: added.map((podUids) => ({ templateId: id, podUids })) },
  });
  const small = option('small', '2', 1, [['a', 'b']]);
  const large = option('large', '8', 4.5, [['a', 'b', 'c']]);
  const none = option('none', '1', 1, []);
  const requested = (): Map<string, number> =>
    new Map([
      ['cpu', 1_000],
      ['memory', 2 ** 31],
    ]);

  it.each([
    ['most-pods', large],
    ['least-waste', small],
    ['price', small],
  ] as const)('%s', (rule, best) => {
    expect(chosen([none, large, small], rule, requested, () => 0)).toBe(best);
  });

  it('random takes any that helps, and nothing helps where nothing is added', () => {
    expect(chosen([none, large, small], 'random', requested, () => 0.99)).toBe(small);
    expect(chosen([none], 'price', requested, () => 0)).toBe(none);
  });
});

describe('settings', () => {
  const specs = withPrefix('X_', clusterAutoscalerOptions);
  const read = (...args: string[]) => readClusterAutoscalerSettings(readOptions(specs, args, {}));

  it('are those of Kubernetes where nothing is said', () => expect(read()).toEqual(defaults));

  it('come from flags', () => {
    const settings = read(
      '--scan-interval=1m30s',
      '--cores-total=0:10',
      '--expander=most-pods',
      '--scale-down-budget=3/1h',
    );
    expect(settings).toMatchObject({
      scanIntervalMs: 90_000,
      cores: { min: 0, max: 10 },
      expander: 'most-pods',
      scaleDownBudget: { nodes: 3, percent: 0, periodMs: 60 * minute },
    });
  });

  it.each([
    '--scan-interval=soon',
    '--cores-total=9:1',
    '--expander=best',
    '--scale-down-budget=all',
    '--max-nodes-total=-1',
  ])('refuse %s', (flag) => expect(() => read(flag)).toThrow(flag.slice(2, flag.indexOf('='))));

  it.each([
    ['10s', 10_000],
    ['1m0.5s', 60_500],
    ['0', 0],
    ['10', undefined],
    ['', undefined],
  ] as const)('read %s', (text, ms) => expect(durationMs(text)).toBe(ms));
});

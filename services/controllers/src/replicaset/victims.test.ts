import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { describe, expect, it } from 'vitest';
import { aPod } from '../testing/objects.ts';
import { chooseVictims } from './victims.ts';

const now = Date.parse('2026-01-02T00:00:00Z');

/** A pod that runs, and what is different about it. */
function pod(name: string, change: (draft: Pod) => void = () => {}): Pod {
  const draft = aPod(name, { node: 'n' });
  draft.metadata.uid = name;
  change(draft);
  return draft;
}

const at = (hoursAgo: number): string => new Date(now - hoursAgo * 3_600_000).toISOString();
const readySince =
  (hoursAgo: number) =>
  ({ status }: Pod): void => {
    status!.conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: at(hoursAgo) }];
  };
const unready = ({ status }: Pod): void => {
  status!.conditions = [];
};
const phase =
  (value: string) =>
  ({ status }: Pod): void => {
    status!.phase = value;
  };
const on =
  (node: string) =>
  ({ spec }: Pod): void => {
    spec.nodeName = node;
  };
const cost =
  (value: string) =>
  ({ metadata }: Pod): void => {
    metadata.annotations = { 'controller.kubernetes.io/pod-deletion-cost': value };
  };
const restarted =
  (containers: number, sidecars = 0) =>
  ({ spec, status }: Pod): void => {
    spec.initContainers = [
      { name: 'side', restartPolicy: 'Always' },
      { name: 'init' },
    ] as unknown as Pod['spec']['containers'];
    const known = { ready: true, image: '', imageID: '' };
    status!.containerStatuses = [{ ...known, name: 'web', restartCount: containers }];
    status!.initContainerStatuses = [
      { ...known, name: 'side', restartCount: sidecars },
      { ...known, name: 'init', restartCount: 99 },
    ];
  };
const both =
  (...changes: ((draft: Pod) => void)[]) =>
  (draft: Pod): void => {
    for (const change of changes) change(draft);
  };

describe('of two pods', () => {
  it.each<[what: string, first: (draft: Pod) => void, last: (draft: Pod) => void]>([
    ['without a node', ({ spec }) => delete spec.nodeName, both(unready, phase('Pending'))],
    ['pending', phase('Pending'), both(unready, phase('Running'))],
    ['of an unknown phase', phase('Unknown'), phase('Running')],
    ['not ready', unready, cost('-5')],
    ['cheaper to delete', cost('-10'), cost('5')],
    ['without a cost, beside one with', () => {}, cost('1')],
    ['of a malformed cost, which is none', cost('+1'), cost('1')],
    ['of a cost out of range, which is none', cost('99999999999'), cost('1')],
    ['of a cost with zeros before it, which is none', cost('012'), cost('1')],
    ['ready for a shorter time', readySince(1), both(readySince(10), restarted(5))],
    ['restarted more often', restarted(3), restarted(2, 9)],
    ['whose sidecar restarted more often', restarted(2, 3), restarted(2, 2)],
    [
      'created later',
      ({ metadata }) => Object.assign(metadata, { creationTimestamp: at(1) }),
      ({ metadata }) => Object.assign(metadata, { creationTimestamp: at(10) }),
    ],
  ])('the one that is %s goes first', (_what, first, last) => {
    // The names and uids say the opposite.
    const pods = [pod('z', first), pod('a', last)];
    for (const order of [pods, [...pods].reverse()]) {
      expect(chooseVictims(order, [], 1, now).map(({ metadata }) => metadata.name)).toEqual(['z']);
    }
  });

  it('ready for about as long, the uid decides', () => {
    const pods = [pod('b', readySince(10)), pod('a', readySince(11))];
    expect(chooseVictims(pods, [], 1, now).map(({ metadata }) => metadata.name)).toEqual(['a']);
  });
});

it('pods go first that share their node with most related pods, of whatever set', () => {
  const pods = [pod('a', on('n1')), pod('b', on('n2')), pod('c', on('n2'))];
  const others = [pod('x', on('n1')), pod('y', on('n1'))];
  expect(chooseVictims(pods, pods, 1, now)[0]!.spec.nodeName).toBe('n2');
  expect(chooseVictims(pods, [...pods, ...others], 1, now)[0]!.spec.nodeName).toBe('n1');
});

it('all go where all are too many', () => {
  const pods = [pod('a'), pod('b')];
  expect(chooseVictims(pods, pods, 2, now)).toEqual(pods);
});

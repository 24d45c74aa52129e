import type { PodSpec, Taint } from '@gantry/model/gen/gantry.core.v1.ts';
import { expect, it } from 'vitest';
import { aDaemonSet, aNode } from '../testing/objects.ts';
import { eligibilityOf, type Verdict } from './eligibility.ts';

const node = (taints: Taint[] = []) => {
  const made = aNode('n1');
  made.metadata.labels = { disk: 'ssd', cores: '8' };
  return { ...made, spec: { taints } };
};

function requiring(matchExpressions: object[], matchFields: object[] = []): Partial<PodSpec> {
  const required = { nodeSelectorTerms: [{ matchExpressions, matchFields }] };
  return {
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } },
  } as Partial<PodSpec>;
}

it.each<[what: string, spec: Partial<PodSpec>, taints: Taint[], verdict: Verdict]>([
  ['no demands', {}, [], 'runs'],
  ['the node by name', { nodeName: 'n1' }, [], 'runs'],
  ['another node by name', { nodeName: 'n2' }, [], 'refuses'],
  ['a label that it has', { nodeSelector: { disk: 'ssd' } }, [], 'runs'],
  ['a label that it lacks', { nodeSelector: { disk: 'hdd' } }, [], 'refuses'],
  ['an affinity to it', requiring([{ key: 'cores', operator: 'Gt', values: ['4'] }]), [], 'runs'],
  ['an affinity to others', requiring([{ key: 'disk', operator: 'NotIn', values: ['ssd'] }]), [], 'refuses'],
  ['an affinity to its name', requiring([], [{ key: 'metadata.name', operator: 'In', values: ['n1'] }]), [], 'runs'],
  [
    'an affinity to other names',
    requiring([], [{ key: 'metadata.name', operator: 'NotIn', values: ['n1'] }]),
    [],
    'refuses',
  ],
  ['an empty term', requiring([]), [], 'refuses'],
  ['no toleration of NoSchedule', {}, [{ key: 'a', effect: 'NoSchedule' }], 'keeps'],
  ['no toleration of NoExecute', {}, [{ key: 'a', effect: 'NoExecute' }], 'refuses'],
  ['no toleration of PreferNoSchedule', {}, [{ key: 'a', effect: 'PreferNoSchedule' }], 'runs'],
  ['a toleration', { tolerations: [{ key: 'a', operator: 'Exists' }] }, [{ key: 'a', effect: 'NoExecute' }], 'runs'],
  ['a cordoned node', {}, [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }], 'runs'],
  ['a node that is not ready', {}, [{ key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }], 'runs'],
  ['a node without network', {}, [{ key: 'node.kubernetes.io/network-unavailable', effect: 'NoSchedule' }], 'keeps'],
  [
    'a node without network, whose own is used',
    { hostNetwork: true },
    [{ key: 'node.kubernetes.io/network-unavailable', effect: 'NoSchedule' }],
    'runs',
  ],
])('%s', (_, spec, taints, verdict) => {
  expect(eligibilityOf(aDaemonSet(undefined, spec))(node(taints))).toBe(verdict);
});

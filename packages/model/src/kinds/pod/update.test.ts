import { describe, expect, it } from 'vitest';
import { decodeManifest } from '../../decode.ts';
import type { Pod } from '../../gen/gantry.core.v1.ts';
import { pod } from './pod.ts';

function podOf(spec: string): Pod {
  const object = decodeManifest(`{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: ${spec}}`) as Pod;
  pod.setDefaults(object);
  return object;
}

/** Problems of the change from one spec to another. */
function problems(before: string, after: string): string {
  return pod.validateUpdate!(podOf(after), podOf(before))
    .map(({ field, message }) => `${field}: ${message}`)
    .join('\n');
}

const c = 'containers: [{name: c, image: "i:1"}]';

describe('changes of pods', () => {
  it.each([
    [c, c],
    [c, 'containers: [{name: c, image: "i:2"}]'],
    [`${c}, initContainers: [{name: d, image: "i:1"}]`, `${c}, initContainers: [{name: d, image: "i:2"}]`],
    [c, `${c}, activeDeadlineSeconds: 10`],
    [`${c}, activeDeadlineSeconds: 10`, `${c}, activeDeadlineSeconds: 5`],
    [c, `${c}, tolerations: [{operator: Exists}]`],
    [
      `${c}, tolerations: [{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 1}]`,
      `${c}, tolerations: [{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 9}]`,
    ],
    [`${c}, schedulingGates: [{name: a}, {name: b}]`, `${c}, schedulingGates: [{name: b}]`],
    [`${c}, schedulingGates: [{name: a}]`, c],
    [`${c}, schedulingGates: [{name: a}]`, `${c}, schedulingGates: [{name: a}], nodeSelector: {x: "y"}`],
    [`${c}, terminationGracePeriodSeconds: -1`, `${c}, terminationGracePeriodSeconds: 1`],
    [`${c}, hostAliases: []`, c],
  ])('may be from {%s} to {%s}', (before, after) => {
    expect(problems(`{${before}}`, `{${after}}`)).toBe('');
  });

  it.each([
    [
      c,
      `${c}, nodeName: node-1`,
      'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`',
    ],
    [c, `${c}, hostNetwork: true`, '(changed: spec.hostNetwork)'],
    [c, 'containers: [{name: d, image: "i:1"}]', '(changed: spec.containers)'],
    [c, `${c}, terminationGracePeriodSeconds: 1`, '(changed: spec.terminationGracePeriodSeconds)'],
    [
      c,
      'containers: [{name: c, image: i}, {name: d, image: i}]',
      'spec.containers: Forbidden: pod updates may not add or',
    ],
    [
      c,
      `${c}, initContainers: [{name: d, image: i}]`,
      'spec.initContainers: Forbidden: pod updates may not add or remove',
    ],
    [
      `${c}, activeDeadlineSeconds: 5`,
      `${c}, activeDeadlineSeconds: 10`,
      'must be less than or equal to previous value',
    ],
    [`${c}, activeDeadlineSeconds: 5`, c, 'must not update from a positive integer to nil value'],
    [
      `${c}, tolerations: [{key: a, operator: Exists}]`,
      `${c}, tolerations: [{key: b, operator: Exists}]`,
      'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
    ],
    [c, `${c}, schedulingGates: [{name: a}]`, "only deletion is allowed, but found new scheduling gate 'a'"],
    [c, `${c}, nodeSelector: {x: "y"}`, '(changed: spec.nodeSelector)'],
    [
      `${c}, schedulingGates: [{name: a}], nodeSelector: {x: "y"}`,
      `${c}, schedulingGates: [{name: a}], nodeSelector: {x: z}`,
      'spec.nodeSelector: Invalid value: {"x":"z"}: only additions to spec.nodeSelector are allowed',
    ],
  ])('may not be from {%s} to {%s}', (before, after, problem) => {
    expect(problems(`{${before}}`, `{${after}}`)).toContain(problem);
  });

  it('of a gated pod can only narrow the nodes', () => {
    const gated = (terms: string): string =>
      `{${c}, schedulingGates: [{name: g}], affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: ${terms}}}}}`;
    const [a, b] = ['{key: a, operator: Exists}', '{key: b, operator: Exists}'];
    const one = gated(`[{matchExpressions: [${a}]}]`);
    expect(problems(one, gated(`[{matchExpressions: [${a}, ${b}]}]`))).toBe('');
    expect(problems(one, gated(`[{matchExpressions: [${b}]}]`))).toContain('only additions are allowed');
    expect(problems(one, gated(`[{matchExpressions: [${a}]}, {matchExpressions: [${b}]}]`))).toContain(
      'no additions/deletions to non-empty NodeSelectorTerms list are allowed',
    );
    expect(problems(`{${c}, schedulingGates: [{name: g}]}`, one)).toBe('');
  });
});

describe('statuses of pods', () => {
  it('hold addresses and names', () => {
    const stored = podOf(`{${c}}`);
    const check = (status: Pod['status']): string[] =>
      pod.validateStatus!({ ...stored, status: status! }, stored).map(({ field }) => field);
    expect(check({ phase: 'Running', podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }], hostIP: '::1' })).toEqual([]);
    expect(check({ podIP: 'x', podIPs: [{ ip: 'y' }], hostIP: 'z', nominatedNodeName: 'A' })).toEqual([
      'status.nominatedNodeName',
      'status.podIP',
      'status.hostIP',
      'status.podIPs[0]',
    ]);
  });
});

import type { Node, Taint } from '@gantry/model/gen/gantry.core.v1.ts';

/** Taint of a node that leaves: it takes no new pods. Its value is the time since when, in seconds since the epoch. */
export const leavingKey = 'ToBeDeletedByClusterAutoscaler';
/** Taint of a node that is not needed: pods go elsewhere where they can. Its value is the same. */
export const candidateKey = 'DeletionCandidateOfClusterAutoscaler';
/** Annotation of a node that is to stay. */
export const scaleDownDisabled = 'cluster-autoscaler.kubernetes.io/scale-down-disabled';

const startupPrefixes = [
  'startup-taint.cluster-autoscaler.kubernetes.io/',
  'ignore-taint.cluster-autoscaler.kubernetes.io/',
];
/** Taints that come and go with the state of a node: a template has none of them. */
const passing = [leavingKey, candidateKey, 'node.cloudprovider.kubernetes.io/uninitialized'];
const statusPrefixes = ['node.kubernetes.io/', 'status-taint.cluster-autoscaler.kubernetes.io/'];

/** True for a node that leaves. */
export function isMarkedLeaving(node: Node): boolean {
  return hasTaint(node, leavingKey);
}

export function hasTaint({ spec }: Node, key: string): boolean {
  return spec?.taints?.some((taint) => taint.key === key) ?? false;
}

/** True while a node waits for something on it to be ready. */
export function isStarting({ spec }: Node, startupTaints: readonly string[]): boolean {
  return spec?.taints?.some(({ key }) => isStartupTaint(key, startupTaints)) ?? false;
}

function isStartupTaint(key: string, startupTaints: readonly string[]): boolean {
  return startupTaints.includes(key) || startupPrefixes.some((prefix) => key.startsWith(prefix));
}

/** The taints that a node keeps once it has started. */
export function lastingTaints(taints: readonly Taint[], startupTaints: readonly string[]): Taint[] {
  return taints.filter(
    ({ key }) =>
      !passing.includes(key) &&
      !isStartupTaint(key, startupTaints) &&
      !statusPrefixes.some((prefix) => key.startsWith(prefix)),
  );
}

/** The node that leaves from now on: it is cordoned too. */
export function markedLeaving(node: Node, nowMs: number): Node {
  return { ...withTaint(node, { key: leavingKey, value: seconds(nowMs), effect: 'NoSchedule' }) };
}

/** The node that stays after all. */
export function unmarked(node: Node): Node {
  return without(without(node, leavingKey), candidateKey);
}

/** The node as a candidate. */
export function markedCandidate(node: Node, nowMs: number): Node {
  return withTaint(node, { key: candidateKey, value: seconds(nowMs), effect: 'PreferNoSchedule' });
}

/** The node, of which it is known that it is needed. */
export function unmarkedCandidate(node: Node): Node {
  return without(node, candidateKey);
}

function withTaint(node: Node, taint: Taint): Node {
  const others = (node.spec?.taints ?? []).filter(({ key }) => key !== taint.key);
  return { ...node, spec: { ...node.spec, taints: [...others, taint] } };
}

function without(node: Node, key: string): Node {
  return { ...node, spec: { ...node.spec, taints: (node.spec?.taints ?? []).filter((taint) => taint.key !== key) } };
}

function seconds(nowMs: number): string {
  return String(Math.floor(nowMs / 1_000));
}

import type { DaemonSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { NodeSelector, Pod, PodSpec, Toleration } from '@gantry/model/gen/gantry.core.v1.ts';
import { podHashLabel } from '../core/history.ts';
import { podOfTemplate } from '../core/pod-template.ts';

/** Label of pods with the number of their template, from which Kubernetes' first versions told old pods from new ones. */
const generationLabel = 'pod-template-generation';
export const generationAnnotation = 'deprecated.daemonset.template.generation';

/** Taints that no pod of a DaemonSet minds: it runs on nodes that are in trouble, and stays there (Kubernetes' list). */
const borne: readonly (readonly [key: string, effect: string])[] = [
  ['node.kubernetes.io/not-ready', 'NoExecute'],
  ['node.kubernetes.io/unreachable', 'NoExecute'],
  ['node.kubernetes.io/disk-pressure', 'NoSchedule'],
  ['node.kubernetes.io/memory-pressure', 'NoSchedule'],
  ['node.kubernetes.io/pid-pressure', 'NoSchedule'],
  ['node.kubernetes.io/unschedulable', 'NoSchedule'],
];
/** Of pods that use the node's own network. */
const borneByHostNetwork = ['node.kubernetes.io/network-unavailable', 'NoSchedule'] as const;

/** The spec with the tolerations that every pod of a DaemonSet gets. */
export function withDaemonTolerations(spec: PodSpec): PodSpec {
  const all = spec.hostNetwork ? [...borne, borneByHostNetwork] : borne;
  const added = all.map(([key, effect]): Toleration => ({ key, operator: 'Exists', effect }));
  const tolerations = [...(spec.tolerations ?? [])];
  for (const toleration of added) {
    const index = tolerations.findIndex((given) => isSame(given, toleration));
    if (index < 0) tolerations.push(toleration);
    else tolerations[index] = toleration;
  }
  return { ...spec, tolerations };
}

/** True for tolerations of the same taint, whatever the time for which they bear it. */
function isSame(one: Toleration, other: Toleration): boolean {
  return (
    one.key === other.key &&
    one.effect === other.effect &&
    one.operator === other.operator &&
    (one.value ?? '') === (other.value ?? '')
  );
}

/**
 * Makes the pods of a DaemonSet's present template. Each is bound by its affinity to the node that it is made for: the scheduler places it
 * there.
 *
 * @param hash value of their controller-revision-hash label.
 */
export function podMaker(set: DaemonSet, hash: string): (nodeName: string) => Pod {
  const template = set.spec.template!;
  const generation = templateGenerationOf(set);
  const labels = {
    ...template.metadata?.labels,
    ...(generation === undefined ? {} : { [generationLabel]: generation }),
    [podHashLabel]: hash,
  };
  const spec = withDaemonTolerations(template.spec!);
  const pod = podOfTemplate({ metadata: { ...template.metadata!, labels }, spec }, set);
  return (nodeName) => ({ ...pod, spec: { ...pod.spec, affinity: pinnedTo(nodeName, pod.spec) } });
}

/** The affinity, whose required terms for nodes give way to this one node: the node was chosen by them. */
function pinnedTo(nodeName: string, { affinity }: PodSpec): PodSpec['affinity'] {
  const term = { matchFields: [{ key: 'metadata.name', operator: 'In', values: [nodeName] }] };
  const required: NodeSelector = { nodeSelectorTerms: [term] };
  const nodeAffinity = { ...affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: required };
  return { ...affinity, nodeAffinity };
}

/** The node that a pod is on or was made for; undefined where its affinity names none. */
export function targetNodeOf({ spec }: Pod): string | undefined {
  if (spec.nodeName) return spec.nodeName;
  const { nodeSelectorTerms = [] } = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? {};
  const fields = nodeSelectorTerms.flatMap(({ matchFields = [] }) => matchFields);
  const named = fields.find(({ key, operator }) => key === 'metadata.name' && operator === 'In');
  return named?.values?.length === 1 ? named.values[0] : undefined;
}

/** True for a pod of the present template: by the hash of its revision, or by the template's number. */
export function isUpdated({ metadata }: Pod, set: DaemonSet, hash: string): boolean {
  const generation = templateGenerationOf(set);
  const { labels = {} } = metadata;
  return labels[podHashLabel] === hash || (generation !== undefined && labels[generationLabel] === generation);
}

function templateGenerationOf({ metadata }: DaemonSet): string | undefined {
  const text = metadata.annotations?.[generationAnnotation];
  return text !== undefined && /^[+-]?\d+$/.test(text) ? String(Number(text)) : undefined;
}

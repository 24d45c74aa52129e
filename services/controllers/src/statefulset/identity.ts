/** Names, labels and volumes by which a StatefulSet's pods are told apart: they outlive each single pod. */
import type { StatefulSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Pod, PodTemplateSpec, Volume } from '@gantry/model/gen/gantry.core.v1.ts';
import { podOfTemplate } from '../core/pod-template.ts';

/** Label of a pod with its own name, so that a Service can select one pod. */
export const podNameLabel = 'statefulset.kubernetes.io/pod-name';
/** Label of a pod with its ordinal. */
const podIndexLabel = 'apps.kubernetes.io/pod-index';
/** Label of a pod with the name of the revision that it was made of. */
export const revisionLabel = 'controller-revision-hash';

/** The largest ordinal: Kubernetes reads ordinals as numbers of 32 bits. */
const maxOrdinal = 2 ** 31 - 1;
const numbered = /^(?<parent>.*)-(?<ordinal>0|[1-9][0-9]*)$/;

/** The name of the set that a pod of this name would belong to, and the pod's ordinal in it; undefined for other names. */
export function identityOf(podName: string): { readonly setName: string; readonly ordinal: number } | undefined {
  const { parent, ordinal } = numbered.exec(podName)?.groups ?? {};
  if (parent === undefined || Number(ordinal) > maxOrdinal) return undefined;
  return { setName: parent, ordinal: Number(ordinal) };
}

/** The ordinal of a pod of this set; undefined where its name is none of the set's. */
export function ordinalOf(pod: Pod, set: StatefulSet): number | undefined {
  const identity = identityOf(pod.metadata.name);
  return identity?.setName === set.metadata.name ? identity.ordinal : undefined;
}

/** The first of the ordinals that the set asks for, and the number of them. */
export function ordinalsOf({ spec }: StatefulSet): { readonly start: number; readonly count: number } {
  return { start: spec.ordinals?.start ?? 0, count: spec.replicas ?? 1 };
}

/** True for an ordinal that the set asks for. */
export function isWanted(ordinal: number, set: StatefulSet): boolean {
  const { start, count } = ordinalsOf(set);
  return ordinal >= start && ordinal < start + count;
}

/** Name of the pod with an ordinal. */
export function podName(set: StatefulSet, ordinal: number): string {
  return `${set.metadata.name}-${ordinal}`;
}

/** Name of the claim that a template makes for a pod. */
export function claimName(set: StatefulSet, template: string, ordinal: number): string {
  return `${template}-${podName(set, ordinal)}`;
}

/** The revision that a pod was made of. */
export function revisionOf(pod: Pod): string | undefined {
  return pod.metadata.labels?.[revisionLabel];
}

/** A new pod with this ordinal, of a revision's template. */
export function podFor(set: StatefulSet, ordinal: number, template: PodTemplateSpec, revision: string): Pod {
  const name = podName(set, ordinal);
  const pod = podOfTemplate(template, set, name);
  pod.metadata.labels = { ...pod.metadata.labels, ...identityLabels(name, ordinal), [revisionLabel]: revision };
  pod.spec.hostname = name;
  if (set.spec.serviceName) pod.spec.subdomain = set.spec.serviceName;
  else delete pod.spec.subdomain;
  pod.spec.volumes = volumesFor(set, ordinal, pod.spec.volumes);
  return pod;
}

/** The pod with the labels and the volumes of its identity; undefined where it has them. */
export function mended(pod: Pod, set: StatefulSet, ordinal: number): Pod | undefined {
  const { name, labels } = pod.metadata;
  const isNamed = labels?.[podNameLabel] === name;
  const isStored = hasStorage(pod, set, ordinal);
  if (isNamed && isStored) return undefined;
  return {
    ...pod,
    metadata: { ...pod.metadata, labels: { ...labels, ...identityLabels(name, ordinal) } },
    spec: isStored ? pod.spec : { ...pod.spec, volumes: volumesFor(set, ordinal, pod.spec.volumes) },
  };
}

function identityLabels(name: string, ordinal: number): Record<string, string> {
  return { [podNameLabel]: name, [podIndexLabel]: String(ordinal) };
}

/** True where the pod's volumes are those of its claims. */
function hasStorage({ spec }: Pod, set: StatefulSet, ordinal: number): boolean {
  return claimVolumes(set, ordinal).every(({ name, persistentVolumeClaim }) => {
    const volume = spec.volumes?.find((candidate) => candidate.name === name);
    return volume?.persistentVolumeClaim?.claimName === persistentVolumeClaim?.claimName;
  });
}

/** Volumes of the claims, in the place of those of the same name. */
function volumesFor(set: StatefulSet, ordinal: number, others: readonly Volume[] = []): Volume[] {
  const claimed = claimVolumes(set, ordinal);
  const names = new Set(claimed.map(({ name }) => name));
  return [...claimed, ...others.filter(({ name }) => !names.has(name))];
}

function claimVolumes(set: StatefulSet, ordinal: number): Volume[] {
  const names = new Set((set.spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata?.name ?? ''));
  return [...names].map((name) => ({
    name,
    persistentVolumeClaim: { claimName: claimName(set, name, ordinal) },
  }));
}

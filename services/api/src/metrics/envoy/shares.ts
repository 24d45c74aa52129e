import type { TrafficCounts } from '@gantry/client/traffic-messages.ts';
import type { EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import { partOf } from './measures.ts';

const serviceNameLabel = 'kubernetes.io/service-name';
/** Labels by which workloads say which revision a pod is of. */
const revisionLabels = ['pod-template-hash', 'controller-revision-hash'];

type PodLabels = (pod: string) => Readonly<Record<string, string>> | undefined;

/**
 * Each pod's part of the requests to the Services of a namespace: those of a revision are divided evenly by its ready pods, since Envoy sends
 * each request to the less busy of two. Pods that get no requests of any Service have no part.
 */
export function sharesByPod(
  series: readonly TrafficCounts[],
  slices: readonly EndpointSlice[],
  labelsOf: PodLabels,
): Map<string, TrafficCounts[]> {
  const pods = podsByService(slices);
  const shares = new Map<string, TrafficCounts[]>();
  for (const counts of series) {
    const all = pods.get(counts.service) ?? [];
    const ofRevision = counts.revision === '' ? [] : all.filter((pod) => isOf(labelsOf(pod), counts.revision));
    // A revision without a ready pod has the others' answer for it.
    const members = ofRevision.length > 0 ? ofRevision : all;
    if (members.length === 0) continue;
    const part = partOf(counts, 1 / members.length);
    for (const pod of members) {
      const known = shares.get(pod);
      if (known === undefined) shares.set(pod, [part]);
      else known.push(part);
    }
  }
  return shares;
}

function isOf(labels: ReturnType<PodLabels>, revision: string): boolean {
  return revisionLabels.some((label) => labels?.[label] === revision);
}

/** Names of the pods that get a Service's requests: the ready ones, or where there are none those that still serve while they end. */
function podsByService(slices: readonly EndpointSlice[]): Map<string, string[]> {
  const bySlice = Map.groupBy(slices, ({ metadata }) => metadata.labels?.[serviceNameLabel] ?? '');
  return new Map(
    [...bySlice].map(([service, own]) => {
      const endpoints = own
        .flatMap(({ endpoints: each = [] }) => each)
        .filter(({ targetRef }) => targetRef?.kind === 'Pod');
      const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false);
      const used = ready.length > 0 ? ready : endpoints.filter(({ conditions }) => conditions?.serving === true);
      return [service, [...new Set(used.map(({ targetRef }) => targetRef!.name ?? ''))]];
    }),
  );
}

import type { Container, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { parseQuantity, toExactMilli } from '@gantry/model/quantity.ts';
import { podTotals } from '@gantry/model/quota/amounts.ts';
import { isReady } from '@gantry/model/ready.ts';
import type { Sample, Samples } from './samples.ts';
import type { AutoscalerSettings } from './settings.ts';

/** Pods of a target, by what their metrics are worth. */
export interface PodGroups {
  /** Number of those whose metrics count. */
  readonly readyCount: number;
  /** Not started, or not ready yet: their metrics say nothing of the load. */
  readonly unready: ReadonlySet<string>;
  /** Running, and without metrics. */
  readonly missing: ReadonlySet<string>;
  /** Failed, or asked to end. */
  readonly ignored: ReadonlySet<string>;
}

/** All that tells how old a pod's readiness is. */
export interface Ages {
  /** The wall clock, in milliseconds since the Unix epoch. */
  readonly nowMs: number;
  readonly settings: Pick<AutoscalerSettings, 'cpuInitializationPeriodMs' | 'initialReadinessDelayMs'>;
  /** Milliseconds for which a pod was seen ready without a break, by the monotonic clock. */
  readonly readyForMs: (pod: Pod) => number;
}

/** Sorts the pods of a target. @param resource Empty for a metric of no resource. */
export function groupPods(pods: readonly Pod[], samples: Samples, resource: string, ages: Ages): PodGroups {
  const [unready, missing, ignored] = [new Set<string>(), new Set<string>(), new Set<string>()];
  let readyCount = 0;
  for (const pod of pods) {
    const { name, deletionTimestamp } = pod.metadata;
    const phase = pod.status?.phase;
    const sample = samples.get(name);
    if (deletionTimestamp !== undefined || phase === 'Failed') ignored.add(name);
    else if (phase === 'Pending') unready.add(name);
    else if (sample === undefined) missing.add(name);
    else if (resource === 'cpu' && isStarting(pod, sample, ages)) unready.add(name);
    else readyCount++;
  }
  return { readyCount, unready, missing, ignored };
}

/** The time of a change that nobody wrote down. */
const longAgo = '0001-01-01T00:00:00Z';

/**
 * True for a pod whose use of CPU is that of its start: it is unready or was within the sample's window, soon after it was started, or it
 * never became ready since. A pod that was seen ready for longer than that is none, whatever its node's clock says.
 */
function isStarting(pod: Pod, sample: Sample, { nowMs, settings, readyForMs }: Ages): boolean {
  const { cpuInitializationPeriodMs, initialReadinessDelayMs } = settings;
  const condition = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  const startedMs = Date.parse(pod.status?.startTime ?? '');
  if (condition === undefined || Number.isNaN(startedMs)) return true;
  const changedMs = Date.parse(condition.lastTransitionTime ?? longAgo);
  const isUnready = condition.status === 'False';
  if (startedMs + cpuInitializationPeriodMs <= nowMs)
    return isUnready && startedMs + initialReadinessDelayMs > changedMs;
  if (isReady(pod) && readyForMs(pod) >= cpuInitializationPeriodMs) return false;
  return isUnready || sample.timestampMs < changedMs + sample.windowMs;
}

/** Number of pods that run and are ready. */
export function countReady(pods: readonly Pod[]): number {
  return pods.filter((pod) => pod.status?.phase === 'Running' && isReady(pod)).length;
}

/**
 * The pods' requests for a resource, in thousandths, by the names of the pods: of one container of each, of the pod as a whole where it has
 * requests of its own, or of all its containers and sidecars.
 */
export function requestsOf(
  pods: readonly Pod[],
  resource: string,
  container: string,
): Map<string, bigint> | { readonly problem: string } {
  const requests = new Map<string, bigint>();
  for (const pod of pods) {
    const request = requestOf(pod, resource, container);
    if (typeof request !== 'bigint') return request;
    requests.set(pod.metadata.name, request);
  }
  return requests;
}

function requestOf(
  { metadata, spec }: Pod,
  resource: string,
  container: string,
): bigint | { readonly problem: string } {
  if (container === '' && Object.keys(spec.resources?.requests ?? {}).some(isOfWholePods)) {
    const total = podTotals(spec, 'requests', ({ resources }) => resources?.requests).get(resource);
    if (total === undefined) return { problem: `missing pod-level request for ${resource} in Pod ${metadata.name}` };
    const overhead = spec.overhead?.[resource] ?? '0';
    return toExactMilli(total) + toExactMilli(parseQuantity(overhead));
  }
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const all: readonly Container[] = [...spec.containers, ...sidecars];
  const counted = container === '' ? all : all.filter(({ name }) => name === container);
  if (counted.length === 0) return { problem: `container ${container} not found in Pod ${metadata.name}` };
  const without = counted.find(({ resources }) => resources?.requests?.[resource] === undefined);
  if (without !== undefined) {
    return { problem: `missing request for ${resource} in container ${without.name} of Pod ${metadata.name}` };
  }
  return counted.reduce((sum, { resources }) => sum + toExactMilli(parseQuantity(resources!.requests![resource]!)), 0n);
}

/** True for a resource that pods as a whole may request. */
function isOfWholePods(resource: string): boolean {
  return resource === 'cpu' || resource === 'memory' || resource.startsWith('hugepages-');
}

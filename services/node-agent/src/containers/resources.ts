import type { Container, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { qosClassOf } from '@gantry/model/kinds/pod/qos.ts';
import { toUnits } from '@gantry/model/quantity.ts';
import { podTotals } from '@gantry/model/quota/amounts.ts';
import { effectiveShare } from '../resize/shares.ts';
import type { ContainerResources } from '../runtime/runtime.ts';
import { bytesOf, millisOf } from './quantities.ts';

/** Linux: length of a scheduling period in microseconds, and the least quota in one. */
export const periodUs = 100_000;
const leastQuotaUs = 1_000;
/** Linux: shares of one CPU, and the least that a cgroup may have. */
const sharesPerCpu = 1_024;
const leastShares = 2;

/** Kubernetes' oom_score_adj by QoS class: the kernel kills the highest first when memory runs out. */
const oomScores = { Guaranteed: -997, BestEffort: 1_000, least: 3, most: 999 } as const;

/** Limits and weights of a container, from its requests and limits. */
export function resourcesOf(pod: Pod, container: Container, nodeMemoryBytes: number): ContainerResources {
  return { ...boundsOf(pod, container), oomScoreAdj: oomScoreOf(pod, container, nodeMemoryBytes) };
}

/** Those of its limits and weights that hold on any node. */
export function boundsOf(pod: Pod, container: Container): Omit<ContainerResources, 'oomScoreAdj'> {
  const { limits, requests } = effectiveShare(pod, container);
  const requestedMillis = millisOf(requests.cpu ?? limits.cpu ?? '0');
  const limitMillis = limits.cpu === undefined ? 0 : millisOf(limits.cpu);
  const memoryLimitBytes = limits.memory === undefined ? 0 : bytesOf(limits.memory);
  return {
    cpuShares: cpuSharesOf(requestedMillis),
    ...(limitMillis === 0 ? {} : { cpuPeriodUs: periodUs, cpuQuotaUs: cpuQuotaOf(limitMillis) }),
    ...(memoryLimitBytes === 0 ? {} : { memoryLimitBytes }),
  };
}

/** The weight of a request, in thousandths of a CPU. */
export function cpuSharesOf(millis: number): number {
  return Math.max(leastShares, Math.floor((millis * sharesPerCpu) / 1_000));
}

/** CPU time in each period, in microseconds, for a limit in thousandths of a CPU. */
export function cpuQuotaOf(millis: number): number {
  return Math.max(leastQuotaUs, Math.floor((millis * periodUs) / 1_000));
}

/** The less memory a burstable container requests, the sooner it is killed. */
function oomScoreOf(pod: Pod, container: Container, nodeMemoryBytes: number): number {
  const qosClass = qosClassOf(pod);
  if (qosClass !== 'Burstable') return oomScores[qosClass];
  const requestedBytes = bytesOf(container.resources?.requests?.memory ?? '0') + sharedBytes(pod);
  const score = 1_000 - Math.floor((1_000 * requestedBytes) / nodeMemoryBytes);
  return Math.min(oomScores.most, Math.max(oomScores.least, score));
}

/** The part of what the pod as a whole asks for that no container does, for each of its containers. */
function sharedBytes({ spec }: Pod): number {
  const whole = spec.resources?.requests?.memory;
  if (whole === undefined) return 0;
  const { resources: _, ...containers } = spec;
  const own = podTotals(containers, 'requests', ({ resources }) => resources?.requests).get('memory');
  const count = spec.containers.length + (spec.initContainers ?? []).length;
  return Math.floor(Math.max(0, bytesOf(whole) - (own === undefined ? 0 : toUnits(own))) / count);
}

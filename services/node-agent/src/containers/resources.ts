import type { Container, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { qosClassOf } from '../pods/qos.ts';
import type { ContainerResources } from '../runtime/runtime.ts';
import { bytesOf, millisOf } from './quantities.ts';

/** Linux: length of a scheduling period in microseconds, and the least quota in one. */
const periodUs = 100_000;
const leastQuotaUs = 1_000;
/** Linux: shares of one CPU, and the least that a cgroup may have. */
const sharesPerCpu = 1_024;
const leastShares = 2;

/** Kubernetes' oom_score_adj by QoS class: the kernel kills the highest first when memory runs out. */
const oomScores = { Guaranteed: -997, BestEffort: 1_000, least: 3, most: 999 } as const;

/** Limits and weights of a container, from its requests and limits. */
export function resourcesOf(pod: Pod, container: Container, nodeMemoryBytes: number): ContainerResources {
  const { limits = {}, requests = {} } = container.resources ?? {};
  const requestedMillis = millisOf(requests.cpu ?? limits.cpu ?? '0');
  const limitMillis = limits.cpu === undefined ? 0 : millisOf(limits.cpu);
  const memoryLimitBytes = limits.memory === undefined ? 0 : bytesOf(limits.memory);
  return {
    cpuShares: Math.max(leastShares, Math.floor((requestedMillis * sharesPerCpu) / 1_000)),
    ...(limitMillis === 0
      ? {}
      : { cpuPeriodUs: periodUs, cpuQuotaUs: Math.max(leastQuotaUs, Math.floor((limitMillis * periodUs) / 1_000)) }),
    ...(memoryLimitBytes === 0 ? {} : { memoryLimitBytes }),
    oomScoreAdj: oomScoreOf(pod, container, nodeMemoryBytes),
  };
}

/** The less memory a burstable container requests, the sooner it is killed. */
function oomScoreOf(pod: Pod, container: Container, nodeMemoryBytes: number): number {
  const qosClass = qosClassOf(pod);
  if (qosClass !== 'Burstable') return oomScores[qosClass];
  const requestedBytes = bytesOf(container.resources?.requests?.memory ?? '0');
  const score = 1_000 - Math.floor((1_000 * requestedBytes) / nodeMemoryBytes);
  return Math.min(oomScores.most, Math.max(oomScores.least, score));
}

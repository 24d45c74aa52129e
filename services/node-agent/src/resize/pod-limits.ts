import { podRequests } from '@gantry/model/amounts.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { qosClassOf } from '@gantry/model/kinds/pod/qos.ts';
import { toMilli, toUnits } from '@gantry/model/quantity.ts';
import { podTotals } from '@gantry/model/quota/amounts.ts';
import { cpuQuotaOf, cpuSharesOf, periodUs } from '../containers/resources.ts';

/** Bounds of a pod's cgroup, which all of its containers share. */
export interface PodLimits {
  /** Relative weight; 1024 is one CPU's worth. */
  readonly cpuShares: number;
  /** CPU time in each period of 100 ms, in microseconds; undefined for no bound. */
  readonly cpuQuotaUs: number | undefined;
  readonly memoryBytes: number | undefined;
}

/** Length of a scheduling period in microseconds. */
export const podPeriodUs = periodUs;

/**
 * Bounds of a pod as Kubernetes sets them: its requests as the weight, and the sum of its limits where each container has one, or where the pod
 * as a whole does.
 */
export function podLimitsOf(pod: Pod): PodLimits {
  const { spec } = pod;
  const qosClass = qosClassOf(pod);
  const cpuShares = cpuSharesOf(qosClass === 'BestEffort' ? 0 : (podRequests(spec).get('cpu') ?? 0));
  const limits = podTotals(spec, 'limits', ({ resources }) => resources?.limits);
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const isBounded = (name: string): boolean => {
    const isWhole = spec.resources?.limits?.[name] !== undefined;
    return isWhole || containers.every(({ resources }) => resources?.limits?.[name] !== undefined);
  };
  const bound = (name: string): NonNullable<ReturnType<typeof limits.get>> | undefined =>
    isBounded(name) && limits.get(name)?.value !== 0n ? limits.get(name) : undefined;
  const [cpu, memory] = [bound('cpu'), bound('memory')];
  return {
    cpuShares,
    cpuQuotaUs: cpu && cpuQuotaOf(toMilli(cpu)),
    memoryBytes: memory && toUnits(memory),
  };
}

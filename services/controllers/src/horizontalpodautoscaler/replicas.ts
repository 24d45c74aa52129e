/** Replicas that metrics call for: each calculation is Kubernetes', whose figures people have tuned their targets by. */
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { type Ages, countReady, groupPods, requestsOf } from './pods.ts';
import type { Samples } from './samples.ts';
import { isWithin, type Tolerances } from './settings.ts';

/** Replicas that a metric calls for, and the value that it was read with. */
export interface Proposal {
  readonly replicas: number;
  /** In thousandths: the average over the pods, or the value itself. */
  readonly usage: bigint;
  /** Percent of what the pods request; undefined for a metric of no such target. */
  readonly utilization?: number;
}

/** The reason why a metric says nothing, in Kubernetes' words. */
export interface Problem {
  readonly problem: string;
}

/** A target and its pods. */
export interface Scaled {
  /** Replicas that it asks for. */
  readonly current: number;
  readonly pods: readonly Pod[];
  readonly tolerances: Tolerances;
  readonly ages: Ages;
}

const maxReplicas = 2 ** 31 - 1;
const maxUsage = 2n ** 63n - 1n;
const noPods = { problem: 'no pods returned by selector while calculating replica count' } as const;

/** The share that was used of what is wanted. */
interface Ratio {
  readonly ratio: number;
  readonly usage: bigint;
  readonly utilization?: number;
}

/** By the use of a resource in percent of what pods, or one container of each, request. */
export function byUtilization(
  scaled: Scaled,
  samples: Samples,
  { resource, container, target }: { readonly resource: string; readonly container: string; readonly target: number },
): Proposal | Problem {
  const counted = countedOf(scaled, samples, resource);
  if ('problem' in counted) return counted;
  const requests = requestsOf(scaled.pods, resource, container);
  if ('problem' in requests) return requests;
  const all = BigInt(Math.max(100, target));
  return replicasFor(scaled, counted, {
    ratioOf: (values) => utilizationOf(values, requests, target),
    // A pod without metrics might use all that it requests.
    missing: (name) => ((requests.get(name) ?? 0n) * all) / 100n,
  });
}

/** By the average of a metric over the pods. @param resource Empty for a metric of no resource. */
export function byAverage(scaled: Scaled, samples: Samples, target: bigint, resource = ''): Proposal | Problem {
  const counted = countedOf(scaled, samples, resource);
  if ('problem' in counted) return counted;
  return replicasFor(scaled, counted, { ratioOf: (values) => averageOf(values, target), missing: () => target });
}

/** By a value of something else than pods, of which each ready pod takes its part. */
export function byValue(
  { current, pods, tolerances }: Omit<Scaled, 'ages'>,
  value: bigint,
  target: bigint,
): Proposal | Problem {
  const ratio = Number(value) / Number(target);
  // From zero, one pod is taken to be worth the target.
  if (current === 0) return { replicas: whole(ratio), usage: value };
  if (isWithin(ratio, tolerances)) return { replicas: current, usage: value };
  if (pods.length === 0) return { problem: `unable to calculate ready pods: ${noPods.problem}` };
  return { replicas: whole(ratio * countReady(pods)), usage: value };
}

/**
 * By a value of something else than pods, divided by the replicas that there are. Within the tolerance the target keeps the number that it asks
 * for: going back to the number that there is would undo a change that is under way, and that without end.
 */
export function byValuePerPod(
  { current, present, tolerances }: Pick<Scaled, 'current' | 'tolerances'> & { readonly present: number },
  value: bigint,
  target: bigint,
): Proposal {
  const ratio = Number(value) / (Number(target) * present);
  const replicas = isWithin(ratio, tolerances) ? current : whole(Number(value) / Number(target));
  // Without replicas there is nothing to divide by.
  const usage = value >= maxUsage ? maxUsage : present === 0 ? value : ceilDivide(value, BigInt(present));
  return { replicas, usage };
}

/** The sum of values, at most as large as Kubernetes' integers. */
export function sumOf(values: readonly bigint[]): bigint {
  const sum = values.reduce((total, value) => total + value, 0n);
  return sum > maxUsage ? maxUsage : sum;
}

/** Samples that count, and pods that have none. */
interface Counted {
  readonly samples: Samples;
  readonly readyCount: number;
  readonly unready: ReadonlySet<string>;
  readonly missing: ReadonlySet<string>;
}

function countedOf({ pods, ages }: Scaled, all: Samples, resource: string): Counted | Problem {
  if (pods.length === 0) return noPods;
  const { readyCount, unready, missing, ignored } = groupPods(pods, all, resource, ages);
  const samples = new Map([...all].filter(([name]) => !ignored.has(name) && !unready.has(name)));
  if (samples.size === 0) {
    return { problem: 'did not receive metrics for targeted pods (pods might be unready)' };
  }
  return { samples, readyCount, unready, missing };
}

interface Measure {
  readonly ratioOf: (values: ReadonlyMap<string, bigint>) => Ratio | Problem;
  /** Use that a pod without a sample is taken to have where replicas are to go. */
  readonly missing: (name: string) => bigint;
}

/**
 * The replicas for what was measured. Pods without samples count against the change: as busy where replicas are to go, as idle where some
 * are to come. The change is left undone where their part would turn it around.
 */
function replicasFor(
  { current, tolerances }: Scaled,
  { samples, readyCount, unready, missing }: Counted,
  { ratioOf, missing: busy }: Measure,
): Proposal | Problem {
  const values = new Map([...samples].map(([name, { value }]) => [name, value]));
  const measured = ratioOf(values);
  if ('problem' in measured) return measured;
  const { ratio, ...read } = measured;
  const unchanged = { replicas: current, ...read };
  const growsWithUnready = unready.size > 0 && ratio > 1;
  if (!growsWithUnready && missing.size === 0) {
    return isWithin(ratio, tolerances) ? unchanged : { replicas: whole(ratio * readyCount), ...read };
  }
  if (ratio < 1) for (const name of missing) values.set(name, busy(name));
  if (ratio > 1) for (const name of missing) values.set(name, 0n);
  if (growsWithUnready) for (const name of unready) values.set(name, 0n);
  const assumed = ratioOf(values);
  if ('problem' in assumed) return assumed;
  const isTurned = (ratio < 1 && assumed.ratio > 1) || (ratio > 1 && assumed.ratio < 1);
  if (isWithin(assumed.ratio, tolerances) || isTurned) return unchanged;
  const replicas = whole(assumed.ratio * values.size);
  const isAgainst = assumed.ratio < 1 ? replicas > current : replicas < current;
  return isAgainst ? unchanged : { replicas, ...read };
}

function utilizationOf(
  values: ReadonlyMap<string, bigint>,
  requests: ReadonlyMap<string, bigint>,
  target: number,
): Ratio | Problem {
  let [used, requested, count] = [0n, 0n, 0n];
  for (const [name, value] of values) {
    const request = requests.get(name);
    // A sample of a pod that nobody knows.
    if (request === undefined) continue;
    used += value;
    requested += request;
    count++;
  }
  if (requested === 0n) return { problem: 'no metrics returned matched known pods' };
  const utilization = Math.min(Number((used * 100n) / requested), maxReplicas);
  return { ratio: utilization / target, usage: used / count, utilization };
}

function averageOf(values: ReadonlyMap<string, bigint>, target: bigint): Ratio {
  const usage = values.values().reduce((sum, value) => sum + value, 0n) / BigInt(values.size);
  return { ratio: Number(usage) / Number(target), usage };
}

function whole(replicas: number): number {
  return Math.min(Math.max(Math.ceil(replicas), -maxReplicas), maxReplicas);
}

function ceilDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value % divisor > 0n ? quotient + 1n : quotient;
}

import { parseQuantity, quantityProblem, toExactMilli } from '@gantry/model/quantity.ts';
import type { ContainerUse, MetricValue, PodUse } from '../core/measure.ts';

/** A measured value of one pod. */
export interface Sample {
  /** In thousandths. */
  readonly value: bigint;
  /** When it was measured, in milliseconds since the Unix epoch. */
  readonly timestampMs: number;
  /** Milliseconds that it is an average of. */
  readonly windowMs: number;
}

/** Samples by the name of the pod. */
export type Samples = ReadonlyMap<string, Sample>;

/** Milliseconds of the window of a value that names none. */
const defaultWindowMs = 60_000;

/**
 * The use of a resource by pods, or by one container of each. A pod of which a part is unknown has no sample, nor has one whose figure is
 * none: negative, infinite or not a number.
 */
export function samplesOfUse(pods: readonly PodUse[], resource: string, container = ''): Samples {
  const samples = new Map<string, Sample>();
  for (const { name, containers, timestampMs, windowMs } of pods) {
    const counted = container === '' ? containers : containers.filter((each) => each.name === container).slice(0, 1);
    const uses = counted.map((each) => useOf(each, resource));
    if (uses.length === 0 || uses.includes(undefined)) continue;
    const value = uses.reduce<bigint>((sum, use) => sum + use!, 0n);
    samples.set(name, { value, timestampMs, windowMs });
  }
  return samples;
}

function useOf({ cpuNanocores, memoryWorkingSetBytes }: ContainerUse, resource: string): bigint | undefined {
  const amount = resource === 'cpu' ? cpuNanocores : resource === 'memory' ? memoryWorkingSetBytes : undefined;
  if (amount === undefined || !Number.isFinite(amount) || amount < 0) return undefined;
  // Rounded up, as quantities are.
  return resource === 'cpu' ? BigInt(Math.ceil(amount / 1e6)) : BigInt(Math.ceil(amount)) * 1000n;
}

/** Values of pods by their names; a problem where one is no quantity. */
export function samplesOfValues(values: readonly MetricValue[]): Samples | { readonly problem: string } {
  const samples = new Map<string, Sample>();
  for (const { name, value, timestampMs, windowSeconds } of values) {
    const milli = milliOf(value);
    if (typeof milli !== 'bigint') return milli;
    const windowMs = windowSeconds === undefined ? defaultWindowMs : windowSeconds * 1000;
    samples.set(name, { value: milli, timestampMs, windowMs });
  }
  return samples;
}

/** The thousandths of a quantity. */
export function milliOf(text: string): bigint | { readonly problem: string } {
  const problem = quantityProblem(text);
  return problem === undefined ? toExactMilli(parseQuantity(text)) : { problem };
}

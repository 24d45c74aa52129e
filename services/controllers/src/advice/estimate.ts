import type { ContainerAdvice } from '@gantry/model/gen/gantry.advice.v1.ts';
import { type ContainerUsage, dayMs } from './container-usage.ts';
import type { DecayingHistogram } from './histogram.ts';

/** Percentiles of what was used, and what is added to them: the figures of Kubernetes' Vertical Pod Autoscaler. */
const percentiles = { lower: 0.5, target: 0.9, upper: 0.95 } as const;
const marginShare = 0.15;
/** Samples in a day, one each minute. */
const samplesPerDay = 1_440;
/** The least that is ever advised. */
const leastCores = 0.01;
const mebibyte = 1024 ** 2;
const leastBytes = 16 * mebibyte;

/** Figures of a resource, in its own unit. */
interface Figures {
  readonly p50: number;
  readonly p95: number;
  readonly peak: number;
  readonly target: number;
  readonly lower: number;
  readonly upper: number;
}

/**
 * How much is known, in days: the time for which a container was watched, or as many samples as that time should have brought, whichever is less.
 * Bounds are as far from the target as little is known.
 */
export function confidenceOf({ sinceMs, untilMs, samples }: ContainerUsage['record']): number {
  return Math.min((untilMs - sinceMs) / dayMs, samples / samplesPerDay);
}

function figuresOf(histogram: DecayingHistogram, least: number, confidence: number): Figures | undefined {
  if (histogram.isEmpty) return undefined;
  const advised = (part: number): number => Math.max(least, histogram.percentile(part) * (1 + marginShare));
  const target = advised(percentiles.target);
  const lower = Math.max(least, advised(percentiles.lower) * (1 + 0.001 / Math.max(confidence, 1e-9)) ** -2);
  const upper = advised(percentiles.upper) * (1 + 1 / Math.max(confidence, 1e-9));
  return {
    p50: histogram.percentile(0.5),
    p95: histogram.percentile(0.95),
    peak: histogram.percentile(1),
    target,
    lower: Math.min(lower, target),
    upper: Math.max(upper, target),
  };
}

/** The advice on a container, without what its pods have now. Resources of which nothing is known are left out. */
export function adviceOf(name: string, usage: ContainerUsage): ContainerAdvice {
  const { record } = usage;
  const confidence = confidenceOf(record);
  const cpu = figuresOf(usage.cpu, leastCores, confidence);
  const memory = figuresOf(usage.memory, leastBytes, confidence);
  const both = (figure: keyof Figures): Record<string, string> => ({
    ...(cpu && { cpu: coresText(cpu[figure]) }),
    ...(memory && { memory: bytesText(memory[figure]) }),
  });
  return {
    name,
    p50: both('p50'),
    p95: both('p95'),
    peak: both('peak'),
    target: both('target'),
    lowerBound: both('lower'),
    upperBound: both('upper'),
    samples: record.samples,
    ...(record.outOfMemory === 0 ? {} : { outOfMemory: record.outOfMemory }),
    cpuHistory: record.cpu,
    memoryHistory: record.memory,
  };
}

/** The most that is written: what no machine has. */
const most = { cores: 1_000_000, bytes: 2 ** 53 } as const;

/** Whole thousandths of a processor. */
export function coresText(cores: number): string {
  return `${Math.ceil(Math.min(cores, most.cores) * 1_000 - 1e-6)}m`;
}

/** Whole mebibytes. */
export function bytesText(bytes: number): string {
  return `${Math.ceil(Math.min(bytes, most.bytes) / mebibyte - 1e-9)}Mi`;
}

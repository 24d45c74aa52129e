/**
 * Annotations of a Service whose pods may be none: the load balancer holds its requests until a pod is ready, and where
 * `gantry.dev/scale-to-zero-after` is set, its workloads go to zero when no request came for that time.
 */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Service } from '../../gen/gantry.core.v1.ts';
import { parseQuantity, quantityProblem, toUnits } from '../../quantity.ts';
import { invalidValue } from '../../validation/causes.ts';

/** Names of the annotations. */
export const zeroAnnotations = {
  /** Time without requests and connections after which the workloads go to zero, such as 5m. */
  after: 'gantry.dev/scale-to-zero-after',
  /** Replicas that a request wakes a workload to. */
  replicas: 'gantry.dev/scale-from-zero-to',
  /** Workload to scale, as RESOURCE.GROUP/NAME; those whose pods the Service selects where absent. */
  target: 'gantry.dev/scale-target',
  /** Requests and connections that may wait at a time, at each xDS server. */
  requests: 'gantry.dev/hold-requests',
  /** Bytes that they may take in Envoy together. */
  bytes: 'gantry.dev/hold-bytes',
  /** Longest wait of one, such as 30s. */
  timeout: 'gantry.dev/hold-timeout',
} as const;

/** Condition of a Service whose workloads are on their way to zero (reason Draining) or there (reason Idle). The controller writes it. */
export const asleepCondition = 'gantry.dev/Asleep';
/** Condition of a Service whose requests waited for a pod: its last transition is the last time that one was seen to wait. The xDS server writes it. */
export const heldCondition = 'gantry.dev/RequestsHeld';

/** A workload by its resource. */
export interface ScaleTarget {
  readonly group: string;
  readonly resource: string;
  readonly name: string;
}

/** The settings of one Service. */
export interface ZeroSettings {
  /** Milliseconds without requests until its workloads go to zero; undefined where they don't. */
  readonly afterMs: number | undefined;
  readonly replicas: number;
  readonly target: ScaleTarget | undefined;
  readonly maxRequests: number;
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/** A wait that is shorter than this ends before Envoy has told twice how many requests are under way. */
const minAfterMs = 10_000;
const maxAfterMs = 24 * 3_600_000;
/** Settings where the annotations say nothing. */
export const defaultZeroSettings: ZeroSettings = {
  ...{ afterMs: undefined, replicas: 1, target: undefined },
  ...{ maxRequests: 1_000, maxBytes: 64 * 1024 * 1024, timeoutMs: 60_000 },
};
const bounds = {
  replicas: [1, 1_000],
  maxRequests: [1, 10_000],
  maxBytes: [1024 * 1024, 4 * 1024 * 1024 * 1024],
  timeoutMs: [1_000, 15 * 60_000],
} as const;

type Parsed<T> = { readonly value: T } | { readonly problem: string };
type Parser<T> = (text: string) => Parsed<T>;

const parsers = {
  after: duration(minAfterMs, maxAfterMs, '10s and 24h'),
  replicas: whole(...bounds.replicas),
  target: parseTarget,
  requests: whole(...bounds.maxRequests),
  bytes: parseBytes,
  timeout: duration(...bounds.timeoutMs, '1s and 15m'),
} satisfies Record<keyof typeof zeroAnnotations, Parser<unknown>>;

/** True for a Service with one of the annotations. */
export function hasZeroAnnotations({ metadata }: Pick<Service, 'metadata'>): boolean {
  return Object.values(zeroAnnotations).some((name) => metadata.annotations?.[name] !== undefined);
}

/**
 * The settings of a Service whose requests may have to wait: those of its annotations, or the defaults where its condition says that an autoscaler may
 * scale it to zero; undefined for all others. An annotation that cannot be read counts as absent, as in objects that were stored before there was a rule.
 */
export function zeroSettings(service: Pick<Service, 'metadata' | 'status'>): ZeroSettings | undefined {
  const isAsked = (service.status?.conditions ?? []).some(({ type }) => type === asleepCondition);
  if (!isAsked && !hasZeroAnnotations(service)) return undefined;
  const annotations = service.metadata.annotations ?? {};
  const read = <K extends keyof typeof parsers>(key: K): Value<K> | undefined => {
    const text = annotations[zeroAnnotations[key]];
    const parsed = text === undefined ? undefined : (parsers[key] as Parser<Value<K>>)(text);
    return parsed !== undefined && 'value' in parsed ? parsed.value : undefined;
  };
  return {
    afterMs: read('after'),
    replicas: read('replicas') ?? defaultZeroSettings.replicas,
    target: read('target'),
    maxRequests: read('requests') ?? defaultZeroSettings.maxRequests,
    maxBytes: read('bytes') ?? defaultZeroSettings.maxBytes,
    timeoutMs: read('timeout') ?? defaultZeroSettings.timeoutMs,
  };
}

type Value<K extends keyof typeof parsers> = Extract<
  ReturnType<(typeof parsers)[K]>,
  { readonly value: unknown }
>['value'];

/** Faults of the annotations, each with the name and the value of its annotation. */
export function validateZero({ metadata, spec }: Service): FieldCause[] {
  const annotations = metadata.annotations ?? {};
  const causes: FieldCause[] = [];
  for (const [key, name] of Object.entries(zeroAnnotations)) {
    const text = annotations[name];
    if (text === undefined) continue;
    const parsed = parsers[key as keyof typeof parsers](text);
    if ('problem' in parsed) causes.push(invalidValue(`metadata.annotations[${name}]`, text, parsed.problem));
    else if (spec.type !== 'LoadBalancer') causes.push(invalidValue('spec.type', spec.type ?? '', onlyBalanced(name)));
  }
  return causes;
}

function onlyBalanced(name: string): string {
  return `must be LoadBalancer where the annotation ${name} is set: requests are held by the load balancer, and others would wake nothing`;
}

/** A duration of hours, minutes and seconds, such as 1h30m or 90s. */
function duration(leastMs: number, mostMs: number, range: string): Parser<number> {
  const problem = `must be a duration between ${range}, such as 5m or 1m30s`;
  return (text) => {
    const match = /^(?:(\d{1,5})h)?(?:(\d{1,5})m)?(?:(\d{1,5})s)?$/.exec(text);
    if (text === '' || match === null) return { problem };
    const [hours, minutes, seconds] = [match[1], match[2], match[3]].map((part) => Number(part ?? 0));
    const value = (hours! * 3_600 + minutes! * 60 + seconds!) * 1_000;
    return value >= leastMs && value <= mostMs ? { value } : { problem };
  };
}

function whole(least: number, most: number): Parser<number> {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most
      ? { value }
      : { problem: `must be a whole number between ${least} and ${most}` };
  };
}

function parseBytes(text: string): Parsed<number> {
  const [least, most] = bounds.maxBytes;
  const value = quantityProblem(text) === undefined ? toUnits(parseQuantity(text)) : Number.NaN;
  return value >= least && value <= most
    ? { value }
    : { problem: 'must be a quantity between 1Mi and 4Gi, such as 64Mi' };
}

function parseTarget(text: string): Parsed<ScaleTarget> {
  const match = /^([a-z][a-z0-9-]{0,62})(?:\.([a-z0-9.-]{1,253}))?\/([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)$/.exec(text);
  if (match === null) return { problem: 'must have the form RESOURCE.GROUP/NAME, such as deployments.apps/web' };
  return { value: { resource: match[1]!, group: match[2] ?? '', name: match[3]! } };
}

/** Validation of a Rollout's analyses. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { PrometheusCheck, RolloutAnalysis, RolloutCheck } from '../../gen/gantry.rollout.v1.ts';
import {
  duplicates,
  forbidden,
  inRange,
  invalidValue,
  invalidValues,
  nonNegative,
  notSupported,
  oneOf,
  required,
  tooLong,
  tooMany,
} from '../../validation/causes.ts';
import { dnsLabelProblems } from '../../validation/names.ts';
import { maxWindowSeconds } from './defaults.ts';

const maxChecks = 16;
const maxCount = 100_000;
const maxQueryBytes = 8 * 1024;
/** Seconds between measurements: a day. */
const maxIntervalSeconds = 86_400;
/** Percent of requests by whose time latency is judged. */
const quantiles = [50, 90, 95, 99];
const checkFields = ['successRate', 'latency', 'prometheus'] as const;

/** Validates an analysis, where there is one. */
export function validateAnalysis(analysis: RolloutAnalysis | undefined, path: string): FieldCause[] {
  if (analysis === undefined) return [];
  const { checks, count } = analysis;
  return [
    ...inRange(`${path}.intervalSeconds`, analysis.intervalSeconds, 1, maxIntervalSeconds),
    ...inRange(`${path}.initialDelaySeconds`, analysis.initialDelaySeconds, 0, maxIntervalSeconds),
    ...inRange(`${path}.count`, count, 1, maxCount),
    ...nonNegative(`${path}.failureLimit`, analysis.failureLimit),
    ...nonNegative(`${path}.inconclusiveLimit`, analysis.inconclusiveLimit),
    ...oneOf(`${path}.onInconclusive`, analysis.onInconclusive, ['Abort', 'Pause']),
    ...(checks.length > maxChecks ? [tooMany(`${path}.checks`, checks.length, maxChecks)] : []),
    ...checks.flatMap((check, index) => validateCheck(check, `${path}.checks[${index}]`)),
    ...duplicates(
      checks.map(({ name }) => name),
      (index) => `${path}.checks[${index}].name`,
    ),
  ];
}

function validateCheck(check: RolloutCheck, path: string): FieldCause[] {
  const { name, successRate, latency, prometheus } = check;
  const [first, ...others] = checkFields.filter((field) => check[field] !== undefined);
  if (first === undefined) {
    return [required(path, `must specify one of: ${checkFields.map((field) => `\`${field}\``).join(', ')}`)];
  }
  return [
    ...(name === '' ? [] : invalidValues(`${path}.name`, name, dnsLabelProblems(name))),
    ...others.map((field) => forbidden(`${path}.${field}`, `may not be specified together with \`${first}\``)),
    ...inRange(`${path}.successRate.minPercent`, successRate?.minPercent, 0, 100),
    ...validateSample(successRate, `${path}.successRate`),
    ...validateSample(latency, `${path}.latency`),
    ...validateQuantile(latency?.quantilePercent, `${path}.latency.quantilePercent`),
    ...(latency !== undefined && latency.maxMilliseconds <= 0
      ? [invalidValue(`${path}.latency.maxMilliseconds`, latency.maxMilliseconds, 'must be greater than zero')]
      : []),
    ...(prometheus === undefined ? [] : validatePrometheus(prometheus, `${path}.prometheus`)),
  ];
}

function validateSample(
  check: { readonly minRequests?: number; readonly windowSeconds?: number } | undefined,
  path: string,
): FieldCause[] {
  return [
    ...inRange(`${path}.minRequests`, check?.minRequests, 1, 1_000_000_000),
    ...inRange(`${path}.windowSeconds`, check?.windowSeconds, 1, maxWindowSeconds),
  ];
}

function validateQuantile(quantile: number | undefined, field: string): FieldCause[] {
  if (quantile === undefined || quantiles.includes(quantile)) return [];
  return [notSupported(field, quantile, quantiles.map(String))];
}

function validatePrometheus({ query, min, max }: PrometheusCheck, path: string): FieldCause[] {
  return [
    ...(Buffer.byteLength(query) > maxQueryBytes ? [tooLong(`${path}.query`, maxQueryBytes)] : []),
    ...(min === undefined && max === undefined ? [required(path, 'must specify one of: `min`, `max`')] : []),
    ...(min !== undefined && max !== undefined && max < min
      ? [invalidValue(`${path}.max`, max, 'must not be less than `min`')]
      : []),
  ];
}

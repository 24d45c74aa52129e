/** Validation of jobs and of their templates. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Job, JobSpec } from '../../gen/gantry.batch.v1.ts';
import { matchesLabels } from '../../selectors.ts';
import { invalidValue, invalidValues, nonNegative, notSupported, required, tooLong } from '../../validation/causes.ts';
import { validateLabelSelector } from '../../validation/labels.ts';
import { dnsLabelProblems, domainPrefixedPathProblems } from '../../validation/names.ts';
import { validateTemplate } from '../pod/validation.ts';
import { afterAnnotation, afterField, prerequisitesOf } from './after.ts';
import { validatePodFailurePolicy, validateSuccessPolicy } from './policies.ts';

const modes = ['NonIndexed', 'Indexed'];
const replacementPolicies = ['Failed', 'TerminatingOrFailed'];
const maxManagedByBytes = 63;
/** Bounds of indexed jobs, whose indexes the status lists. */
const maxIndexedParallelism = 100_000;
const maxFailedIndexes = 100_000;
/** Above this number of indexes, with a limit for each, the bounds are stricter. */
const manyCompletions = 100_000;
const maxParallelismOfMany = 10_000;
const maxFailedIndexesOfMany = 10_000;

/** Validates a job. */
export function validateJob(job: Job): FieldCause[] {
  const { spec } = job;
  return [
    ...validateAfter(job),
    ...validateJobSpec(spec, 'spec'),
    ...validateSelector(spec),
    ...validateHostnames(job),
  ];
}

function validateAfter({ metadata: { annotations } }: Job): FieldCause[] {
  const { problems } = prerequisitesOf(annotations);
  return problems.map((problem) => invalidValue(afterField, annotations![afterAnnotation], problem));
}

function validateSelector({ selector, template }: JobSpec): FieldCause[] {
  const causes =
    selector === undefined ? [required('spec.selector')] : validateLabelSelector(selector, 'spec.selector');
  const labels = template.metadata?.labels ?? {};
  const isWrong = selector === undefined || (causes.length === 0 && !matchesLabels(selector, labels));
  const text = '`selector` does not match template `labels`';
  return isWrong ? [...causes, invalidValue('spec.template.metadata.labels', labels, text)] : causes;
}

/** The hostname of an indexed pod is made of the job's name and the index. */
function validateHostnames({ metadata: { name = '' }, spec }: Job): FieldCause[] {
  const { completionMode, completions = 0 } = spec;
  if (completionMode !== 'Indexed' || completions <= 0) return [];
  const hostname = `${name}-${completions - 1}`;
  if (dnsLabelProblems(hostname).length === 0) return [];
  return [invalidValue('metadata.name', name, `will not able to create pod with invalid DNS label: ${hostname}`)];
}

/** Validates a job's spec but for the selector. @param path Of the spec. */
export function validateJobSpec(spec: JobSpec, path: string): FieldCause[] {
  const counts = [
    ...(['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit'] as const),
    ...(['ttlSecondsAfterFinished', 'backoffLimitPerIndex', 'maxFailedIndexes'] as const),
  ];
  return [
    ...counts.flatMap((name) => nonNegative(`${path}.${name}`, spec[name])),
    ...validateManagedBy(spec.managedBy, `${path}.managedBy`),
    ...validateMode(spec, path),
    ...validatePodFailurePolicy(spec, path),
    ...validateSuccessPolicy(spec, path),
    ...validateReplacement(spec, `${path}.podReplacementPolicy`),
    ...validateTemplate(spec.template, `${path}.template`),
    ...validateRestartPolicy(spec, `${path}.template.spec.restartPolicy`),
  ];
}

function validateManagedBy(managedBy: string | undefined, field: string): FieldCause[] {
  if (managedBy === undefined) return [];
  const causes =
    managedBy === '' ? [required(field)] : invalidValues(field, managedBy, domainPrefixedPathProblems(managedBy));
  return Buffer.byteLength(managedBy) > maxManagedByBytes ? [...causes, tooLong(field, maxManagedByBytes)] : causes;
}

function validateMode(spec: JobSpec, path: string): FieldCause[] {
  const { completionMode: mode, backoffLimitPerIndex, maxFailedIndexes: failedIndexes } = spec;
  const causes: FieldCause[] = [];
  if (failedIndexes !== undefined && backoffLimitPerIndex === undefined) {
    causes.push(required(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'));
  }
  if (mode === 'Indexed') return [...causes, ...validateIndexed(spec, path)];
  if (mode !== undefined && mode !== 'NonIndexed') {
    return [...causes, notSupported(`${path}.completionMode`, mode, modes)];
  }
  for (const name of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const) {
    if (spec[name] === undefined) continue;
    causes.push(invalidValue(`${path}.${name}`, spec[name], 'requires indexed completion mode'));
  }
  return causes;
}

function validateIndexed(spec: JobSpec, path: string): FieldCause[] {
  const { completions, maxFailedIndexes: failed, backoffLimitPerIndex } = spec;
  const causes: FieldCause[] = [];
  if (completions === undefined) causes.push(required(`${path}.completions`, 'when completion mode is Indexed'));
  causes.push(...atMost(spec, path, 'parallelism', maxIndexedParallelism, ' when completion mode is Indexed'));
  if (completions !== undefined && failed !== undefined && failed > completions) {
    causes.push(invalidValue(`${path}.maxFailedIndexes`, failed, 'must be less than or equal to completions'));
  }
  causes.push(...atMost(spec, path, 'maxFailedIndexes', maxFailedIndexes, ''));
  if (completions === undefined || completions <= manyCompletions || backoffLimitPerIndex === undefined) return causes;
  if (failed === undefined) {
    const text = `must be specified when completions is above ${manyCompletions}`;
    causes.push(required(`${path}.maxFailedIndexes`, text));
  }
  const why = ` when completions are above ${manyCompletions} and used with backoff limit per index`;
  return [
    ...causes,
    ...atMost(spec, path, 'parallelism', maxParallelismOfMany, why),
    ...atMost(spec, path, 'maxFailedIndexes', maxFailedIndexesOfMany, why),
  ];
}

function atMost(
  spec: JobSpec,
  path: string,
  name: 'parallelism' | 'maxFailedIndexes',
  bound: number,
  why: string,
): FieldCause[] {
  const value = spec[name];
  if (value === undefined || value <= bound) return [];
  return [invalidValue(`${path}.${name}`, value, `must be less than or equal to ${bound}${why}`)];
}

function validateReplacement({ podReplacementPolicy, podFailurePolicy }: JobSpec, field: string): FieldCause[] {
  if (podReplacementPolicy === undefined) return [];
  const supported = podFailurePolicy === undefined ? replacementPolicies : ['Failed'];
  return supported.includes(podReplacementPolicy) ? [] : [notSupported(field, podReplacementPolicy, supported)];
}

/** Pods of a job end. */
function validateRestartPolicy({ template, podFailurePolicy }: JobSpec, field: string): FieldCause[] {
  const { restartPolicy = '' } = template.spec;
  if (restartPolicy === 'Always' || restartPolicy === '')
    return [required(field, 'valid values: "OnFailure", "Never"')];
  if (restartPolicy !== 'OnFailure' && restartPolicy !== 'Never') {
    return [notSupported(field, restartPolicy, ['OnFailure', 'Never'])];
  }
  return podFailurePolicy !== undefined && restartPolicy !== 'Never'
    ? [invalidValue(field, restartPolicy, 'only "Never" is supported when podFailurePolicy is specified')]
    : [];
}

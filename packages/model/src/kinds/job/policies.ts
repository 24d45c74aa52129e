/** Validation of a job's policies of failures and of success. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
  SuccessPolicyRule,
} from '../../gen/gantry.batch.v1.ts';
import {
  duplicates,
  invalidField,
  invalidValue,
  invalidValues,
  nonNegative,
  notSupported,
  required,
  tooLong,
  tooMany,
} from '../../validation/causes.ts';
import { qualifiedNameProblems } from '../../validation/names.ts';
import { countIndexes, IndexesError } from './indexes.ts';

const maxRules = 20;
const maxPatterns = 20;
const maxExitCodes = 255;
const maxIndexesBytes = 64 * 1024;
const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const operators = ['In', 'NotIn'];
const statuses = ['False', 'True', 'Unknown'];

/** Validates the policy of failures. @param path Of the job's spec. */
export function validatePodFailurePolicy(spec: JobSpec, path: string): FieldCause[] {
  if (spec.podFailurePolicy === undefined) return [];
  const { rules = [] } = spec.podFailurePolicy;
  const field = `${path}.podFailurePolicy.rules`;
  return [
    ...(rules.length > maxRules ? [tooMany(field, rules.length, maxRules)] : []),
    ...rules.flatMap((rule, index) => validateFailureRule(spec, rule, `${field}[${index}]`)),
  ];
}

function validateFailureRule(spec: JobSpec, rule: PodFailurePolicyRule, path: string): FieldCause[] {
  const { action, onExitCodes, onPodConditions = [] } = rule;
  const causes = requiredOneOf(`${path}.action`, action, actions);
  if (action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    causes.push(invalidValue(`${path}.action`, action, 'requires the backoffLimitPerIndex to be set'));
  }
  if (onExitCodes !== undefined) causes.push(...validateExitCodes(spec, onExitCodes, `${path}.onExitCodes`));
  causes.push(...validatePatterns(onPodConditions, `${path}.onPodConditions`));
  const given = Number(onExitCodes !== undefined) + Number(onPodConditions.length > 0);
  if (given === 2) {
    causes.push(invalidField(path, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  } else if (given === 0) {
    causes.push(invalidField(path, 'specifying one of OnExitCodes and OnPodConditions is required'));
  }
  return causes;
}

function validatePatterns(patterns: readonly PodFailurePolicyOnPodConditionsPattern[], path: string): FieldCause[] {
  return [
    ...(patterns.length > maxPatterns ? [tooMany(path, patterns.length, maxPatterns)] : []),
    ...patterns.flatMap(({ type, status }, index) => [
      ...invalidValues(`${path}[${index}].type`, type, qualifiedNameProblems(type)),
      ...requiredOneOf(`${path}[${index}].status`, status, statuses),
    ]),
  ];
}

function validateExitCodes(
  { template }: JobSpec,
  { operator, containerName, values = [] }: PodFailurePolicyOnExitCodesRequirement,
  path: string,
): FieldCause[] {
  const causes = requiredOneOf(`${path}.operator`, operator, operators);
  const { containers = [], initContainers = [] } = template.spec;
  if (containerName !== undefined && ![...containers, ...initContainers].some(({ name }) => name === containerName)) {
    const text = 'must be one of the container or initContainer names in the pod template';
    causes.push(invalidValue(`${path}.containerName`, containerName, text));
  }
  const field = `${path}.values`;
  if (values.length === 0) causes.push(invalidValue(field, values, 'at least one value is required'));
  else if (values.length > maxExitCodes) causes.push(tooMany(field, values.length, maxExitCodes));
  for (const [index, value] of values.entries()) {
    if (operator !== 'In' || value !== 0) continue;
    causes.push(invalidValue(`${field}[${index}]`, value, 'must not be 0 for the In operator'));
  }
  causes.push(...duplicates(values.map(String), (index) => `${field}[${index}]`));
  const isOrdered = values.every((value, index) => index === 0 || values[index - 1]! <= value);
  return isOrdered ? causes : [...causes, invalidValue(field, values, 'must be ordered')];
}

/** Validates the policy of success. @param path Of the job's spec. */
export function validateSuccessPolicy(spec: JobSpec, path: string): FieldCause[] {
  if (spec.successPolicy === undefined) return [];
  const field = `${path}.successPolicy`;
  if (spec.completionMode !== 'Indexed') {
    return [invalidValue(field, spec.successPolicy, 'requires indexed completion mode')];
  }
  const { rules = [] } = spec.successPolicy;
  const causes = rules.flatMap((rule, index) =>
    validateSuccessRule(rule, spec.completions ?? 0, `${field}.rules[${index}]`),
  );
  if (rules.length === 0) {
    causes.push(required(`${field}.rules`, 'at least one rules must be specified when the successPolicy is specified'));
  }
  return rules.length > maxRules ? [...causes, tooMany(`${field}.rules`, rules.length, maxRules)] : causes;
}

function validateSuccessRule(rule: SuccessPolicyRule, completions: number, path: string): FieldCause[] {
  const { succeededCount, succeededIndexes } = rule;
  if (succeededCount === undefined && succeededIndexes === undefined) {
    return [required(path, 'at least one of succeededCount or succeededIndexes must be specified')];
  }
  const causes: FieldCause[] = [];
  const indexes = succeededIndexes === undefined ? undefined : countOf(succeededIndexes, completions);
  if (succeededIndexes !== undefined) {
    const field = `${path}.succeededIndexes`;
    if (Buffer.byteLength(succeededIndexes) > maxIndexesBytes) causes.push(tooLong(field, maxIndexesBytes));
    if (typeof indexes === 'string') {
      causes.push(invalidValue(field, succeededIndexes, `error parsing succeededIndexes: ${indexes}`));
    }
  }
  if (succeededCount === undefined) return causes;
  const field = `${path}.succeededCount`;
  causes.push(...nonNegative(field, succeededCount));
  const bounds: (readonly [bound: number, text: string])[] = [[completions, 'the number of specified completions']];
  if (indexes !== undefined) {
    const text = 'the number of indexes in the specified succeededIndexes field';
    bounds.push([typeof indexes === 'number' ? indexes : 0, text]);
  }
  for (const [bound, text] of bounds) {
    if (succeededCount <= bound) continue;
    causes.push(invalidValue(field, succeededCount, `must be less than or equal to ${bound} (${text})`));
  }
  return causes;
}

/** How many indexes a text names, or why it is none. */
function countOf(text: string, completions: number): number | string {
  try {
    return countIndexes(text, completions);
  } catch (error) {
    if (error instanceof IndexesError) return error.message;
    throw error;
  }
}

function requiredOneOf(field: string, value: string | undefined, supported: readonly string[]): FieldCause[] {
  if (!value) return [required(field, `valid values: [${supported.map((each) => JSON.stringify(each)).join(' ')}]`)];
  return supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

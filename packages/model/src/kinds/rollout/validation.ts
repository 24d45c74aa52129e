/** Validation of Rollouts. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type {
  CanaryScale,
  CanaryStep,
  CanaryStrategy,
  Rollout,
  RolloutRequest,
  RolloutSpec,
  RolloutWorkload,
} from '../../gen/gantry.rollout.v1.ts';
import {
  duplicates,
  forbidden,
  immutable,
  inRange,
  invalidValues,
  nonNegative,
  notSupported,
  oneOf,
  required,
  tooLong,
  tooMany,
} from '../../validation/causes.ts';
import { dns1035LabelProblems, dnsSubdomainProblems } from '../../validation/names.ts';
import { validateAnalysis } from './analysis.ts';

const workloadKinds = ['DaemonSet', 'Deployment', 'StatefulSet'];
const actions = ['Abort', 'Promote', 'PromoteFull', 'Retry'];
/** Steps of one strategy, and services that one policy splits. */
const maxSteps = 64;
const maxServices = 32;
const maxRequestIdBytes = 128;
/** Seconds of a wait: a year. */
export const maxSeconds = 31_536_000;

/** Validates a Rollout. */
export function validateRollout({ spec }: Rollout): FieldCause[] {
  return [
    ...validateWorkload(spec.workloadRef, 'spec.workloadRef'),
    ...validateServices(spec.services ?? []),
    ...validateStrategy(spec),
    ...inRange('spec.progressDeadlineSeconds', spec.progressDeadlineSeconds, 1, maxSeconds),
    ...inRange('spec.scaleDownDelaySeconds', spec.scaleDownDelaySeconds, 0, maxSeconds),
    ...(spec.request === undefined ? [] : validateRequest(spec.request, 'spec.request')),
  ];
}

/** Validates a change of a Rollout: the revisions in its status are those of one workload. */
export function validateRolloutUpdate({ spec }: Rollout, { spec: stored }: Rollout): FieldCause[] {
  const { apiVersion, kind, name } = spec.workloadRef;
  const before = stored.workloadRef;
  const same = apiVersion === before.apiVersion && kind === before.kind && name === before.name;
  return same ? [] : [immutable('spec.workloadRef', spec.workloadRef)];
}

function validateWorkload({ apiVersion, kind, name }: RolloutWorkload, path: string): FieldCause[] {
  return [
    ...oneOf(`${path}.apiVersion`, apiVersion, ['apps/v1']),
    ...(kind === '' ? [] : oneOf(`${path}.kind`, kind, workloadKinds)),
    ...(name === '' ? [] : invalidValues(`${path}.name`, name, dnsSubdomainProblems(name))),
  ];
}

function validateServices(services: readonly string[]): FieldCause[] {
  const path = 'spec.services';
  return [
    ...(services.length > maxServices ? [tooMany(path, services.length, maxServices)] : []),
    ...services.flatMap((name, index) => invalidValues(`${path}[${index}]`, name, dns1035LabelProblems(name))),
    ...duplicates(services, (index) => `${path}[${index}]`),
  ];
}

function validateStrategy({ strategy, workloadRef, services }: RolloutSpec): FieldCause[] {
  const path = 'spec.strategy';
  const { canary, blueGreen } = strategy;
  if (canary !== undefined && blueGreen !== undefined) {
    return [forbidden(`${path}.blueGreen`, 'may not be specified together with `canary`')];
  }
  if (canary !== undefined) return validateCanary(canary, `${path}.canary`);
  if (blueGreen === undefined) return [required(path, 'must specify one of: `canary`, `blueGreen`')];
  const { previewService, autoPromotionSeconds, prePromotionAnalysis, postPromotionAnalysis } = blueGreen;
  const under = `${path}.blueGreen`;
  return [
    ...(workloadRef.kind === 'Deployment'
      ? []
      : [forbidden(under, 'two whole revisions can stand side by side in a Deployment only')]),
    ...(previewService === undefined
      ? []
      : invalidValues(`${under}.previewService`, previewService, dns1035LabelProblems(previewService))),
    ...(previewService !== undefined && services?.includes(previewService)
      ? [forbidden(`${under}.previewService`, 'may not be one of `services`')]
      : []),
    ...inRange(`${under}.autoPromotionSeconds`, autoPromotionSeconds, 0, maxSeconds),
    ...validateAnalysis(prePromotionAnalysis, `${under}.prePromotionAnalysis`),
    ...validateAnalysis(postPromotionAnalysis, `${under}.postPromotionAnalysis`),
  ];
}

function validateCanary({ steps = [], analysis }: CanaryStrategy, path: string): FieldCause[] {
  return [
    ...(steps.length > maxSteps ? [tooMany(`${path}.steps`, steps.length, maxSteps)] : []),
    ...steps.flatMap((step, index) => validateStep(step, `${path}.steps[${index}]`)),
    ...(analysis?.count === undefined
      ? []
      : [forbidden(`${path}.analysis.count`, 'this analysis goes on until the rollout ends')]),
    ...validateAnalysis(analysis, `${path}.analysis`),
  ];
}

const stepFields = ['setWeight', 'pause', 'setCanaryScale', 'analysis'] as const;

function validateStep(step: CanaryStep, path: string): FieldCause[] {
  const [first, ...others] = stepFields.filter((field) => step[field] !== undefined);
  if (first === undefined) {
    return [required(path, `must specify one of: ${stepFields.map((field) => `\`${field}\``).join(', ')}`)];
  }
  return [
    ...others.map((field) => forbidden(`${path}.${field}`, `may not be specified together with \`${first}\``)),
    ...inRange(`${path}.setWeight`, step.setWeight, 0, 100),
    ...inRange(`${path}.pause.durationSeconds`, step.pause?.durationSeconds, 1, maxSeconds),
    ...validateScale(step.setCanaryScale, `${path}.setCanaryScale`),
    ...validateAnalysis(step.analysis, `${path}.analysis`),
  ];
}

function validateScale(scale: CanaryScale | undefined, path: string): FieldCause[] {
  const { replicas, percent } = scale ?? {};
  return [
    ...(replicas !== undefined && percent !== undefined
      ? [forbidden(`${path}.percent`, 'may not be specified together with `replicas`')]
      : []),
    ...nonNegative(`${path}.replicas`, replicas),
    ...inRange(`${path}.percent`, percent, 0, 100),
  ];
}

function validateRequest({ action, id, revision }: RolloutRequest, path: string): FieldCause[] {
  return [
    ...(action === '' || actions.includes(action) ? [] : [notSupported(`${path}.action`, action, actions)]),
    ...(Buffer.byteLength(id) > maxRequestIdBytes ? [tooLong(`${path}.id`, maxRequestIdBytes)] : []),
    ...(revision === undefined || revision === ''
      ? []
      : invalidValues(`${path}.revision`, revision, dnsSubdomainProblems(revision))),
  ];
}

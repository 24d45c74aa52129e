/** Defaults of jobs and of their templates. */
import type { Job, JobSpec } from '../../gen/gantry.batch.v1.ts';
import { setTemplateDefaults } from '../pod/defaults.ts';

/** Failures before a job fails. */
const defaultBackoffLimit = 6;
const maxInt32 = 2 ** 31 - 1;

/** Sets a job's left-out fields, in place. */
export function setJobDefaults({ metadata, spec }: Job): void {
  setJobTemplateDefaults(spec);
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  // With a limit for each index, that of the whole job is out of reach.
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? defaultBackoffLimit : maxInt32;
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed';
  spec.manualSelector ??= false;
  takeLabels(metadata, spec);
}

/** Sets the fields of a template of jobs that do not depend on the job: a template stays as its author wrote it. */
export function setJobTemplateDefaults({ template, podFailurePolicy }: JobSpec): void {
  setTemplateDefaults(template);
  for (const { onPodConditions = [] } of podFailurePolicy?.rules ?? []) {
    for (const pattern of onPodConditions) pattern.status ||= 'True';
  }
}

/** A job without labels has those of its template: the very same map, so that what is added to one of them is added to both. */
export function takeLabels(metadata: Job['metadata'], { template }: JobSpec): void {
  const labels = template.metadata?.labels;
  if (labels !== undefined && Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = labels;
}

/** The selector that the server makes for a job, and the labels that it puts on the job's pods. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Job } from '../../gen/gantry.batch.v1.ts';
import { matchesLabels } from '../../selectors.ts';
import { invalidValue, required } from '../../validation/causes.ts';
import { takeLabels } from './defaults.ts';

const nameLabels = ['job-name', 'batch.kubernetes.io/job-name'] as const;
const uidLabels = ['controller-uid', 'batch.kubernetes.io/controller-uid'] as const;

/** Makes a new job's selector and the labels of its pods, in place; keeps labels that are there. */
export function generateSelector(job: Job): void {
  job.spec.template.metadata ??= {};
  const { metadata } = job.spec.template;
  metadata.labels ??= {};
  for (const [key, value] of Object.entries(generatedLabels(job))) metadata.labels[key] ??= value;
  takeLabels(job.metadata, job.spec);
  const { selector = {} } = job.spec;
  const matchLabels = { [uidLabels[1]]: job.metadata.uid ?? '', ...selector.matchLabels };
  job.spec.selector = { ...selector, matchLabels };
}

/** Puts a job's new name into the labels that have the one before. */
export function followName({ metadata, spec }: Job, before: string): void {
  for (const labels of new Set([metadata.labels, spec.template.metadata?.labels])) {
    for (const key of nameLabels) if (labels?.[key] === before) labels[key] = metadata.name;
  }
}

/** Validates that a new job's selector is the one that the server makes, unless the client answers for it. */
export function validateGeneratedSelector(job: Job): FieldCause[] {
  const { manualSelector, selector, template } = job.spec;
  if (manualSelector === true || selector === undefined) return [];
  const labels = template.metadata?.labels ?? {};
  const wanted = generatedLabels(job);
  const causes = Object.entries(wanted).flatMap(([key, value]) => {
    const field = `spec.template.metadata.labels[${key}]`;
    if (labels[key] === undefined) return [required(field, `must be '${value}'`)];
    return labels[key] === value ? [] : [invalidValue(field, labels, `must be '${value}'`)];
  });
  return matchesLabels(selector, wanted)
    ? causes
    : [...causes, invalidValue('spec.selector', selector, '`selector` not auto-generated')];
}

function generatedLabels({ metadata: { name = '', uid = '' } }: Job): Record<string, string> {
  return Object.fromEntries([...nameLabels.map((key) => [key, name]), ...uidLabels.map((key) => [key, uid])]);
}

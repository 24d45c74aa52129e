import type { Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import type { Container, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { podOfTemplate } from '../core/pod-template.ts';
import {
  failureCountAnnotation,
  failureCountOf,
  hasLimitPerIndex,
  ignoredFailureCountAnnotation,
  ignoredFailureCountOf,
  indexAnnotation,
  trackingFinalizer,
} from './pods.ts';
import { consequenceOf } from './policies.ts';

/** Variable that tells containers their pod's index. */
const indexVariable = 'JOB_COMPLETION_INDEX';
/** Most characters before the random ones of a name that the server makes. */
const maxPrefixChars = 58;

/** A pod of a Job whose pods are all alike. */
export function podFor(job: Job): Pod {
  const pod = podOfTemplate(job.spec.template, job);
  const { finalizers = [] } = pod.metadata;
  pod.metadata.finalizers = finalizers.includes(trackingFinalizer) ? finalizers : [...finalizers, trackingFinalizer];
  return pod;
}

/** The pod of an index. @param last The index's last pod, which failed, where the Job has a limit for each index. */
export function podForIndex(job: Job, index: number, last: Pod | undefined): Pod {
  const pod = podFor(job);
  const { metadata, spec } = pod;
  const { name } = job.metadata;
  metadata.generateName = prefixOf(name, index);
  metadata.labels = { ...metadata.labels, [indexAnnotation]: String(index) };
  metadata.annotations = {
    ...metadata.annotations,
    [indexAnnotation]: String(index),
    ...(hasLimitPerIndex(job) ? failureCounts(job, last) : {}),
  };
  spec.hostname = `${name}-${index}`;
  for (const list of [spec.initContainers, spec.containers]) for (const container of list ?? []) addVariable(container);
  return pod;
}

function prefixOf(name: string, index: number): string {
  const end = `-${index}-`;
  return `${name.slice(0, maxPrefixChars - end.length)}${end}`;
}

/** Failures of an index, as its next pod tells them. */
function failureCounts(job: Job, last: Pod | undefined): Record<string, string> {
  const ignores = last !== undefined && consequenceOf(job, last).action === 'Ignore';
  const counts = last !== undefined && !ignores;
  const failures = (last === undefined ? 0 : failureCountOf(last)) + Number(counts);
  const ignored = (last === undefined ? 0 : ignoredFailureCountOf(last)) + Number(ignores);
  return {
    [failureCountAnnotation]: String(failures),
    ...(ignored === 0 ? {} : { [ignoredFailureCountAnnotation]: String(ignored) }),
  };
}

function addVariable(container: Container): void {
  container.env ??= [];
  if (container.env.some(({ name }) => name === indexVariable)) return;
  const fieldPath = `metadata.labels['${indexAnnotation}']`;
  container.env.push({ name: indexVariable, valueFrom: { fieldRef: { fieldPath } } });
}

// Generated from proto/ by `npm run generate`; not edited by hand.

import type { ObjectReference, PodTemplateSpec } from './gantry.core.v1.ts';
import type { LabelSelector, ObjectMeta } from './gantry.meta.v1.ts';

/** A job that is made anew at given times. */
export interface CronJob {
  apiVersion: string;
  kind: 'CronJob';
  /** Identity and labels; the name has 52 characters at most, as those of its jobs add to it. */
  metadata: ObjectMeta;
  /** Desired state: the job and its times. */
  spec: CronJobSpec;
  /** The jobs that run, and when they last did. */
  status?: CronJobStatus;
}

/** Desired state: the job and its times. */
export interface CronJobSpec {
  /** Times in the form of cron: minute, hour, day of the month, month, day of the week; or a word such as "@hourly". */
  schedule: string;
  /** Time zone of the schedule, such as "Europe/Berlin"; the controller's own by default. */
  timeZone?: string;
  /** Seconds that a job may start late; one that is later is skipped. Without limit by default. */
  startingDeadlineSeconds?: number;
  /** "Allow" (default: jobs may run side by side), "Forbid" (skip a job while one runs) or "Replace" (end the one that runs). */
  concurrencyPolicy?: string;
  /** Make no more jobs; those that run go on. False by default. */
  suspend?: boolean;
  /** The jobs. */
  jobTemplate: JobTemplateSpec;
  /** Jobs that succeeded which are kept; 3 by default. */
  successfulJobsHistoryLimit?: number;
  /** Jobs that failed which are kept; 1 by default. */
  failedJobsHistoryLimit?: number;
}

/** The jobs that run, and when they last did. */
export interface CronJobStatus {
  /** The jobs that run. */
  active?: ObjectReference[];
  /** When a job was last made. */
  lastScheduleTime?: string;
  /** When a job last succeeded. */
  lastSuccessfulTime?: string;
}

/** Pods that run until enough of them have succeeded. */
export interface Job {
  apiVersion: string;
  kind: 'Job';
  /** Identity and labels; the template's labels where it has none. */
  metadata: ObjectMeta;
  /** Desired state: the pods, the number of successes, and what to do about failures. */
  spec: JobSpec;
  /** How far that is. */
  status?: JobStatus;
}

/** One observed aspect of a job. */
export interface JobCondition {
  /** Type of the condition, such as "Complete". */
  type: string;
  /** "True", "False" or "Unknown". */
  status: string;
  /** When the condition was last looked at. */
  lastProbeTime?: string;
  /** When status last changed. */
  lastTransitionTime?: string;
  /** One CamelCase word for why, such as "BackoffLimitExceeded". */
  reason?: string;
  /** Why, for people. */
  message?: string;
}

/** Desired state: the pods, the number of successes, and what to do about failures. */
export interface JobSpec {
  /** Pods that run at once at most; 1 by default. Fewer run where fewer successes are missing. */
  parallelism?: number;
  /** Successes that complete the job; 1 by default, where parallelism is not set either. Absent: the first success completes it, once all pods have ended. */
  completions?: number;
  /** Seconds that the job may be active before it is ended; no limit by default. Suspended time does not count. */
  activeDeadlineSeconds?: number;
  /** Consequences of failures; by default each counts towards backoffLimit. */
  podFailurePolicy?: PodFailurePolicy;
  /** Success of the job before all of its indexes have; for completionMode Indexed alone. Fixed after creation. */
  successPolicy?: SuccessPolicy;
  /** Failures before the job fails; 6 by default, without limit where backoffLimitPerIndex is set. */
  backoffLimit?: number;
  /** Failures of one index before that index fails; for completionMode Indexed and restartPolicy Never. Fixed after creation. */
  backoffLimitPerIndex?: number;
  /** Failed indexes before the job fails; needs backoffLimitPerIndex. */
  maxFailedIndexes?: number;
  /** The pods that belong to it; made by the server, unless manualSelector is set. */
  selector?: LabelSelector;
  /** Leave selector and the template's labels to the client, who answers for their being unique. False by default. */
  manualSelector?: boolean;
  /** The pods. The restartPolicy must be Never or OnFailure. Fixed after creation, but for some fields while the job is suspended. */
  template: PodTemplateSpec;
  /** Seconds after its end in which the job is deleted with its pods; it stays by default. */
  ttlSecondsAfterFinished?: number;
  /** "NonIndexed" (default: all pods are alike) or "Indexed" (each pod has a number from 0 on, and each must succeed). Fixed after creation. */
  completionMode?: string;
  /** Run no pods and end those that run. False by default. */
  suspend?: boolean;
  /** "TerminatingOrFailed" (default: replace a pod as soon as it ends) or "Failed" (once it has ended; the default, and the one choice, with a podFailurePolicy). */
  podReplacementPolicy?: string;
  /** Controller of the job, such as "example.com/queue"; the built-in controller by default, and with "kubernetes.io/job-controller". Fixed after creation. */
  managedBy?: string;
}

/** How far a job is. */
export interface JobStatus {
  /** Conditions: Complete, Failed, Suspended, FailureTarget, SuccessCriteriaMet. */
  conditions?: JobCondition[];
  /** When the job was first acted on, or resumed. */
  startTime?: string;
  /** When the job succeeded. */
  completionTime?: string;
  /** Pods that are pending or running and are not being deleted. */
  active?: number;
  /** Pods that succeeded. */
  succeeded?: number;
  /** Pods that failed. */
  failed?: number;
  /** Pods that are being deleted and have not ended. */
  terminating?: number;
  /** Indexes that succeeded, such as "1,3-5". */
  completedIndexes?: string;
  /** Indexes that failed for good, such as "1,3-5"; with backoffLimitPerIndex alone. */
  failedIndexes?: string;
  /** Pods that have ended and are not in the counts yet. */
  uncountedTerminatedPods?: UncountedTerminatedPods;
  /** Active pods that are ready. */
  ready?: number;
}

/** The jobs that are made. */
export interface JobTemplateSpec {
  /** Labels and annotations of the jobs. */
  metadata?: Partial<ObjectMeta>;
  /** Desired state of the jobs; without a selector. */
  spec: JobSpec;
}

/** Consequences of pods' failures. The first rule that matches decides; a failure that none matches counts towards backoffLimit. */
export interface PodFailurePolicy {
  /** The rules in their order, 20 at most. */
  rules?: PodFailurePolicyRule[];
}

/** Exit codes of containers, of which only those other than 0 are looked at. */
export interface PodFailurePolicyOnExitCodesRequirement {
  /** The container, or init container; all of them by default. */
  containerName?: string;
  /** "In" (one container at least ended with one of the values) or "NotIn" (with none of them). */
  operator: string;
  /** Exit codes in ascending order, from 1 to 255 of them; 0 is none with In. */
  values?: number[];
}

/** A condition of a pod. */
export interface PodFailurePolicyOnPodConditionsPattern {
  /** Type of the condition, such as "DisruptionTarget". */
  type: string;
  /** Status of the condition; "True" by default. */
  status: string;
}

/** A kind of failure and its consequence. Exactly one of onExitCodes and onPodConditions is set. */
export interface PodFailurePolicyRule {
  /** "FailJob", "FailIndex" (needs backoffLimitPerIndex), "Ignore" (the failure does not count) or "Count". */
  action: string;
  /** Matches by the exit codes of containers. */
  onExitCodes?: PodFailurePolicyOnExitCodesRequirement;
  /** Matches a pod that has one of these conditions; 20 at most. */
  onPodConditions?: PodFailurePolicyOnPodConditionsPattern[];
}

/** Success of an indexed job before all of its indexes have succeeded; the first rule that is met decides. */
export interface SuccessPolicy {
  /** From 1 to 20 rules. */
  rules?: SuccessPolicyRule[];
}

/** A condition of success. One field at least is set. */
export interface SuccessPolicyRule {
  /** Indexes that must all succeed, or of which succeededCount must; such as "0,2-4". */
  succeededIndexes?: string;
  /** Indexes that must succeed: of succeededIndexes where that is set, else of all. */
  succeededCount?: number;
}

/** Pods that have ended and are not in the counts yet, by uid. */
export interface UncountedTerminatedPods {
  /** Those that succeeded. */
  succeeded?: string[];
  /** Those that failed. */
  failed?: string[];
}

import type { Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { conditionOf, holds, type Why } from './conditions.ts';
import { sizeOf } from './intervals.ts';
import { isIndexed } from './pods.ts';
import { failJobMessage, successMessage } from './policies.ts';
import type { Tally } from './tally.ts';

/** The end that a Job comes to: its pods go, are counted, and then it is Failed or Complete. */
export interface Verdict extends Why {
  readonly type: 'FailureTarget' | 'SuccessCriteriaMet';
}

/** The success of a Job that has enough successes. */
export const completionsReached: Verdict = {
  type: 'SuccessCriteriaMet',
  reason: 'CompletionsReached',
  message: 'Reached expected number of succeeded pods',
};

/**
 * The verdict on a Job, but for success by its completions: the stored one, which stands; else that of its failures, which come before
 * success by a policy. Undefined while it goes on.
 *
 * @param activeMs time since its start, in milliseconds; undefined while it has none or is suspended.
 */
export function verdictOf(tally: Tally, activeMs: number | undefined): Verdict | undefined {
  return storedVerdict(tally.job) ?? failureOf(tally, activeMs) ?? successByPolicy(tally);
}

function storedVerdict({ status }: Job): Verdict | undefined {
  for (const type of ['SuccessCriteriaMet', 'FailureTarget'] as const) {
    if (!holds(status?.conditions, type)) continue;
    const { reason = '', message = '' } = conditionOf(status?.conditions, type)!;
    return { type, reason, message };
  }
  return undefined;
}

function failureOf(tally: Tally, activeMs: number | undefined): Verdict | undefined {
  const { job, pods, failedIndexes, succeededIndexes } = tally;
  const { backoffLimit, activeDeadlineSeconds, maxFailedIndexes, completions } = job.spec;
  const policy = failJobMessage(job, pods);
  if (policy !== undefined) return failure('PodFailurePolicy', policy);
  if (tally.failed > backoffLimit! || restartsPastLimit(job, pods)) {
    return failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  }
  if (
    activeDeadlineSeconds !== undefined &&
    activeMs !== undefined &&
    activeMs >= Number(activeDeadlineSeconds) * 1000
  ) {
    return failure('DeadlineExceeded', 'Job was active longer than specified deadline');
  }
  const failed = sizeOf(failedIndexes ?? []);
  if (maxFailedIndexes !== undefined && failed > maxFailedIndexes) {
    return failure('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes');
  }
  if (failed > 0 && failed + sizeOf(succeededIndexes) >= completions!) {
    return failure('FailedIndexes', 'Job has failed indexes');
  }
  return undefined;
}

function failure(reason: string, message: string): Verdict {
  return { type: 'FailureTarget', reason, message };
}

/** True where containers that restart in their pods have restarted too often. */
function restartsPastLimit({ spec }: Job, pods: readonly Pod[]): boolean {
  if (spec.template.spec.restartPolicy !== 'OnFailure') return false;
  let restarts = 0;
  for (const { status } of pods) {
    if (status?.phase !== 'Running' && status?.phase !== 'Pending') continue;
    for (const { restartCount = 0 } of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]) {
      restarts += restartCount;
    }
  }
  return restarts >= Math.max(1, spec.backoffLimit!);
}

function successByPolicy({ job, succeededIndexes }: Tally): Verdict | undefined {
  if (!isIndexed(job)) return undefined;
  const message = successMessage(job, succeededIndexes);
  return message === undefined ? undefined : { type: 'SuccessCriteriaMet', reason: 'SuccessPolicy', message };
}

/** True for a Job that has as many successes as it needs, once so many pods are active. */
export function isComplete({ job, succeeded }: Tally, active: number): boolean {
  const { completions } = job.spec;
  return active === 0 && (completions === undefined ? succeeded > 0 : succeeded >= completions);
}

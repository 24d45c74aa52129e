import type {
  Job,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
} from '@gantry/model/gen/gantry.batch.v1.ts';
import type { ContainerStatus, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { type Intervals, parseIntervals, sizeOf, sizeOfCommon } from './intervals.ts';
import { isFailed } from './pods.ts';

/** The consequence of one pod's failure. */
export interface Consequence {
  readonly action: 'FailJob' | 'FailIndex' | 'Ignore' | 'Count';
  /** Why the Job fails; with FailJob alone. */
  readonly message?: string;
}

const count: Consequence = { action: 'Count' };

/** The consequence of a pod's failure by the first rule that matches; the failure counts where none does. */
export function consequenceOf({ spec }: Job, pod: Pod): Consequence {
  for (const [index, rule] of (spec.podFailurePolicy?.rules ?? []).entries()) {
    const what = matchOf(rule, pod);
    if (what === undefined) continue;
    const action = rule.action as Consequence['action'];
    return action === 'FailJob' ? { action, message: `${what} matching FailJob rule at index ${index}` } : { action };
  }
  return count;
}

/** Why the policy of failures ends the Job; undefined where no pod's failure does. */
export function failJobMessage(job: Job, pods: readonly Pod[]): string | undefined {
  if (job.spec.podFailurePolicy === undefined) return undefined;
  for (const pod of pods) {
    if (!isFailed(pod, job)) continue;
    const { message } = consequenceOf(job, pod);
    if (message !== undefined) return message;
  }
  return undefined;
}

/** Facts of a pod that match a rule, for people. */
function matchOf({ onExitCodes, onPodConditions = [] }: PodFailurePolicyRule, pod: Pod): string | undefined {
  const { namespace, name } = pod.metadata;
  if (onExitCodes !== undefined) {
    const container = failedContainer(pod, onExitCodes);
    if (container === undefined) return undefined;
    const code = container.state!.terminated!.exitCode;
    return `Container ${container.name} for pod ${namespace}/${name} failed with exit code ${code}`;
  }
  const condition = pod.status?.conditions?.find(({ type, status }) => matchesAny(onPodConditions, type, status));
  return condition && `Pod ${namespace}/${name} has condition ${condition.type}`;
}

function matchesAny(
  patterns: readonly PodFailurePolicyOnPodConditionsPattern[],
  type: string,
  status: string,
): boolean {
  return patterns.some((pattern) => pattern.type === type && pattern.status === status);
}

/** The first container that ended with one of the exit codes. One that ended well has none that is looked at. */
function failedContainer(
  { status }: Pod,
  { containerName, operator, values = [] }: PodFailurePolicyOnExitCodesRequirement,
): ContainerStatus | undefined {
  return [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].find(({ name, state }) => {
    const code = state?.terminated?.exitCode;
    if (code === undefined || code === 0 || (containerName !== undefined && containerName !== name)) return false;
    return values.includes(code) === (operator === 'In');
  });
}

/** Why the policy of success ends an indexed Job; undefined where no rule is met. */
export function successMessage({ spec }: Job, succeeded: Intervals): string | undefined {
  if (succeeded.length === 0) return undefined;
  const met = (spec.successPolicy?.rules ?? []).findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined) return succeededCount !== undefined && sizeOf(succeeded) >= succeededCount;
    const wanted = parseIntervals(succeededIndexes, spec.completions!);
    if (wanted.length === 0) return false;
    return sizeOfCommon(wanted, succeeded) >= Math.min(sizeOf(wanted), succeededCount ?? Number.POSITIVE_INFINITY);
  });
  return met < 0 ? undefined : `Matched rules at index ${met}`;
}

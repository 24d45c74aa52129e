import type { Job, JobCondition } from '@gantry/model/gen/gantry.batch.v1.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';

/** Conditions of Jobs. The first two are the verdict, the next two follow once no pod is left. */
export type ConditionType = 'FailureTarget' | 'SuccessCriteriaMet' | 'Failed' | 'Complete' | 'Suspended' | 'Waiting';

/** Reason and words of a condition. */
export interface Why {
  readonly reason: string;
  readonly message: string;
}

type Conditions = readonly JobCondition[];

/** A condition that begins now. */
export function aCondition(
  type: ConditionType,
  { reason, message }: Why,
  nowMs: number,
  status = 'True',
): JobCondition {
  const time = rfc3339(nowMs);
  return { type, status, lastProbeTime: time, lastTransitionTime: time, reason, message };
}

/** The condition of a type; undefined where there is none. */
export function conditionOf(conditions: Conditions = [], type: ConditionType): JobCondition | undefined {
  return conditions.find((condition) => condition.type === type);
}

/** True where a condition of the type is there and true. */
export function holds(conditions: Conditions | undefined, type: ConditionType): boolean {
  return conditionOf(conditions, type)?.status === 'True';
}

/** True for a Job that will never do anything again. */
export function isFinished({ status }: Job): boolean {
  return holds(status?.conditions, 'Complete') || holds(status?.conditions, 'Failed');
}

/** The conditions with this one, in its place if there is one of the type. One that is false is not added. */
export function withCondition(conditions: Conditions, next: JobCondition): readonly JobCondition[] {
  const stored = conditionOf(conditions, next.type as ConditionType);
  if (stored === undefined) return next.status === 'False' ? conditions : [...conditions, next];
  const { status, reason, message } = stored;
  if (status === next.status && reason === next.reason && message === next.message) return conditions;
  return conditions.map((condition) => (condition === stored ? next : condition));
}

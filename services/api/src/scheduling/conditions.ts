/** A condition in an object's status. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
  readonly observedGeneration?: number;
}

type Status = Record<string, unknown>;

/** The status with a condition set; the same status where it says so already. Its time changes when its status does. */
export function setCondition(status: Status | undefined, condition: Condition, now: string): Status {
  const conditions = (status?.conditions as Condition[] | undefined) ?? [];
  const known = conditions.find(({ type }) => type === condition.type);
  if (known !== undefined && says(known, condition)) return status!;
  const lastTransitionTime = known?.status === condition.status ? (known.lastTransitionTime ?? now) : now;
  const next = { ...condition, lastTransitionTime };
  const others = conditions.filter(({ type }) => type !== condition.type);
  return { ...status, conditions: [...others, next] };
}

function says(known: Condition, wanted: Condition): boolean {
  return (
    known.status === wanted.status &&
    (known.reason ?? '') === (wanted.reason ?? '') &&
    (known.message ?? '') === (wanted.message ?? '')
  );
}

/** Conditions of definitions. */
import type { CustomResourceDefinitionCondition as Condition } from '../../gen/gantry.apiextensions.v1.ts';

/** The condition of a type; undefined where there is none. */
export function conditionOf(conditions: readonly Condition[], type: string): Condition | undefined {
  return conditions.find((condition) => condition.type === type);
}

/** True where a condition holds. */
export function isTrue(conditions: readonly Condition[], type: string): boolean {
  return conditionOf(conditions, type)?.status === 'True';
}

/** The conditions after one more was told: its time is that of the last change of its status. @param now In RFC 3339. */
export function withCondition(conditions: readonly Condition[], told: Condition, now: string): Condition[] {
  const known = conditionOf(conditions, told.type);
  if (known === undefined) return [...conditions, inOrder({ ...told, lastTransitionTime: now })];
  const isSame = known.status === told.status && known.lastTransitionTime !== undefined;
  const next = inOrder({ ...known, ...told, lastTransitionTime: isSame ? known.lastTransitionTime! : now });
  return conditions.map((condition) => (condition === known ? next : condition));
}

function inOrder({ type, status, lastTransitionTime, ...others }: Condition): Condition {
  return { type, status, ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }), ...others };
}

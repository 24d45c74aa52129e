import type { ReplicaSetCondition } from '@gantry/model/gen/gantry.apps.v1.ts';
import { isError } from '@gantry/runtime/errors.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { Replicas } from './replicas.ts';

const type = 'ReplicaFailure';

/** Why pods of sets could not be made or deleted, by the sets' keys. */
export class FailureMemory {
  readonly #messages = new Map<string, string>();

  of(key: string): string | undefined {
    return this.#messages.get(key);
  }

  /** Notes a refusal. A write that was too late says nothing about the pods. */
  note(key: string, error: unknown): void {
    if (error instanceof Error && !isError(error, 'Conflict')) this.#messages.set(key, error.message);
  }

  forget(key: string): void {
    this.#messages.delete(key);
  }
}

/**
 * The conditions of a set whose pods could not be made or deleted, or could be at last; undefined where they stay as they are. A
 * failure counts as long as the set has not the number of pods that it asks for.
 */
export function conditionsOf(
  { spec, status }: Replicas,
  pods: number,
  failure: string | undefined,
  nowMs: number,
): ReplicaSetCondition[] | undefined {
  const stored = status?.conditions ?? [];
  const missing = (spec.replicas ?? 1) - pods;
  const isStored = stored.some((condition) => condition.type === type);
  if (missing === 0) return isStored ? stored.filter((condition) => condition.type !== type) : undefined;
  if (isStored || failure === undefined) return undefined;
  const why =
    missing > 0
      ? { reason: 'FailedCreate', message: failure }
      : { reason: 'FailedDelete', message: `unable to delete pods: ${failure}` };
  return [...stored, { type, status: 'True', ...why, lastTransitionTime: rfc3339(nowMs) }];
}

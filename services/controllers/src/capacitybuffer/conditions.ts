import type { CapacityBuffer } from '@gantry/model/gen/gantry.capacity.v1beta1.ts';
import type { Condition } from '@gantry/model/gen/gantry.meta.v1.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';

/** A finding about a buffer. */
export interface Finding {
  readonly type: 'ReadyForProvisioning' | 'Provisioning';
  readonly isTrue: boolean;
  readonly reason: string;
  readonly message: string;
}

/** The conditions of a buffer with a finding among them. The time of a condition is that of its last change. */
export function withFinding(
  buffer: CapacityBuffer,
  { type, isTrue, reason, message }: Finding,
  nowMs: number,
): Condition[] {
  const { conditions = [] } = buffer.status ?? {};
  const status = isTrue ? 'True' : 'False';
  const old = conditions.find((condition) => condition.type === type);
  const lastTransitionTime = old?.status === status ? old.lastTransitionTime : rfc3339(nowMs);
  const observedGeneration = buffer.metadata.generation ?? 0;
  const condition: Condition = { type, status, observedGeneration, lastTransitionTime, reason, message };
  // In one order, whoever writes: two controllers have a condition each.
  const all = [...conditions.filter((other) => other.type !== type), condition];
  return all.sort((a, b) => (a.type < b.type ? 1 : -1));
}

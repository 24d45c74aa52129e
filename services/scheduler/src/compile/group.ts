import { amountsOf } from '@gantry/model/amounts.ts';
import type { PodGroup } from '@gantry/model/gen/gantry.scheduling.v1alpha1.ts';
import type { GroupInfo } from '../gang/gangs.ts';

/** Seconds that room is held for a group that says nothing of it. */
const defaultTimeoutSeconds = 60;

/** Compiles a pod group. Throws BadRequest for a quantity that cannot be read. */
export function compileGroup({ spec = {} }: PodGroup): GroupInfo {
  return {
    minMember: Math.max(1, spec.minMember ?? 1),
    minResources: amountsOf(spec.minResources),
    timeoutMs: (spec.scheduleTimeoutSeconds ?? defaultTimeoutSeconds) * 1_000,
  };
}

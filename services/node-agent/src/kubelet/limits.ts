import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { parseQuantity, toUnits } from '@gantry/model/quantity.ts';
import { plannedContainers } from '../pods/spec.ts';

/** Memory that a container may use, in bytes; undefined without a limit. */
export function memoryLimitOf(pod: Pod, container: string): number | undefined {
  const limit = plannedContainers(pod).find(({ name }) => name === container)?.spec.resources?.limits?.memory;
  return limit === undefined ? undefined : toUnits(parseQuantity(limit));
}

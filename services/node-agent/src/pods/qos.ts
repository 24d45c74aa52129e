import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isSameQuantity } from '../containers/quantities.ts';
import { plannedContainers } from './spec.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

/** The resources that a pod's class is about. */
const counted = ['cpu', 'memory'] as const;

/**
 * The pod's protection when the node runs short of memory: Guaranteed if every container limits CPU and memory and asks for
 * all of it, BestEffort if none asks for anything.
 */
export function qosClassOf(pod: Pod): QosClass {
  const resources = plannedContainers(pod).map(({ spec }) => spec.resources ?? {});
  const amount = (list: Readonly<Record<string, string>> | undefined, name: string): string => list?.[name] ?? '0';
  const asksForNothing = resources.every(({ requests, limits }) =>
    counted.every((name) => isSameQuantity(amount(requests, name), '0') && isSameQuantity(amount(limits, name), '0')),
  );
  if (asksForNothing) return 'BestEffort';
  const asksForAll = resources.every(({ requests, limits }) =>
    counted.every((name) => {
      const limit = amount(limits, name);
      return !isSameQuantity(limit, '0') && isSameQuantity(requests?.[name] ?? limit, limit);
    }),
  );
  return asksForAll ? 'Guaranteed' : 'Burstable';
}

import type { Pod } from '../../gen/gantry.core.v1.ts';
import { compareQuantities, parseQuantity, quantityProblem } from '../../quantity.ts';

/** How well a pod is protected when its node runs short of memory. */
export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

/** The resources that the class is about. */
const counted = ['cpu', 'memory'] as const;
const nothing = parseQuantity('0');

/** The quantity; zero where it is none, which validation tells of. */
function amountOf(text: string | undefined): ReturnType<typeof parseQuantity> {
  return text === undefined || quantityProblem(text) !== undefined ? nothing : parseQuantity(text);
}

/**
 * Guaranteed where every container limits CPU and memory and asks for all of it, BestEffort where none asks for anything. A pod with
 * resources of its own goes by those alone.
 */
export function qosClassOf({ spec }: Pod): QosClass {
  const containers = [...(spec.initContainers ?? []), ...spec.containers].map((container) => container.resources ?? {});
  const resources = spec.resources === undefined ? containers : [spec.resources];
  const isNothing = (text: string | undefined): boolean => compareQuantities(amountOf(text), nothing) === 0;
  const isSame = (a: string, b: string): boolean => compareQuantities(amountOf(a), amountOf(b)) === 0;
  const asksForNothing = resources.every(({ requests, limits }) =>
    counted.every((name) => isNothing(requests?.[name]) && isNothing(limits?.[name])),
  );
  if (asksForNothing) return 'BestEffort';
  const asksForAll = resources.every(({ requests, limits }) =>
    counted.every((name) => {
      const limit = limits?.[name];
      return limit !== undefined && !isNothing(limit) && isSame(requests?.[name] ?? limit, limit);
    }),
  );
  return asksForAll ? 'Guaranteed' : 'Burstable';
}

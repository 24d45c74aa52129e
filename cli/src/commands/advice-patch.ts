import { amountOf } from '@gantry/model/amounts.ts';
import type { ResourceAdvice } from '@gantry/model/gen/gantry.advice.v1.ts';
import type { Container } from '@gantry/model/gen/gantry.core.v1.ts';

type Amounts = Readonly<Record<string, string>>;

/** Resources of a container in a patch. */
export interface ContainerPatch {
  readonly name: string;
  readonly resources: { readonly requests?: Amounts; readonly limits?: Amounts };
}

/**
 * The containers whose requests follow advice. A limit that was the request stays the request, and one that advice comes near grows in the same
 * proportion, so that a pod keeps its class. Resources that an autoscaler goes by are left alone unless `autoscaled` says otherwise; a resource for
 * which a container asks nothing stays so. Empty where all is as advised.
 */
export function advisedContainers(
  { containers: advices = [] }: Pick<ResourceAdvice, 'containers'>,
  containers: readonly Container[],
  { autoscaled }: { readonly autoscaled: boolean },
): ContainerPatch[] {
  return containers.flatMap(({ name, resources = {} }) => {
    const advice = advices.find((each) => each.name === name);
    const requests: Record<string, string> = {};
    const limits: Record<string, string> = {};
    for (const resource of ['cpu', 'memory'] as const) {
      const target = advice?.target?.[resource];
      const request = resources.requests?.[resource] ?? resources.limits?.[resource];
      if (target === undefined || request === undefined) continue;
      if (!autoscaled && advice?.autoscaledBy?.[resource] !== undefined) continue;
      if (amountOf(resource, target) === amountOf(resource, request)) continue;
      requests[resource] = target;
      const limit = resources.limits?.[resource];
      const grown = limit && grownLimit(resource, { request, limit, target });
      if (grown !== undefined && grown !== '') limits[resource] = grown;
    }
    if (Object.keys(requests).length === 0) return [];
    return [{ name, resources: { requests, ...(Object.keys(limits).length > 0 && { limits }) } }];
  });
}

/** The limit beside another request; undefined where it stays. */
function grownLimit(
  resource: 'cpu' | 'memory',
  { request, limit, target }: { readonly request: string; readonly limit: string; readonly target: string },
): string | undefined {
  const [before, bound, after] = [request, limit, target].map((text) => amountOf(resource, text)) as [
    number,
    number,
    number,
  ];
  if (bound === before) return target;
  if (after < bound) return undefined;
  const amount = Math.ceil((after * bound) / Math.max(1, before));
  return resource === 'cpu' ? `${amount}m` : String(amount);
}

import { amountOf, podRequests } from '@gantry/model/amounts.ts';
import type { CapacityBuffer } from '@gantry/model/gen/gantry.capacity.v1beta1.ts';
import type { Shape } from './shape.ts';

/** Pods of one buffer, at most. */
const mostPods = 5_000;

/** Pods for which a buffer keeps room; undefined where nothing says how many. */
export function countOf(
  { spec }: CapacityBuffer,
  { template, replicas }: Extract<Shape, { readonly type: 'known' }>,
): number | undefined {
  const wanted = [
    spec.replicas,
    spec.percentage === undefined || replicas === undefined ? undefined : Math.ceil((replicas * spec.percentage) / 100),
  ].filter((count) => count !== undefined);
  const requests = podRequests(template.spec!);
  const limits = Object.entries(spec.limits ?? {}).flatMap(([resource, quantity]) => {
    const each = requests.get(resource) ?? 0;
    return each > 0 ? [Math.floor(amountOf(resource, quantity) / each)] : [];
  });
  if (wanted.length === 0 && limits.length === 0) return undefined;
  return Math.min(mostPods, ...limits, ...(wanted.length > 0 ? [Math.max(...wanted)] : []));
}

import type { Container } from '@gantry/model/gen/gantry.core.v1.ts';
import { bytesOf, millisOf } from '../containers/quantities.ts';
import type { PodLimits } from './pod-limits.ts';
import type { Share } from './shares.ts';

/** A running container whose share is to change. */
export interface ShareChange {
  readonly containerId: string;
  readonly container: Container;
  readonly before: Share;
  readonly after: Share;
}

/** One write. Those of a plan are made in order, and the first that fails ends it. */
export type ResizeStep =
  | { readonly kind: 'pod'; readonly limits: Partial<PodLimits> }
  | { readonly kind: 'container'; readonly change: ShareChange; readonly share: Share };

type Resource = 'memory' | 'cpu';

/**
 * Writes that bring a pod from one size to another. No container is ever given more than its pod: what grows, grows from the outside in,
 * what shrinks, shrinks from the inside out; and containers that give up something come before those that get something. Memory before CPU, as in Kubernetes.
 */
export function resizePlan(changes: readonly ShareChange[], before: PodLimits, after: PodLimits): ResizeStep[] {
  return [
    ...ofResource('memory', changes, [growing(before.memoryBytes, after.memoryBytes, 'memoryBytes')]),
    ...ofResource('cpu', changes, [
      growing(before.cpuQuotaUs, after.cpuQuotaUs, 'cpuQuotaUs'),
      growing(before.cpuShares, after.cpuShares, 'cpuShares'),
    ]),
  ];
}

/** A change of a bound of the pod; `sign` is 1 where it grows. */
interface Bound {
  readonly sign: number;
  readonly limits: Partial<PodLimits>;
}

/** An absent bound is none. One that is absent afterwards stays: limits are never taken away by a resize. */
function growing(before: number | undefined, after: number | undefined, name: keyof PodLimits): Bound {
  if (after === undefined) return { sign: 0, limits: {} };
  return { sign: Math.sign(after - (before ?? Number.POSITIVE_INFINITY)), limits: { [name]: after } };
}

function ofResource(resource: Resource, changes: readonly ShareChange[], bounds: readonly Bound[]): ResizeStep[] {
  const pod = (sign: number): ResizeStep[] =>
    bounds.filter((bound) => bound.sign === sign).map(({ limits }) => ({ kind: 'pod', limits }));
  const containers = changes
    .map((change) => ({ change, growth: growthOf(change, resource) }))
    .filter(({ growth }) => growth !== 0)
    .sort((left, right) => left.growth - right.growth)
    .map(({ change }): ResizeStep => ({ kind: 'container', change, share: shareAt(change, resource) }));
  // Requests shrink before limits and grow after them.
  return [...pod(1), ...containers, ...pod(-1).reverse()];
}

/** How much of a resource a container gets: its limit decides, and its request where the limit stays. */
function growthOf({ before, after }: ShareChange, resource: Resource): number {
  const read = (text: string | undefined): number =>
    text === undefined ? 0 : resource === 'cpu' ? millisOf(text) : bytesOf(text);
  const limit = (share: Share): number => read(share.limits[resource]) || Number.MAX_SAFE_INTEGER;
  return limit(after) - limit(before) || read(after.requests[resource]) - read(before.requests[resource]);
}

/** The share once this resource was changed: memory goes first, so that CPU is as before until then. */
function shareAt({ before, after }: ShareChange, resource: Resource): Share {
  if (resource === 'cpu') return after;
  const mixed = (part: 'requests' | 'limits'): Record<string, string> => ({
    ...pick(before[part], 'cpu'),
    ...pick(after[part], 'memory'),
  });
  return { requests: mixed('requests'), limits: mixed('limits') };
}

function pick(amounts: Readonly<Record<string, string>>, name: string): Record<string, string> {
  return amounts[name] === undefined ? {} : { [name]: amounts[name] };
}

/**
 * The reason why memory limits cannot be lowered now, in Kubernetes' words: something uses more already. Undefined where nothing is lowered below
 * what is used.
 * @param usedBytes Memory in use, by container id; of all running containers of the pod.
 */
export function memoryProblem(
  changes: readonly ShareChange[],
  before: PodLimits,
  after: PodLimits,
  usedBytes: ReadonlyMap<string, number>,
): string | undefined {
  const problems: string[] = [];
  const total = [...usedBytes.values()].reduce((sum, used) => sum + used, 0);
  if (isLower(after.memoryBytes, before.memoryBytes) && total >= after.memoryBytes!) {
    problems.push(`attempting to set pod memory limit (${after.memoryBytes}) below current usage (${total})`);
  }
  for (const { containerId, container, before: had, after: gets } of changes) {
    const [limit, known] = [bytes(gets), bytes(had)];
    const used = usedBytes.get(containerId);
    if (!isLower(limit, known) || used === undefined || used < limit!) continue;
    problems.push(
      `attempting to set container "${container.name}" memory limit (${limit}) below current usage (${used})`,
    );
  }
  if (problems.length === 0) return undefined;
  return `cannot decrease memory limits: ${problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`}`;
}

/** True where a limit is lowered, or comes where there was none. */
export function isLower(after: number | undefined, before: number | undefined): boolean {
  return after !== undefined && after < (before ?? Number.POSITIVE_INFINITY);
}

function bytes({ limits }: Share): number | undefined {
  return limits.memory === undefined ? undefined : bytesOf(limits.memory);
}

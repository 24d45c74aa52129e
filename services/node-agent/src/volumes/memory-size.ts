import type { EmptyDirVolumeSource, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { bytesOf } from '../containers/quantities.ts';
import { plannedContainers } from '../pods/spec.ts';

/** Size of an emptyDir in memory: the least of its sizeLimit, the pod's memory limit and the node's memory, as with Kubernetes. */
export function memorySizeBytes(pod: Pod, { sizeLimit }: EmptyDirVolumeSource, nodeMemoryBytes: number): number {
  const limitBytes = sizeLimit === undefined ? 0 : bytesOf(sizeLimit);
  const bounds = [nodeMemoryBytes, podMemoryLimitBytes(pod), limitBytes];
  return Math.min(...bounds.filter((bytes) => bytes > 0));
}

/** The most memory that the pod's containers may have together; 0 where one of them has no limit. */
function podMemoryLimitBytes(pod: Pod): number {
  const limits = plannedContainers(pod).map(({ role, spec }) => ({
    role,
    bytes: bytesOf(spec.resources?.limits?.memory ?? '0'),
  }));
  if (limits.some(({ bytes }) => bytes === 0)) return 0;
  const sumOf = (role: string): number =>
    limits.reduce((sum, limit) => sum + (limit.role === role ? limit.bytes : 0), 0);
  const largestInit = Math.max(0, ...limits.filter(({ role }) => role === 'init').map(({ bytes }) => bytes));
  return sumOf('sidecar') + Math.max(sumOf('main'), largestInit);
}

import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { addQuantities, formatQuantity, parseQuantity } from '@gantry/model/quantity.ts';
import { bytesOf } from '../containers/quantities.ts';
import { plannedContainers } from './spec.ts';

/** Local storage that a pod uses, in bytes. */
export interface StorageUsage {
  /** By volume name: emptyDirs. */
  readonly emptyDirs: ReadonlyMap<string, number>;
  /** By container name: writable layer and logs. */
  readonly containers: ReadonlyMap<string, number>;
}

const resource = 'ephemeral-storage';

/** Whether anything of the pod bounds its local storage. */
export function hasStorageLimits(pod: Pod): boolean {
  return limitedEmptyDirs(pod).length > 0 || limitsOf(pod).length > 0;
}

/** Why the pod is to be evicted, in Kubernetes' words; undefined if it keeps its limits. */
export function storageViolationOf(pod: Pod, { emptyDirs, containers }: StorageUsage): string | undefined {
  for (const { name, sizeLimit } of limitedEmptyDirs(pod)) {
    if ((emptyDirs.get(name) ?? 0) > bytesOf(sizeLimit))
      return `Usage of EmptyDir volume ${JSON.stringify(name)} exceeds the limit ${JSON.stringify(sizeLimit)}. `;
  }
  const limits = limitsOf(pod);
  if (limits.length === 0) return undefined;
  const total = formatQuantity(limits.map(({ limit }) => parseQuantity(limit)).reduce(addQuantities));
  const used = [...emptyDirs.values(), ...containers.values()].reduce((sum, bytes) => sum + bytes, 0);
  if (used > bytesOf(total)) {
    return `Pod ephemeral local storage usage exceeds the total limit of containers ${total}. `;
  }
  const over = limits.find(({ name, limit }) => (containers.get(name) ?? 0) > bytesOf(limit));
  return over && `Container ${over.name} exceeded its local ephemeral storage limit ${JSON.stringify(over.limit)}. `;
}

/** EmptyDirs on disk with a limit; those in memory are file systems of their own size. */
function limitedEmptyDirs(pod: Pod): { readonly name: string; readonly sizeLimit: string }[] {
  return (pod.spec.volumes ?? []).flatMap(({ name, emptyDir }) => {
    const sizeLimit = emptyDir?.medium === 'Memory' ? undefined : emptyDir?.sizeLimit;
    return sizeLimit !== undefined && bytesOf(sizeLimit) > 0 ? [{ name, sizeLimit }] : [];
  });
}

function limitsOf(pod: Pod): { readonly name: string; readonly limit: string }[] {
  return plannedContainers(pod).flatMap(({ name, role, spec }) => {
    const limit = role === 'init' ? undefined : spec.resources?.limits?.[resource];
    return limit === undefined ? [] : [{ name, limit }];
  });
}

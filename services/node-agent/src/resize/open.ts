import type { PodPaths } from '../pods/paths.ts';
import { openPodCgroups, type PodCgroups } from '../runtime/pod-cgroup.ts';
import type { RuntimeInfo } from '../runtime/runtime.ts';
import { PodResizes, type ResizesDeps } from './resizes.ts';
import { noRecords, resizeFiles } from './state-file.ts';

/** The parts of a node that know the sizes of its pods. */
export interface PodSizes {
  readonly resizes: PodResizes;
  /** Bounds of whole pods; undefined where the runtime enforces none. */
  readonly cgroups: PodCgroups | undefined;
}

/** Opens them for a node with this runtime. */
export async function openPodSizes(
  { driver }: RuntimeInfo,
  paths: PodPaths,
  deps: Omit<ResizesDeps, 'records'>,
): Promise<PodSizes> {
  const records = driver === 'hollow' ? noRecords : resizeFiles(paths, deps.log);
  return {
    resizes: new PodResizes({ ...deps, records }),
    cgroups: driver === 'cri' ? await openPodCgroups() : undefined,
  };
}

import { podUid } from '../pods/spec.ts';
import type { VolumeManager } from './manager.ts';

/** Volumes of a node whose pods end with its agent: of a pod that had none nothing can be left. */
export function hollowVolumes(volumes: VolumeManager): VolumeManager {
  const prepared = new Set<string>();
  return {
    ...volumes,
    prepare(pod, signal) {
      if ((pod.spec.volumes ?? []).length > 0) prepared.add(podUid(pod));
      return volumes.prepare(pod, signal);
    },
    tearDown: async (uid) => {
      if (prepared.delete(uid)) await volumes.tearDown(uid);
    },
  };
}

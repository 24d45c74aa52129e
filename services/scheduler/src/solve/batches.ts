import type { QueuedPod } from '../queue/scheduling-queue.ts';
import type { PodClass } from '../state/pod-class.ts';

/** Pods of one class and profile together, as they are solved; never across priorities, so that those stay in order. */
export function batchesOf(taken: readonly QueuedPod[]): QueuedPod[][] {
  const batches: QueuedPod[][] = [];
  let open = new Map<PodClass, Map<string, QueuedPod[]>>();
  let priority: number | undefined;
  for (const entry of taken) {
    const podClass = entry.pod.class;
    if (podClass.requirement.priority !== priority) {
      priority = podClass.requirement.priority;
      open = new Map();
    }
    const byProfile = open.get(podClass) ?? new Map<string, QueuedPod[]>();
    open.set(podClass, byProfile);
    const batch = byProfile.get(entry.info.schedulerName);
    // A pod's use of volumes affects the next pod of its class: each is decided by itself.
    if (batch !== undefined && podClass.requirement.claims.length === 0) {
      batch.push(entry);
      continue;
    }
    const started = [entry];
    byProfile.set(entry.info.schedulerName, started);
    batches.push(started);
  }
  return batches;
}

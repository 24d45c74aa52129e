import type { ContainerStats, StatsRequest } from '@gantry/client/pod-messages.ts';
import type { Pods } from '../pods/pods.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** Resource usage of the running containers of the node's pods. */
export async function containerStats(
  { runtime, pods, nodeName }: { readonly runtime: Runtime; readonly pods: Pods; readonly nodeName: string },
  request: StatsRequest,
  signal: AbortSignal,
): Promise<ContainerStats[]> {
  const usage = new Map((await runtime.stats.containers(signal)).map((entry) => [entry.containerId, entry]));
  const result: ContainerStats[] = [];
  for (const { pod, uid } of pods.workers()) {
    const { namespace = '', name = '' } = pod.metadata;
    if ((request.namespace && request.namespace !== namespace) || (request.pod && request.pod !== name)) continue;
    for (const container of (pods.sandboxesOf(uid) ?? []).flatMap((sandbox) => sandbox.containers)) {
      const used = usage.get(container.id);
      if (used === undefined) continue;
      result.push({
        namespace,
        pod: name,
        container: container.name,
        nodeName,
        cpuUsageNanoseconds: used.cpuUsageNs,
        memoryWorkingSetBytes: used.memoryWorkingSetBytes,
        timestampMs: used.atMs,
      });
    }
  }
  return result;
}

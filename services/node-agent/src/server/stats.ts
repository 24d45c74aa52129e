import type { ContainerStats, NodeUsage, StatsRequest, StatsResponse } from '@gantry/client/pod-messages.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Pods } from '../pods/pods.ts';
import type { Sample, Samples } from '../statistics/sampler.ts';

/** Dependencies of answers about usage. */
export interface StatsDeps {
  readonly nodeName: string;
  readonly pods: Pick<Pods, 'workers' | 'sandboxesOf'>;
  readonly samples: { readonly latest: Samples };
  readonly clock: Clock;
}

/** Usage of the running containers of the node's pods, and of the node, as it was read last. */
export function statsOf(deps: StatsDeps, request: StatsRequest): StatsResponse {
  const { pods, samples } = deps;
  const { node, containers } = samples.latest;
  const found: ContainerStats[] = [];
  for (const { pod, uid } of pods.workers()) {
    const { namespace = '', name = '' } = pod.metadata;
    if ((request.namespace && request.namespace !== namespace) || (request.pod && request.pod !== name)) continue;
    for (const container of (pods.sandboxesOf(uid) ?? []).flatMap((sandbox) => sandbox.containers)) {
      if (container.state.kind !== 'running') continue;
      const sample = containers.get(container.id);
      found.push({
        namespace,
        pod: name,
        podUid: uid,
        container: container.name,
        nodeName: deps.nodeName,
        cpuUsageNanoseconds: sample?.reading.cpuUsageNs ?? 0,
        memoryWorkingSetBytes: sample?.reading.memoryWorkingSetBytes ?? 0,
        ...timesOf(sample, deps.clock),
      });
    }
  }
  return { containers: found, node: nodeUsage(deps, node) };
}

function nodeUsage({ clock }: StatsDeps, sample: Samples['node']): NodeUsage | null {
  if (sample?.rate === undefined) return null;
  const { memoryTotalBytes, memoryAvailableBytes } = sample.reading;
  return { memoryWorkingSetBytes: Math.max(0, memoryTotalBytes - memoryAvailableBytes), ...timesOf(sample, clock) };
}

/** The rate, and the time of the reading by the wall clock of now: that of then may have stepped since. */
function timesOf(
  sample: Sample<unknown> | undefined,
  clock: Clock,
): Pick<ContainerStats, 'timestampMs' | 'cpuNanocores' | 'windowMs'> {
  const ageMs = sample === undefined ? 0 : clock.monotonic() - sample.monotonicMs;
  const timestampMs = Math.round(clock.now() - ageMs);
  return { timestampMs, cpuNanocores: 0, windowMs: 0, ...sample?.rate };
}

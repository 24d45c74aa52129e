import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Pods } from '../pods/pods.ts';
import type { ContainerStats, NodeStats, ObservedContainer } from '../runtime/runtime.ts';
import type { Sample, Samples } from '../statistics/sampler.ts';
import type { PodUsage } from '../statistics/source.ts';

/** A reading at its time by the wall clock, in milliseconds since the Unix epoch. */
export interface Read<Reading> {
  readonly reading: Reading;
  readonly atMs: number;
  /** Processors in use, in billionths; undefined where there are no two readings that make sense. */
  readonly cpuNanocores: number | undefined;
}

/** A running container with what was read of it. */
export interface ContainerUsage {
  readonly container: ObservedContainer;
  readonly startedAtMs: number;
  readonly read: Read<ContainerStats>;
}

/** A pod with what was read of it. */
export interface PodReading {
  readonly pod: Pod;
  readonly uid: string;
  readonly sandboxId: string;
  readonly containers: readonly ContainerUsage[];
  /** Of the pod as a whole; undefined where the driver knows containers alone. */
  readonly whole: Read<PodUsage> | undefined;
}

/** Everything that was read last. */
export interface NodeReading {
  readonly node: Read<NodeStats> | undefined;
  readonly pods: readonly PodReading[];
}

/** Dependencies of what a node tells. */
export interface UsageDeps {
  readonly pods: Pick<Pods, 'workers' | 'sandboxesOf'>;
  readonly samples: { readonly latest: Samples };
  readonly clock: Clock;
}

/** The last readings of the node's pods. Containers that were not read are left out. */
export function readingsOf({ pods, samples, clock }: UsageDeps): NodeReading {
  const { node, containers, pods: wholes } = samples.latest;
  // The wall clock may have stepped since: ages are by the other one.
  const read = <Reading>(sample: Sample<Reading>): Read<Reading> => ({
    reading: sample.reading,
    atMs: clock.now() - (clock.monotonic() - sample.monotonicMs),
    cpuNanocores: sample.rate?.cpuNanocores,
  });
  const found: PodReading[] = [];
  for (const { pod, uid } of pods.workers()) {
    const sandboxes = pods.sandboxesOf(uid) ?? [];
    const used = sandboxes
      .flatMap((sandbox) => sandbox.containers)
      .flatMap((container): ContainerUsage[] => {
        const sample = containers.get(container.id);
        if (container.state.kind !== 'running' || sample === undefined) return [];
        return [{ container, startedAtMs: container.state.startedAtMs, read: read(sample) }];
      });
    const whole = wholes.get(uid);
    const sandboxId = sandboxes.findLast(({ ready }) => ready)?.id ?? '';
    found.push({ pod, uid, sandboxId, containers: used, whole: whole && read(whole) });
  }
  return { node: node && read(node), pods: found };
}

/** Use of a pod: as a whole where it was read so, else that of its containers. */
export function totalOf({ whole, containers }: PodReading) {
  if (whole !== undefined) return { ...whole.reading, atMs: whole.atMs, cpuNanocores: whole.cpuNanocores };
  if (containers.length === 0) return undefined;
  const sum = (of: (usage: ContainerUsage) => number): number =>
    containers.reduce((total, each) => total + of(each), 0);
  const isRated = containers.every(({ read }) => read.cpuNanocores !== undefined);
  return {
    cpuUsageNs: sum(({ read }) => read.reading.cpuUsageNs),
    memoryWorkingSetBytes: sum(({ read }) => read.reading.memoryWorkingSetBytes),
    memory: undefined,
    interfaces: [],
    atMs: Math.min(...containers.map(({ read }) => read.atMs)),
    cpuNanocores: isRated ? sum(({ read }) => read.cpuNanocores!) : undefined,
  };
}

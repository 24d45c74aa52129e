import { amountOf } from '@gantry/model/amounts.ts';
import type { Container, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { AnyObject, View } from '../core/action.ts';
import type { PodUse } from '../core/measure.ts';
import { ContainerUsage } from './container-usage.ts';
import { workloadOf } from './workloads.ts';
import type { Watched } from './written.ts';

/** A time that is further ahead than this is nobody's. */
const maxAheadMs = 120_000;

/** Finds or makes the record of a workload; undefined where no more workloads are watched. */
export type WatchedOf = (workload: AnyObject) => Watched | undefined;

/** Adds what the pods of a namespace use to the histories of their workloads. */
export function observe(
  pods: Iterable<Pod>,
  uses: readonly PodUse[],
  view: View,
  watchedOf: WatchedOf,
  nowMs: number,
): void {
  const byName = new Map(uses.map((use) => [use.name, use]));
  const seen = new Map<Watched, { names: Set<string>; newest: Pod | undefined; running: number }>();
  for (const pod of pods) {
    const workload = workloadOf(pod, view);
    const watched = workload && watchedOf(workload);
    if (watched === undefined) continue;
    const found = seen.get(watched) ?? { names: new Set(), newest: undefined, running: 0 };
    seen.set(watched, found);
    found.names.add(pod.metadata.uid ?? '');
    noteKills(watched, pod);
    if (pod.status?.phase !== 'Running' || pod.metadata.deletionTimestamp !== undefined) continue;
    found.running++;
    if (createdOf(pod) >= createdOf(found.newest)) found.newest = pod;
    const use = byName.get(pod.metadata.name);
    if (use !== undefined) addUse(watched, pod, use, nowMs);
  }
  for (const [watched, { names, newest, running }] of seen) {
    for (const usage of watched.containers.values()) usage.keepPods(names);
    if (newest !== undefined) watched.specs = containersOf(newest);
    watched.pods = running;
  }
}

function addUse(watched: Watched, pod: Pod, use: PodUse, nowMs: number): void {
  const atMs = use.timestampMs > nowMs + maxAheadMs ? nowMs : use.timestampMs;
  const specs = containersOf(pod);
  for (const { name, cpuNanocores, memoryWorkingSetBytes } of use.containers) {
    const spec = specs.find((each) => each.name === name);
    if (spec === undefined) continue;
    const isNew = usageOf(watched, name).add({
      pod: pod.metadata.uid ?? '',
      atMs,
      cpuCores: cpuNanocores === undefined ? undefined : cpuNanocores / 1e9,
      memoryBytes: memoryWorkingSetBytes,
      requestedCores: amountIn(spec, 'cpu') / 1_000,
    });
    watched.isChanged ||= isNew;
  }
}

/** Containers that were killed because they had too little memory. */
function noteKills(watched: Watched, pod: Pod): void {
  for (const { name, state, lastState } of [
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.initContainerStatuses ?? []),
  ]) {
    for (const end of [lastState?.terminated, state?.terminated]) {
      const atMs = Date.parse(end?.finishedAt ?? '');
      const spec = containersOf(pod).find((each) => each.name === name);
      if (end?.reason !== 'OOMKilled' || Number.isNaN(atMs) || spec === undefined) continue;
      const hadBytes = amountIn(spec, 'memory');
      if (usageOf(watched, name).ranOut(pod.metadata.uid ?? '', atMs, hadBytes)) watched.isChanged = true;
    }
  }
}

function usageOf({ containers }: Watched, name: string): ContainerUsage {
  const known = containers.get(name);
  if (known !== undefined) return known;
  const made = new ContainerUsage();
  containers.set(name, made);
  return made;
}

/** Containers that run as long as the pod does. */
function containersOf({ spec }: Pod): readonly Container[] {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...spec.containers, ...sidecars];
}

/** The request of a resource, or its limit where there is none: thousandths of a processor, or bytes. */
function amountIn({ resources }: Container, name: 'cpu' | 'memory'): number {
  const text = resources?.requests?.[name] ?? resources?.limits?.[name];
  return text === undefined ? 0 : amountOf(name, text);
}

function createdOf(pod: Pod | undefined): number {
  return Date.parse(pod?.metadata.creationTimestamp ?? '') || 0;
}

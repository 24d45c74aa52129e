import { join } from 'node:path';
import { boundsOf, periodUs } from '../containers/resources.ts';
import { plannedContainers } from '../pods/spec.ts';
import { podLimitsOf } from '../resize/pod-limits.ts';
import type { CpuDetails, MemoryDetails } from '../runtime/usage-details.ts';
import type { Family, Sample } from './exposition.ts';
import { type NodeReading, type PodReading, totalOf } from './usage.ts';

/** Figures of a control group as cAdvisor tells them. */
interface GroupFigures {
  readonly cpuUsageNs: number;
  readonly cpu?: CpuDetails | undefined;
  readonly memoryWorkingSetBytes: number;
  readonly memory?: MemoryDetails | undefined;
}

/** Bounds of a control group, as they are set. */
interface GroupBounds {
  readonly cpuShares?: number | undefined;
  readonly cpuQuotaUs?: number | undefined;
  readonly memoryLimitBytes?: number | undefined;
}

/**
 * The metrics of /metrics/cadvisor that this agent reads: cAdvisor's names and labels. A series with the label container is a container's,
 * one with a pod alone is a pod's, and the one of the group `/` is the node's.
 */
export function cadvisorMetrics({ node, pods }: NodeReading, cgroupRoot: string): Family[] {
  const metrics = new Collected();
  if (node !== undefined) {
    const { memoryTotalBytes, memoryAvailableBytes, cpuUsageNs, cpuCount } = node.reading;
    const figures = { cpuUsageNs, memoryWorkingSetBytes: memoryTotalBytes - memoryAvailableBytes };
    metrics.group({ container: '', id: '/', image: '', name: '', namespace: '', pod: '' }, figures, node.atMs);
    metrics.add('machine_cpu_cores', 'gauge', 'Number of logical CPU cores.', { value: cpuCount });
    metrics.add('machine_memory_bytes', 'gauge', 'Amount of memory installed on the machine.', {
      value: memoryTotalBytes,
    });
  }
  for (const pod of pods) addPod(metrics, pod, join(cgroupRoot, `pod${pod.uid}`));
  return metrics.families();
}

function addPod(metrics: Collected, reading: PodReading, path: string): void {
  const { name: pod = '', namespace = '' } = reading.pod.metadata;
  const planned = new Map(plannedContainers(reading.pod).map(({ name, spec }) => [name, spec]));
  for (const { container, startedAtMs, read } of reading.containers) {
    const { name, id, image } = container;
    const labels = { container: name, id: join(path, id), image, name: id, namespace, pod };
    const spec = planned.get(name);
    const bounds = spec && boundsOf(reading.pod, spec);
    metrics.group(labels, read.reading, read.atMs);
    if (bounds !== undefined) metrics.bounds(labels, bounds);
    if (bounds?.cpuQuotaUs !== undefined) metrics.throttling(labels, read.reading.cpu, read.atMs);
    metrics.add('container_start_time_seconds', 'gauge', 'Start time of the container since unix epoch in seconds.', {
      ...{ labels, value: Math.floor(startedAtMs / 1_000) },
    });
    metrics.add(
      'container_fs_usage_bytes',
      'gauge',
      'Number of bytes that are consumed by the container on this filesystem.',
      {
        ...{ labels: { ...labels, device: '' }, value: read.reading.rootfsUsedBytes, atMs: read.atMs },
      },
    );
  }
  const total = totalOf(reading);
  if (total === undefined) return;
  const labels = { container: '', id: path, image: '', name: '', namespace, pod };
  metrics.group(labels, total, total.atMs);
  const { memoryBytes, ...cpu } = podLimitsOf(reading.pod);
  metrics.bounds(labels, { ...cpu, memoryLimitBytes: memoryBytes });
  for (const each of total.interfaces) {
    const own = { id: path, image: '', interface: each.name, name: reading.sandboxId, namespace, pod };
    const counts = [
      ['container_network_receive_bytes_total', 'Cumulative count of bytes received', each.rxBytes],
      [
        'container_network_receive_errors_total',
        'Cumulative count of errors encountered while receiving',
        each.rxErrors,
      ],
      ['container_network_transmit_bytes_total', 'Cumulative count of bytes transmitted', each.txBytes],
      [
        'container_network_transmit_errors_total',
        'Cumulative count of errors encountered while transmitting',
        each.txErrors,
      ],
    ] as const;
    for (const [name, help, value] of counts)
      metrics.add(name, 'counter', help, { labels: own, value, atMs: total.atMs });
  }
}

/** Families by name. */
class Collected {
  readonly #families = new Map<string, Family & { readonly samples: Sample[] }>();

  add(name: string, type: Family['type'], help: string, sample: Sample): void {
    const known = this.#families.get(name);
    if (known !== undefined) known.samples.push(sample);
    else this.#families.set(name, { name, type, help, samples: [sample] });
  }

  group(labels: Readonly<Record<string, string>>, figures: GroupFigures, atMs: number): void {
    const gauge = (name: string, help: string, value: number): void =>
      this.add(name, 'gauge', help, { labels, value, atMs });
    const { cpuUsageNs, cpu, memoryWorkingSetBytes, memory } = figures;
    this.add('container_cpu_usage_seconds_total', 'counter', 'Cumulative cpu time consumed in seconds.', {
      ...{ labels: { ...labels, cpu: 'total' }, value: cpuUsageNs / 1e9, atMs },
    });
    if (cpu !== undefined) {
      this.#seconds('container_cpu_user_seconds_total', 'Cumulative user cpu time consumed in seconds.', {
        ...{ labels, value: cpu.userNs, atMs },
      });
      this.#seconds('container_cpu_system_seconds_total', 'Cumulative system cpu time consumed in seconds.', {
        ...{ labels, value: cpu.systemNs, atMs },
      });
    }
    gauge('container_memory_working_set_bytes', 'Current working set in bytes.', memoryWorkingSetBytes);
    gauge('container_last_seen', 'Last time a container was seen by the exporter', Math.floor(atMs / 1_000));
    if (memory === undefined) return;
    gauge(
      'container_memory_usage_bytes',
      'Current memory usage in bytes, including all memory regardless of when it was accessed',
      memory.usageBytes,
    );
    gauge('container_memory_rss', 'Size of RSS in bytes.', memory.rssBytes);
    for (const [kind, value] of [
      ['pgfault', memory.pageFaults],
      ['pgmajfault', memory.majorPageFaults],
    ] as const) {
      this.add('container_memory_failures_total', 'counter', 'Cumulative count of memory allocation failures.', {
        ...{ labels: { ...labels, failure_type: kind, scope: 'hierarchy' }, value, atMs },
      });
    }
  }

  /** Waits of a group with a quota. */
  throttling(labels: Readonly<Record<string, string>>, cpu: CpuDetails | undefined, atMs: number): void {
    if (cpu === undefined) return;
    const counter = (name: string, help: string, value: number): void =>
      this.add(name, 'counter', help, { labels, value, atMs });
    const { periods, throttledPeriods, throttledNs } = cpu;
    counter('container_cpu_cfs_periods_total', 'Number of elapsed enforcement period intervals.', periods);
    counter('container_cpu_cfs_throttled_periods_total', 'Number of throttled period intervals.', throttledPeriods);
    this.#seconds(
      'container_cpu_cfs_throttled_seconds_total',
      'Total time duration the container has been throttled.',
      { labels, value: throttledNs, atMs },
    );
  }

  bounds(labels: Readonly<Record<string, string>>, { cpuShares, cpuQuotaUs, memoryLimitBytes = 0 }: GroupBounds): void {
    const gauge = (name: string, help: string, value: number | undefined): void => {
      if (value !== undefined) this.add(name, 'gauge', help, { labels, value });
    };
    gauge('container_spec_cpu_period', 'CPU period of the container.', periodUs);
    gauge('container_spec_cpu_quota', 'CPU quota of the container.', cpuQuotaUs);
    gauge('container_spec_cpu_shares', 'CPU share of the container.', cpuShares);
    // 0 says that there is none.
    gauge('container_spec_memory_limit_bytes', 'Memory limit for the container.', memoryLimitBytes);
  }

  /** Adds a counter of seconds from nanoseconds. */
  #seconds(name: string, help: string, sample: Sample): void {
    this.add(name, 'counter', help, { ...sample, value: sample.value / 1e9 });
  }

  families(): Family[] {
    return [...this.#families.values()];
  }
}

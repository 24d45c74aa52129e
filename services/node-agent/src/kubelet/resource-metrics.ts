import type { Family, Sample } from './exposition.ts';
import { type NodeReading, totalOf } from './usage.ts';

/** The metrics of /metrics/resource: Kubernetes' names and labels (pkg/kubelet/metrics/collectors/resource_metrics.go). */
export function resourceMetrics({ node, pods }: NodeReading): Family[] {
  const cpu: Sample[] = [];
  const memory: Sample[] = [];
  const started: Sample[] = [];
  const podCpu: Sample[] = [];
  const podMemory: Sample[] = [];
  for (const each of pods) {
    const { name: pod = '', namespace = '' } = each.pod.metadata;
    for (const { container, startedAtMs, read } of each.containers) {
      const labels = { container: container.name, namespace, pod };
      started.push({ labels, value: startedAtMs / 1_000 });
      cpu.push({ labels, value: read.reading.cpuUsageNs / 1e9, atMs: read.atMs });
      memory.push({ labels, value: read.reading.memoryWorkingSetBytes, atMs: read.atMs });
    }
    const total = totalOf(each);
    if (total === undefined) continue;
    podCpu.push({ labels: { namespace, pod }, value: total.cpuUsageNs / 1e9, atMs: total.atMs });
    podMemory.push({ labels: { namespace, pod }, value: total.memoryWorkingSetBytes, atMs: total.atMs });
  }
  const nodeCpu = node === undefined ? [] : [{ value: node.reading.cpuUsageNs / 1e9, atMs: node.atMs }];
  const used = (of: NonNullable<typeof node>): number => of.reading.memoryTotalBytes - of.reading.memoryAvailableBytes;
  const nodeMemory = node === undefined ? [] : [{ value: used(node), atMs: node.atMs }];
  const failed = [{ value: node === undefined ? 1 : 0 }];
  const scrapeHelp = '1 if there was an error while getting container metrics, 0 otherwise';
  return [
    counter('node_cpu_usage_seconds_total', 'Cumulative cpu time consumed by the node in core-seconds', nodeCpu),
    gauge('node_memory_working_set_bytes', 'Current working set of the node in bytes', nodeMemory),
    counter('container_cpu_usage_seconds_total', 'Cumulative cpu time consumed by the container in core-seconds', cpu),
    gauge('container_memory_working_set_bytes', 'Current working set of the container in bytes', memory),
    gauge('container_start_time_seconds', 'Start time of the container since unix epoch in seconds', started),
    counter('pod_cpu_usage_seconds_total', 'Cumulative cpu time consumed by the pod in core-seconds', podCpu),
    gauge('pod_memory_working_set_bytes', 'Current working set of the pod in bytes', podMemory),
    gauge('resource_scrape_error', scrapeHelp, failed),
    { name: 'scrape_error', help: `[ALPHA] (Deprecated since 1.29.0) ${scrapeHelp}`, type: 'gauge', samples: failed },
  ];
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help: `[STABLE] ${help}`, type: 'counter', samples };
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help: `[STABLE] ${help}`, type: 'gauge', samples };
}

import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { NodeStats } from '../runtime/runtime.ts';
import type { MemoryDetails } from '../runtime/usage-details.ts';
import type { InterfaceUsage } from '../statistics/network-usage.ts';
import { memoryLimitOf } from './limits.ts';
import { type ContainerUsage, type NodeReading, type PodReading, type Read, totalOf } from './usage.ts';

/** Facts of the node beside its readings. */
export interface SummaryFacts {
  readonly nodeName: string;
  /** Start of the agent, in milliseconds since the Unix epoch. */
  readonly startedAtMs: number;
  /** Bytes of the log files of containers, by their ids. */
  readonly logBytes: ReadonlyMap<string, number>;
}

/**
 * The document of /stats/summary, with the fields of Kubernetes' stats/v1alpha1 Summary.
 * @param onlyCpuAndMemory Leaves networks and file systems out, as the query parameter only_cpu_and_memory asks.
 */
export function summaryOf({ node, pods }: NodeReading, facts: SummaryFacts, onlyCpuAndMemory: boolean): object {
  const { nodeName, startedAtMs } = facts;
  const nodeFs = node === undefined || onlyCpuAndMemory ? {} : { fs: fsOf(node) };
  return {
    node: {
      nodeName,
      startTime: rfc3339(startedAtMs),
      ...(node === undefined ? {} : nodeFigures(node)),
      ...nodeFs,
      ...(node === undefined || onlyCpuAndMemory ? {} : { runtime: { imageFs: fsOf(node), containerFs: fsOf(node) } }),
    },
    pods: pods
      .filter(({ containers }) => containers.length > 0)
      .map((pod) => podOf(pod, onlyCpuAndMemory ? undefined : { node, logBytes: facts.logBytes })),
  };
}

interface FileSystems {
  readonly node: Read<NodeStats> | undefined;
  readonly logBytes: SummaryFacts['logBytes'];
}

function podOf(reading: PodReading, files: FileSystems | undefined): object {
  const { pod, uid, containers } = reading;
  const { name = '', namespace = '' } = pod.metadata;
  const total = totalOf(reading)!;
  const used = containers.reduce((sum, each) => sum + (files === undefined ? 0 : storageOf(each, files)), 0);
  return {
    podRef: { name, namespace, uid },
    startTime: pod.status?.startTime ?? rfc3339(containers[0]!.startedAtMs),
    containers: containers.map((each) => containerOf(pod, each, files)),
    cpu: cpuOf(total, total.atMs),
    memory: memoryOf(total, total.atMs),
    ...(files === undefined || total.interfaces.length === 0
      ? {}
      : { network: networkOf(total.interfaces, total.atMs) }),
    ...(files === undefined
      ? {}
      : { 'ephemeral-storage': { ...timeOf(total.atMs), ...sizesOf(files.node), usedBytes: used } }),
  };
}

function storageOf({ container, read }: ContainerUsage, { logBytes }: FileSystems): number {
  return read.reading.rootfsUsedBytes + (logBytes.get(container.id) ?? 0);
}

function containerOf(
  pod: Pod,
  { container, startedAtMs, read }: ContainerUsage,
  files: FileSystems | undefined,
): object {
  const { reading, atMs } = read;
  const limit = memoryLimitOf(pod, container.name);
  const sizes = files === undefined ? undefined : { ...timeOf(atMs), ...sizesOf(files.node) };
  return {
    name: container.name,
    startTime: rfc3339(startedAtMs),
    cpu: cpuOf({ ...reading, cpuNanocores: read.cpuNanocores }, atMs),
    memory: memoryOf(reading, atMs, limit),
    ...(sizes && files
      ? {
          rootfs: { ...sizes, usedBytes: reading.rootfsUsedBytes },
          logs: { ...sizes, usedBytes: files.logBytes.get(container.id) ?? 0 },
        }
      : {}),
  };
}

function nodeFigures({ reading, atMs, cpuNanocores }: Read<NodeStats>): object {
  const { cpuUsageNs, memoryTotalBytes, memoryAvailableBytes } = reading;
  const workingSetBytes = memoryTotalBytes - memoryAvailableBytes;
  return {
    cpu: cpuOf({ cpuUsageNs, cpuNanocores }, atMs),
    memory: { ...timeOf(atMs), availableBytes: memoryAvailableBytes, usageBytes: workingSetBytes, workingSetBytes },
  };
}

function cpuOf(
  usage: { readonly cpuUsageNs: number; readonly cpuNanocores: number | undefined },
  atMs: number,
): object {
  return {
    ...timeOf(atMs),
    ...(usage.cpuNanocores === undefined ? {} : { usageNanoCores: usage.cpuNanocores }),
    usageCoreNanoSeconds: Math.round(usage.cpuUsageNs),
  };
}

function memoryOf(
  usage: { readonly memoryWorkingSetBytes: number; readonly memory?: MemoryDetails | undefined },
  atMs: number,
  limitBytes?: number,
): object {
  const { memoryWorkingSetBytes: workingSetBytes, memory } = usage;
  return {
    ...timeOf(atMs),
    ...(limitBytes === undefined ? {} : { availableBytes: Math.max(0, limitBytes - workingSetBytes) }),
    ...(memory === undefined ? {} : { usageBytes: memory.usageBytes }),
    workingSetBytes,
    ...(memory === undefined
      ? {}
      : { rssBytes: memory.rssBytes, pageFaults: memory.pageFaults, majorPageFaults: memory.majorPageFaults }),
  };
}

/** The default interface is the first one that is not the loopback. */
function networkOf(interfaces: readonly InterfaceUsage[], atMs: number): object {
  const first = interfaces.find(({ name }) => name === 'eth0') ?? interfaces[0];
  return { ...timeOf(atMs), ...first, interfaces };
}

function fsOf(node: Read<NodeStats>): object {
  const { fsTotalBytes, fsAvailableBytes } = node.reading;
  return { ...timeOf(node.atMs), ...sizesOf(node), usedBytes: fsTotalBytes - fsAvailableBytes };
}

function sizesOf(node: Read<NodeStats> | undefined): object {
  if (node === undefined) return {};
  return { availableBytes: node.reading.fsAvailableBytes, capacityBytes: node.reading.fsTotalBytes };
}

function timeOf(atMs: number): { readonly time: string } {
  return { time: rfc3339(atMs) };
}

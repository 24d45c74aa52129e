import type { NodeMetrics, PodMetrics } from '@gantry/client/metrics-messages.ts';
import type { Node } from '@gantry/model/gen/gantry.core.v1.ts';
import { parseQuantity, toMilli, toUnits } from '@gantry/model/quantity.ts';
import { type Context, refusal } from '../context.ts';
import { formatTable } from '../output/table.ts';

export interface UsageFlags {
  readonly allNamespaces: boolean;
  readonly selector?: string;
  /** Descending; by name where absent. */
  readonly sortBy?: 'cpu' | 'memory';
  /** A line for each container. */
  readonly containers: boolean;
  readonly output: 'table' | 'json';
}

/** Use of processors and memory. */
type Amounts = Pick<NodeMetrics, 'cpuNanocores' | 'memoryWorkingSetBytes'>;

/** Prints the usage of nodes, and the part of their allocatable that it is. */
export async function topNodes(context: Context, name: string, flags: UsageFlags): Promise<void> {
  const { client, signal, output } = context;
  const asked = { name, labelSelector: flags.selector ?? '' };
  const { nodes } = await client.metrics.nodes(asked, { signal });
  if (flags.output === 'json') return output.write(`${JSON.stringify({ nodes }, null, 4)}\n`);
  const all =
    name === ''
      ? (await client.list('Node', { labelSelector: asked.labelSelector }, { signal })).items
      : [await client.get('Node', { name }, { signal })];
  if (all.length === 0) output.note('No resources found\n');
  else output.write(formatNodes(nodes, all, flags.sortBy));
}

/** Prints the usage of pods. */
export async function topPods(context: Context, name: string, flags: UsageFlags): Promise<void> {
  const { client, signal, output } = context;
  const namespace = flags.allNamespaces ? '' : context.namespace;
  if (name !== '' && flags.allNamespaces) throw refusal('a pod cannot be named where all namespaces are asked for');
  const { pods } = await client.metrics.pods({ namespace, name, labelSelector: flags.selector ?? '' }, { signal });
  if (flags.output === 'json') return output.write(`${JSON.stringify({ pods }, null, 4)}\n`);
  if (pods.length > 0) return output.write(formatPods(pods, flags));
  output.note(`no usage of pods is known${namespace === '' ? '' : ` in namespace ${namespace}`}\n`);
}

/** A line for each node; those that nobody measured come last. */
export function formatNodes(
  measured: readonly NodeMetrics[],
  nodes: readonly Node[],
  sortBy?: 'cpu' | 'memory',
): string {
  const allocatable = new Map(nodes.map(({ metadata, status }) => [metadata.name, status?.allocatable ?? {}]));
  const rows = sorted(
    measured,
    ({ name }) => name,
    (one) => one,
    sortBy,
  ).map((one) => {
    const { cpu, memory } = allocatable.get(one.name) ?? {};
    const ofCpu = cpu === undefined ? undefined : toMilli(parseQuantity(cpu));
    const ofMemory = memory === undefined ? undefined : toUnits(parseQuantity(memory));
    const [cores, bytes] = cells(one);
    return [
      ...[one.name, cores!, percent(milliOf(one), ofCpu)],
      ...[bytes!, percent(one.memoryWorkingSetBytes, ofMemory)],
    ];
  });
  const known = new Set(measured.map(({ name }) => name));
  const unknown = nodes.map(({ metadata }) => metadata.name!).filter((name) => !known.has(name));
  const nothing = Array.from({ length: 4 }, () => '<unknown>');
  return formatTable(
    ['NAME', 'CPU(cores)', 'CPU(%)', 'MEMORY(bytes)', 'MEMORY(%)'],
    [...rows, ...unknown.toSorted().map((name) => [name, ...nothing])],
  );
}

/** A line for each pod or container. */
export function formatPods(
  pods: readonly PodMetrics[],
  { allNamespaces, containers, sortBy }: Pick<UsageFlags, 'allNamespaces' | 'containers' | 'sortBy'>,
): string {
  const rows = sorted(pods, ({ namespace, name }) => `${namespace}/${name}`, totalOf, sortBy).flatMap((pod) => {
    const head = allNamespaces ? [pod.namespace, pod.name] : [pod.name];
    return containers
      ? pod.containers.map((one) => [...head, one.name, ...cells(one)])
      : [[...head, ...cells(totalOf(pod))]];
  });
  const names = containers ? ['POD', 'NAME'] : ['NAME'];
  return formatTable([...(allNamespaces ? ['NAMESPACE'] : []), ...names, 'CPU(cores)', 'MEMORY(bytes)'], rows);
}

function sorted<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  amountsOf: (item: T) => Amounts,
  by: 'cpu' | 'memory' | undefined,
): T[] {
  const amount = (item: T): number => {
    if (by === undefined) return 0;
    const { cpuNanocores, memoryWorkingSetBytes } = amountsOf(item);
    return by === 'cpu' ? cpuNanocores : memoryWorkingSetBytes;
  };
  return items.toSorted((a, b) => amount(b) - amount(a) || (nameOf(a) < nameOf(b) ? -1 : 1));
}

function totalOf({ containers }: PodMetrics): Amounts {
  return {
    cpuNanocores: containers.reduce((sum, one) => sum + one.cpuNanocores, 0),
    memoryWorkingSetBytes: containers.reduce((sum, one) => sum + one.memoryWorkingSetBytes, 0),
  };
}

/** In thousandths of a processor, rounded up, and whole MiB, as kubectl prints them. */
function cells(amounts: Amounts): string[] {
  return [`${milliOf(amounts)}m`, `${Math.floor(amounts.memoryWorkingSetBytes / 2 ** 20)}Mi`];
}

function milliOf({ cpuNanocores }: Amounts): number {
  return Math.ceil(cpuNanocores / 1e6);
}

function percent(part: number, whole: number | undefined): string {
  return whole ? `${Math.floor((part * 100) / whole)}%` : '<unknown>';
}

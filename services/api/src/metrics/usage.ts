import type {
  NodeMetrics,
  NodeMetricsRequest,
  PodMetrics,
  PodMetricsRequest,
} from '@gantry/client/metrics-messages.ts';
import type { ContainerStats, StatsResponse } from '@gantry/client/pod-messages.ts';
import { genericKindOf } from '@gantry/model/built-in.ts';
import type { Node, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { GantryError, isError } from '@gantry/runtime/errors.ts';
import { attemptOn } from '../auth/authorization.ts';
import type { CoreDeps, RequestContext } from '../core/context.ts';
import { agentOf } from '../pods/locate.ts';
import type { NodeStatistics } from './node-statistics.ts';
import type { ReadObjects } from './stored.ts';

/** Parts that usage is told from. */
export type UsageDeps = Pick<CoreDeps, 'authorize'> & {
  readonly statistics: Pick<NodeStatistics, 'of'>;
  readonly read: ReadObjects;
};

/** Usage of an object, with the object itself, whose labels the REST edge shows. */
export interface Measured<T extends KubeObject, Metrics> {
  readonly object: T;
  readonly metrics: Metrics;
}

const podKind = genericKindOf('Pod');
const nodeKind = genericKindOf('Node');

/** Usage of pods and nodes, as their node agents tell it. */
export class Usage {
  readonly #deps: UsageDeps;
  readonly #read: ReadObjects;

  constructor(deps: UsageDeps) {
    this.#deps = deps;
    this.#read = deps.read;
  }

  /** Usage of pods. Throws Forbidden, BadRequest for a selector that makes no sense, and NotFound for a pod that is named and not measured. */
  async pods(
    { user, signal }: Pick<RequestContext, 'user' | 'signal'>,
    { namespace = '', name = '', labelSelector = '' }: PodMetricsRequest,
  ): Promise<Measured<Pod, PodMetrics>[]> {
    if (name !== '' && namespace === '') throw new GantryError('BadRequest', 'namespace: Required value');
    this.#deps.authorize(user, attemptOn(verbFor(name), 'pods.metrics.k8s.io', { namespace, name }));
    const pods = (await this.#read<Pod>(podKind, { namespace, name, labelSelector }, signal)).filter(runs);
    const agents = await this.#nodesOf(pods, signal);
    const answers = await this.#ask([...agents.values()]);
    const byPod = containersByPod(answers.values());
    const measured = pods.flatMap((object) => {
      const metrics = podMetricsOf(object, byPod.get(object.metadata.uid!) ?? []);
      return metrics === undefined ? [] : [{ object, metrics }];
    });
    if (name !== '' && measured.length === 0) throw notMeasured('pods', name);
    return measured;
  }

  /** Usage of nodes. Throws as `pods` does. */
  async nodes(
    { user, signal }: Pick<RequestContext, 'user' | 'signal'>,
    { name = '', labelSelector = '' }: NodeMetricsRequest,
  ): Promise<Measured<Node, NodeMetrics>[]> {
    this.#deps.authorize(user, attemptOn(verbFor(name), 'nodes.metrics.k8s.io', { name }));
    const nodes = await this.#read<Node>(nodeKind, { namespace: '', name, labelSelector }, signal);
    const answers = await this.#ask(nodes);
    const measured = nodes.flatMap((object) => {
      const metrics = nodeMetricsOf(object.metadata.name!, answers.get(object.metadata.name!));
      return metrics === undefined ? [] : [{ object, metrics }];
    });
    if (name !== '' && measured.length === 0) throw notMeasured('nodes', name);
    return measured;
  }

  /** Answers of the nodes' agents by the nodes' names, without those that do not answer. */
  async #ask(nodes: readonly Node[]): Promise<ReadonlyMap<string, StatsResponse>> {
    const answers = await Promise.all(
      nodes.map(async (node) => {
        const agent = agentIfKnown(node);
        return [node.metadata.name!, agent && (await this.#deps.statistics.of(agent))] as const;
      }),
    );
    return new Map(answers.flatMap(([name, answer]) => (answer === undefined ? [] : [[name, answer] as const])));
  }

  /** The nodes of pods, by name. */
  async #nodesOf(pods: readonly Pod[], signal: AbortSignal): Promise<ReadonlyMap<string, Node>> {
    const names = new Set(pods.map(({ spec }) => spec.nodeName!));
    const nodes = await Promise.all(
      [...names].map((name) => this.#read<Node>(nodeKind, { namespace: '', name, labelSelector: '' }, signal)),
    );
    return new Map(nodes.flat().map((node) => [node.metadata.name!, node]));
  }
}

function verbFor(name: string): string {
  return name === '' ? 'list' : 'get';
}

function notMeasured(resource: 'pods' | 'nodes', name: string): GantryError {
  return new GantryError('NotFound', `${resource}.metrics.k8s.io ${JSON.stringify(name)} not found`, {
    resource: { group: 'metrics.k8s.io', resource, name },
  });
}

/** A pod that has a node, and has not ended. */
function runs({ spec, status }: Pod): boolean {
  return Boolean(spec.nodeName) && status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
}

function agentIfKnown(node: Node): ReturnType<typeof agentOf> | undefined {
  try {
    return agentOf(node);
  } catch (error) {
    if (isError(error, 'ServiceUnavailable')) return undefined;
    throw error;
  }
}

function containersByPod(answers: Iterable<StatsResponse>): ReadonlyMap<string, readonly ContainerStats[]> {
  const byPod = new Map<string, ContainerStats[]>();
  for (const { containers } of answers) {
    for (const container of containers) {
      const known = byPod.get(container.podUid);
      if (known === undefined) byPod.set(container.podUid, [container]);
      else known.push(container);
    }
  }
  return byPod;
}

/** A pod's usage; undefined where one of its containers is not measured, or there is none. */
export function podMetricsOf({ metadata }: Pod, stats: readonly ContainerStats[]): PodMetrics | undefined {
  if (stats.length === 0 || !stats.every(isSound)) return undefined;
  const containers = stats
    .map(({ container: name, cpuNanocores, memoryWorkingSetBytes }) => ({ name, cpuNanocores, memoryWorkingSetBytes }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  // The container that was measured first stands for all, as in metrics-server.
  const earliest = stats.reduce((a, b) => (b.timestampMs < a.timestampMs ? b : a));
  const { timestampMs, windowMs } = earliest;
  return { namespace: metadata.namespace!, name: metadata.name!, timestampMs, windowMs, containers };
}

/** A node's usage; undefined where it is not measured. */
export function nodeMetricsOf(name: string, answer: StatsResponse | undefined): NodeMetrics | undefined {
  const usage = answer?.node;
  if (!usage || !isSound(usage)) return undefined;
  const { timestampMs, windowMs, cpuNanocores, memoryWorkingSetBytes } = usage;
  return { name, timestampMs, windowMs, cpuNanocores, memoryWorkingSetBytes };
}

type Figures = Pick<ContainerStats, 'cpuNanocores' | 'memoryWorkingSetBytes' | 'timestampMs' | 'windowMs'>;

/** An agent may answer anything: a number that is none, or is below zero, is no measurement. */
function isSound({ cpuNanocores, memoryWorkingSetBytes, timestampMs, windowMs }: Figures): boolean {
  const numbers = [cpuNanocores, memoryWorkingSetBytes, timestampMs, windowMs];
  return numbers.every((number) => Number.isSafeInteger(number) && number >= 0) && windowMs > 0 && timestampMs > 0;
}

import { join } from 'node:path';
import type { Credentials } from '@gantry/client/credentials.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { AgentApi } from './api.ts';
import type { NodeAgentConfig } from './config.ts';
import type { NodeTimes } from './node/registrar.ts';
import { boundPods, sharedPodSource } from './pods/source.ts';
import { openHollowRuntime } from './runtime/hollow/driver.ts';
import { type NodeAgent, startNodeAgent } from './service.ts';
import type { Play } from './statistics/play.ts';

/** Nodes whose agents look at their runtime this seldom, in milliseconds, as hollow runtimes tell of every change. */
const idleMs = 60_000;
/** Agents that start at once. */
const startBatch = 64;

/** Nodes without containers. */
export interface HollowNodesConfig extends HollowPoolConfig, HollowMachine {
  /** How many, at most 65,536. */
  readonly count: number;
  /** They are named `<prefix>-0` and so on. */
  readonly namePrefix: string;
  /** Labels of each node. */
  readonly labels?: (index: number) => Readonly<Record<string, string>>;
}

/** Settings that the hollow nodes of a process share. */
export interface HollowPoolConfig {
  /** A directory of their own. */
  readonly rootDir: string;
  /** How long a sandbox and each container take to start, in milliseconds. */
  readonly startMs: number;
  readonly nodeTimes: NodeTimes;
  /**
   * Lets the api ask each node for the usage of its pods, at a port of its own on 127.0.0.1. A node whose usage is asked for costs a
   * connection; not served where absent.
   */
  readonly statistics?: {
    /** Proof that the api must give, and each node's own. */
    readonly credentialsOf: (nodeName: string) => Credentials;
    /** How often usage is read, in milliseconds; 10,000 where absent. */
    readonly everyMs?: number;
    /** Usage of containers; what their pods' annotation gantry.dev/hollow-usage says where absent. */
    readonly play?: Play;
  };
}

/** Size of the machine that a hollow node pretends to have. */
export interface HollowMachine {
  readonly cpuCount: number;
  readonly memoryBytes: number;
}

/** One hollow node; more of its configuration is an agent's. */
export type HollowNode = HollowMachine &
  Pick<NodeAgentConfig, 'nodeName' | 'labels' | 'taints' | 'capacity' | 'providerId'>;

/** Running hollow nodes. */
export interface HollowNodes extends AsyncDisposable {
  readonly names: readonly string[];
}

/** Hollow nodes that come and go. Disposing of it ends all. */
export interface HollowPool extends AsyncDisposable {
  /** Starts a node; resolves once it is registered. A node whose start the signal ends is ended. */
  add(node: HollowNode, signal?: AbortSignal): Promise<void>;
  /** Ends a node with its pods; one that is not there is no error. */
  remove(name: string): Promise<void>;
}

/** Addresses that the nodes of a pool may have. */
const maxNodes = 65_536;

/** Real agents with real reports and heartbeats over containers that do not exist, in one process. They share one watch of pods. */
export function openHollowPool(
  { rootDir, startMs, nodeTimes, statistics }: HollowPoolConfig,
  deps: { readonly client: AgentApi; readonly clock: Clock; readonly log: Logger },
): HollowPool {
  const pods = boundPods(deps.client, deps.log);
  const podSource = sharedPodSource(pods);
  pods.start();
  const nodes = new Map<string, AsyncDisposable>();
  const indexes = new Set<number>();
  return {
    async add({ cpuCount, memoryBytes, ...agentConfig }, signal) {
      await using stack = new AsyncDisposableStack();
      const index = freeIndex(indexes);
      stack.defer(() => void indexes.delete(index));
      const runtime = stack.use(openHollowRuntime({ startMs, addressPrefix: '10.200', cpuCount, memoryBytes }, deps));
      const agent = stack.use(
        await startNodeAgent(
          {
            ...agentConfig,
            rootDir: join(rootDir, agentConfig.nodeName),
            addresses: [`10.201.${index >> 8}.${index & 255}`],
            events: false,
            diskless: true,
            nodeTimes,
            observation: { idleMs, gapMs: 1 },
            ...(statistics && {
              listen: { host: '127.0.0.1', port: 0 },
              ...(statistics.everyMs === undefined ? {} : { statisticsMs: statistics.everyMs }),
              ...(statistics.play === undefined ? {} : { play: statistics.play }),
            }),
          },
          { ...deps, runtime, podSource, credentials: statistics?.credentialsOf(agentConfig.nodeName) },
        ),
      );
      await untilReady(agent, signal);
      nodes.set(agentConfig.nodeName, stack.move());
    },
    async remove(name) {
      const node = nodes.get(name);
      nodes.delete(name);
      await node?.[Symbol.asyncDispose]();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...nodes.values()].map((node) => node[Symbol.asyncDispose]()));
      await pods[Symbol.asyncDispose]();
    },
  };
}

function untilReady(agent: NodeAgent, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return agent.ready;
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(new GantryError('Cancelled', 'stopped while a node was starting'));
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  return Promise.race([agent.ready, stopped]).finally(() => signal.removeEventListener('abort', stop));
}

/** Takes the least index that no node has. */
function freeIndex(taken: Set<number>): number {
  for (let index = 0; index < maxNodes; index++) {
    if (taken.has(index)) continue;
    taken.add(index);
    return index;
  }
  throw new GantryError('FailedPrecondition', `a process has at most ${maxNodes} hollow nodes`);
}

/**
 * Starts many nodes in one process, for load tests. Resolves once all are registered. (A thousand take about 110 MB and 3 % of a CPU while
 * nothing happens.)
 */
export async function startHollowNodes(
  config: HollowNodesConfig,
  deps: { readonly client: AgentApi; readonly clock: Clock; readonly log: Logger },
): Promise<HollowNodes> {
  const { count, namePrefix, cpuCount, memoryBytes } = config;
  await using stack = new AsyncDisposableStack();
  const pool = stack.use(openHollowPool(config, deps));
  const names = Array.from({ length: count }, (_, index) => `${namePrefix}-${index}`);
  const start = (nodeName: string, index: number): Promise<void> => {
    const labels = config.labels === undefined ? {} : { labels: config.labels(index) };
    return pool.add({ nodeName, cpuCount, memoryBytes, ...labels });
  };
  for (let first = 0; first < count; first += startBatch) {
    await Promise.all(names.slice(first, first + startBatch).map((name, offset) => start(name, first + offset)));
  }
  const owned = stack.move();
  return { names, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

import { join } from 'node:path';
import type { Credentials } from '@gantry/client/credentials.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { AgentApi } from './api.ts';
import type { NodeTimes } from './node/registrar.ts';
import { boundPods, sharedPodSource } from './pods/source.ts';
import { openHollowRuntime } from './runtime/hollow/driver.ts';
import { startNodeAgent } from './service.ts';
import type { Play } from './statistics/play.ts';

/** Nodes whose agents look at their runtime this seldom, in milliseconds, as hollow runtimes tell of every change. */
const idleMs = 60_000;
/** Agents that start at once. */
const startBatch = 64;

/** Nodes without containers. */
export interface HollowNodesConfig {
  /** How many, at most 65,536. */
  readonly count: number;
  /** They are named `<prefix>-0` and so on. */
  readonly namePrefix: string;
  /** A directory of their own. */
  readonly rootDir: string;
  readonly cpuCount: number;
  readonly memoryBytes: number;
  /** How long a sandbox and each container take to start, in milliseconds. */
  readonly startMs: number;
  readonly nodeTimes: NodeTimes;
  /** Labels of each node. */
  readonly labels?: (index: number) => Readonly<Record<string, string>>;
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

/** Running hollow nodes. */
export interface HollowNodes extends AsyncDisposable {
  readonly names: readonly string[];
}

/**
 * Starts many nodes in one process, for load tests: real agents with real reports and heartbeats over containers that do not exist. They
 * share one watch of pods. Resolves once all are registered. (A thousand take about 110 MB and 3 % of a CPU while nothing happens.)
 */
export async function startHollowNodes(
  config: HollowNodesConfig,
  deps: { readonly client: AgentApi; readonly clock: Clock; readonly log: Logger },
): Promise<HollowNodes> {
  const { count, namePrefix, rootDir, cpuCount, memoryBytes, startMs, nodeTimes, statistics } = config;
  await using stack = new AsyncDisposableStack();
  const pods = stack.use(boundPods(deps.client, deps.log));
  const podSource = sharedPodSource(pods);
  pods.start();
  const names = Array.from({ length: count }, (_, index) => `${namePrefix}-${index}`);
  const startOne = async (nodeName: string, index: number): Promise<void> => {
    const runtime = stack.use(openHollowRuntime({ startMs, addressPrefix: '10.200', cpuCount, memoryBytes }, deps));
    const agent = await startNodeAgent(
      {
        nodeName,
        rootDir: join(rootDir, nodeName),
        addresses: [`10.201.${index >> 8}.${index & 255}`],
        ...(config.labels === undefined ? {} : { labels: config.labels(index) }),
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
      { ...deps, runtime, podSource, credentials: statistics?.credentialsOf(nodeName) },
    );
    stack.use(agent);
    await agent.ready;
  };
  for (let first = 0; first < count; first += startBatch) {
    await Promise.all(names.slice(first, first + startBatch).map((name, offset) => startOne(name, first + offset)));
  }
  const owned = stack.move();
  return { names, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

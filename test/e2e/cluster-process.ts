/**
 * A cluster of two nodes with real containers in a process of its own, as `gantry up` or `gantry distributed` has it. Its one argument is
 * ClusterSettings as JSON. Its parent asks it over Node's IPC channel.
 */
import { type DistributedCluster, startDistributed } from '@gantry/cli/distributed/cluster.ts';
import { parseNodeGroup } from '@gantry/cli/node-groups/spec.ts';
import { startCluster } from '@gantry/cli/up/cluster.ts';
import { createLogger } from '@gantry/runtime/log.ts';
import { terminationSignal } from '@gantry/runtime/service.ts';

/** How the cluster runs. */
export interface ClusterSettings {
  readonly form: 'up' | 'distributed';
  readonly stateDir: string;
  /** host:port of the api. */
  readonly address: string;
  readonly times: 'short' | 'usual';
  readonly nodes: number;
  readonly nodeGroups: readonly string[];
}

/** Controls of the cluster's process. */
export type Request =
  | { readonly id: number; readonly ask: 'powerOff' | 'powerOn'; readonly node: string }
  | { readonly id: number; readonly ask: 'pids' };

/** The answer to a request; 0 is said without being asked, once the cluster is ready. */
export interface Reply {
  readonly id: number;
  /** Process ids of the cluster's parts by name. */
  readonly pids: Readonly<Record<string, number>>;
  readonly error?: string;
}

/** Nodes are heard each second and counted as silent after two or three: failures are over in seconds. */
const shortTimes = { nodeTimes: { heartbeatMs: 1_000, healthMs: 1_000, reportMs: 300_000 }, silenceConfirmMs: 1_000 };

const { form, stateDir, address, times, nodes, nodeGroups } = JSON.parse(process.argv[2]!) as ClusterSettings;
const signal = terminationSignal();
const options = {
  ...{ nodes, stateDir, listen: address, driver: 'cri' as const, nodeGroups: nodeGroups.map(parseNodeGroup) },
  ...(times === 'short' ? shortTimes : {}),
};
const deps = { log: createLogger('e2e', process.env.GANTRY_LOG_LEVEL ?? 'error'), progress: () => {}, signal };

await using cluster = await (form === 'up' ? startCluster(options, deps) : startDistributed(options, deps));
process.on('message', (request: Request) => void answer(request));
tell({ id: 0, pids: pids() });
await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
process.disconnect();

async function answer(request: Request): Promise<void> {
  try {
    if (request.ask !== 'pids') await cluster.nodes[request.ask](request.node);
    tell({ id: request.id, pids: pids() });
  } catch (error) {
    tell({ id: request.id, pids: pids(), error: error instanceof Error ? error.message : String(error) });
  }
}

function pids(): Record<string, number> {
  const programs = 'programs' in cluster ? [...(cluster as DistributedCluster).programs] : [];
  const all: Record<string, number | undefined> = {
    gantry: process.pid,
    envoy: cluster.envoy?.pid,
    ...Object.fromEntries(programs.map(([name, { pid }]) => [name, pid])),
  };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, number] => entry[1] !== undefined));
}

function tell(reply: Reply): void {
  process.send?.(reply);
}

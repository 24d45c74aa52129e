import { join } from 'node:path';
import { defaultApiConfig } from '@gantry/api/config.ts';
import type { Client } from '@gantry/client/client.ts';
import type { Credentials } from '@gantry/client/credentials.ts';
import { type HostNode, type HostNodes, startHostNodes } from '@gantry/node-agent/host/nodes.ts';
import { type NodeAgent, startNodeAgent } from '@gantry/node-agent/service.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { UpOptions } from './options.ts';
import { type PatienceDeps, untilStarted } from './patience.ts';
import { takesPods } from './takes-pods.ts';

/** Address of the cluster's DNS: the tenth of the service range, as in Kubernetes. */
export const dnsAddress = '10.96.0.10';

/** Advice for a node that does not start. */
const notReadyHint = 'GANTRY_LOG_LEVEL=info says more at the next start';

/** Interval at which the node's object is looked at during its start. */
const pollMs = 50;

/** The nodes of this machine, each with its agent. */
export interface Nodes extends AsyncDisposable {
  readonly host: HostNodes;
  /** Takes a node down as pulling its plug would: its agent stops without a word, its containers are cut off. */
  powerOff(name: string): Promise<void>;
  /** Starts a node after `powerOff`. */
  powerOn(name: string): Promise<void>;
}

/** Names of so many nodes. */
export function nodeNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `node-${index + 1}`);
}

/** Waits for every start, also after one failed: whoever cleans up must find no start under way. */
export async function allStarted(starts: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(starts)).find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Sets up the nodes and starts an agent on each. */
export async function startNodes(
  options: UpOptions,
  deps: {
    /** The client and the credentials of a node's agent. */
    readonly serviceOf: (node: string) => { readonly client: Client; readonly credentials: Credentials };
    /** Told of the machine's own address on the nodes' network, before any agent starts; not where there is no such network. */
    readonly onNetwork: (gateway: string) => Promise<void>;
    readonly log: Logger;
  } & PatienceDeps,
): Promise<Nodes> {
  const directory = join(options.stateDir, 'nodes');
  await using stack = new AsyncDisposableStack();
  const host = stack.use(
    await startHostNodes({ directory, nodes: nodeNames(options.nodes), driver: options.driver }, deps, deps.signal),
  );
  const gateway = host.nodes[0]?.isolated?.gateway;
  if (gateway !== undefined) await deps.onNetwork(gateway);
  const agents = new Map<string, NodeAgent>();
  stack.defer(async () => {
    await Promise.all([...agents.values()].map((agent) => agent[Symbol.asyncDispose]()));
  });
  const services = new Map(host.nodes.map(({ name }) => [name, deps.serviceOf(name)]));
  const start = async (node: HostNode): Promise<void> => {
    const own = { ...deps, ...services.get(node.name)!, runtime: node.runtime };
    const agent = await startNodeAgent(agentConfig(node, options), own);
    agents.set(node.name, agent);
    await untilStarted(node.name, untilTaken(agent, node.name, own.client, deps), notReadyHint, deps);
  };
  await allStarted(host.nodes.map(start));
  const nodeNamed = (name: string): HostNode => host.nodes.find((node) => node.name === name)!;
  const owned = stack.move();
  return {
    host,
    powerOff: async (name) => {
      const agent = agents.get(name);
      agents.delete(name);
      await agent?.[Symbol.asyncDispose]();
      await nodeNamed(name).isolated?.local.powerOff();
    },
    powerOn: async (name) => {
      await nodeNamed(name).isolated?.local.powerOn();
      await start(nodeNamed(name));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Waits until an agent is ready and the rest of the cluster knows it. */
async function untilTaken(agent: NodeAgent, name: string, client: Client, deps: PatienceDeps): Promise<void> {
  const { clock, signal } = deps;
  await agent.ready;
  while (!takesPods(await client.get('Node', { name }, { signal }))) await clock.sleep(pollMs, signal);
}

function agentConfig(node: HostNode, options: UpOptions): Parameters<typeof startNodeAgent>[0] {
  const { isolated } = node;
  return {
    nodeName: node.name,
    rootDir: node.rootDirectory,
    addresses: [node.address],
    listen: { host: '127.0.0.1', port: 0 },
    imagesDir: join(options.stateDir, 'images'),
    ...(options.nodeTimes === undefined ? {} : { nodeTimes: options.nodeTimes }),
    ...(isolated === undefined
      ? {}
      : {
          podCidr: isolated.podCidr,
          cgroupRoot: isolated.cgroupRoot,
          network: {
            commandPrefix: isolated.commandPrefix,
            clusterCidr: isolated.clusterCidr,
            serviceCidr: defaultApiConfig.serviceCidr,
            dnsAddress,
          },
        }),
  };
}

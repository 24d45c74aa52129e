import { join } from 'node:path';
import { defaultApiConfig } from '@gantry/api/config.ts';
import type { Client } from '@gantry/client/client.ts';
import type { Credentials } from '@gantry/client/credentials.ts';
import { type HostNode, startHostNodes } from '@gantry/node-agent/host/nodes.ts';
import { type NodeAgent, startNodeAgent } from '@gantry/node-agent/service.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { type AddedNode, NodeSet, type Nodes, type StartAgent } from './node-set.ts';
import type { UpOptions } from './options.ts';
import { type PatienceDeps, untilStarted } from './patience.ts';
import { takesPods } from './takes-pods.ts';

/** Address of the cluster's DNS: the tenth of the service range, as in Kubernetes. */
export const dnsAddress = '10.96.0.10';

/** Advice for a node that does not start. */
const notReadyHint = 'GANTRY_LOG_LEVEL=info says more at the next start';

/** Interval at which the node's object is looked at during its start. */
const pollMs = 50;

/** Names of so many nodes. */
export function nodeNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `node-${index + 1}`);
}

/** Sets up the nodes and starts an agent on each. */
export async function startNodes(
  options: UpOptions,
  deps: {
    /** The client and the credentials of a node's agent, which owns the client. */
    readonly serviceOf: (node: string) => {
      readonly client: Client;
      readonly credentials: Credentials;
      readonly log: Logger;
    };
    /** Told of the machine's own address on the nodes' network, before any agent starts; not where there is no such network. */
    readonly onNetwork: (gateway: string) => Promise<void>;
    /** Nodes of an earlier run that will be added. */
    readonly kept: readonly string[];
    readonly log: Logger;
  } & PatienceDeps,
): Promise<Nodes> {
  const directory = join(options.stateDir, 'nodes');
  await using stack = new AsyncDisposableStack();
  const config = { directory, nodes: nodeNames(options.nodes), kept: deps.kept, driver: options.driver };
  const host = await startHostNodes(config, deps, deps.signal);
  const startAgent: StartAgent = async (node, added, signal) => {
    await using starting = new AsyncDisposableStack();
    const service = deps.serviceOf(node.name);
    starting.use(service.client);
    const own = { ...deps, ...service, runtime: node.runtime };
    const agent = starting.use(await startNodeAgent(agentConfig(node, options, added), own));
    const patience = { ...deps, signal };
    const taken = untilStarted(node.name, untilTaken(agent, node.name, own.client, patience), notReadyHint, patience);
    const owned = starting.move();
    const end = (): Promise<void> => owned.disposeAsync();
    return { taken, kill: end, [Symbol.asyncDispose]: end };
  };
  const nodes = stack.use(new NodeSet(host, startAgent, deps.signal));
  if (host.gateway !== undefined) await deps.onNetwork(host.gateway);
  await nodes.start();
  stack.move();
  return nodes;
}

/** Waits until an agent is ready and the rest of the cluster knows it. */
async function untilTaken(agent: NodeAgent, name: string, client: Client, deps: PatienceDeps): Promise<void> {
  const { clock, signal } = deps;
  await agent.ready;
  while (!takesPods(await client.get('Node', { name }, { signal }))) await clock.sleep(pollMs, signal);
}

function agentConfig(
  node: HostNode,
  options: UpOptions,
  added: AddedNode | undefined,
): Parameters<typeof startNodeAgent>[0] {
  const { isolated } = node;
  return {
    ...added,
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

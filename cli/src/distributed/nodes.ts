import { join } from 'node:path';
import type { Client } from '@gantry/client/client.ts';
import { type HostNode, type HostNodes, startHostNodes } from '@gantry/node-agent/host/nodes.ts';
import { agentAddressAnnotation } from '@gantry/node-agent/node/object.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { freePort } from '../up/free-port.ts';
import { nodeNames } from '../up/node-agents.ts';
import { type AddedNode, NodeSet, type Nodes, type StartedAgent } from '../up/node-set.ts';
import type { UpOptions } from '../up/options.ts';
import { takesPods } from '../up/takes-pods.ts';
import { type Addresses, agentProgram } from './programs.ts';
import { logPath, type Supervised, supervise } from './supervised.ts';
import { untilAnswers } from './wait.ts';

/** Dependencies of the nodes' agents. */
export interface NodeProgramDeps {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly progress: (text: string) => void;
  readonly signal: AbortSignal;
  readonly logDir: string;
  /** Running programs; agents are added under their nodes' names. */
  readonly programs: Map<string, Supervised>;
}

/**
 * Sets up the nodes; their agents come later, as processes of their own that open runtimes of their own.
 * @param kept Nodes of an earlier run that will be added.
 */
export async function setUpNodes(
  options: UpOptions,
  kept: readonly string[],
  deps: Pick<NodeProgramDeps, 'clock' | 'log' | 'signal'>,
): Promise<HostNodes> {
  await using stack = new AsyncDisposableStack();
  const directory = join(options.stateDir, 'nodes');
  const config = { directory, nodes: nodeNames(options.nodes), kept, driver: options.driver };
  const host = stack.use(await startHostNodes(config, deps, deps.signal));
  await Promise.all(host.nodes.map((node) => node.runtime[Symbol.asyncDispose]()));
  stack.move();
  return host;
}

/** Starts the agent of each node as a process of its own. Resolves when all of them take pods. Disposing of it also ends the nodes. */
export async function startNodePrograms(
  host: HostNodes,
  options: UpOptions & Pick<Addresses, 'api' | 'certificates'>,
  deps: NodeProgramDeps,
): Promise<Nodes> {
  await using stack = new AsyncDisposableStack();
  const nodes = stack.use(
    new NodeSet(host, (node, added, signal) => startAgent(node, added, options, { ...deps, signal }), deps.signal),
  );
  await nodes.start();
  stack.move();
  return nodes;
}

async function startAgent(
  node: HostNode,
  added: AddedNode | undefined,
  options: UpOptions & Pick<Addresses, 'api' | 'certificates'>,
  deps: NodeProgramDeps,
): Promise<StartedAgent> {
  const { client, clock, progress, signal, logDir, programs } = deps;
  // Agents are processes that open runtimes of their own.
  if (added !== undefined) await node.runtime[Symbol.asyncDispose]();
  // A new port each time: the address in the node's object then shows that this agent registered it, not an earlier one.
  const listen = `127.0.0.1:${await freePort()}`;
  const agent = supervise(agentProgram(node, added, options, options, listen), { logDir, clock, progress });
  programs.set(node.name, agent);
  const registered = async (): Promise<boolean> => {
    const object = await client.get('Node', { name: node.name }, { signal });
    return takesPods(object) && object.metadata.annotations?.[agentAddressAnnotation] === listen;
  };
  const hint = `the log of its agent is ${logPath(logDir, node.name)}`;
  const forget = (): void => void (programs.get(node.name) === agent && programs.delete(node.name));
  return {
    taken: untilAnswers(node.name, hint, registered, { clock, signal: AbortSignal.any([signal, agent.stopped]) }),
    kill: async () => {
      await agent.kill();
      forget();
    },
    [Symbol.asyncDispose]: async () => {
      await agent[Symbol.asyncDispose]();
      if (added !== undefined) forget();
    },
  };
}

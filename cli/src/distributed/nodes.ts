import { join } from 'node:path';
import type { Client } from '@gantry/client/client.ts';
import { type HostNode, type HostNodes, startHostNodes } from '@gantry/node-agent/host/nodes.ts';
import { agentAddressAnnotation } from '@gantry/node-agent/node/object.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { freePort } from '../up/free-port.ts';
import type { Nodes } from '../up/node-agents.ts';
import { allStarted, nodeNames } from '../up/node-agents.ts';
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

/** Sets up the nodes; their agents come later, as processes of their own that open runtimes of their own. */
export async function setUpNodes(
  options: UpOptions,
  deps: Pick<NodeProgramDeps, 'clock' | 'log' | 'signal'>,
): Promise<HostNodes> {
  await using stack = new AsyncDisposableStack();
  const directory = join(options.stateDir, 'nodes');
  const names = nodeNames(options.nodes);
  const host = stack.use(await startHostNodes({ directory, nodes: names, driver: options.driver }, deps, deps.signal));
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
  const { programs } = deps;
  await using stack = new AsyncDisposableStack();
  stack.use(host);
  stack.defer(async () => {
    await Promise.all(host.nodes.map(({ name }) => name).map((name) => programs.get(name)?.[Symbol.asyncDispose]()));
  });
  const start = (node: HostNode): Promise<void> => startAgent(node, options, deps);
  await allStarted(host.nodes.map(start));
  const nodeNamed = (name: string): HostNode => host.nodes.find((node) => node.name === name)!;
  const owned = stack.move();
  return {
    host,
    powerOff: async (name) => {
      await programs.get(name)?.kill();
      programs.delete(name);
      await nodeNamed(name).isolated?.local.powerOff();
    },
    powerOn: async (name) => {
      await nodeNamed(name).isolated?.local.powerOn();
      await start(nodeNamed(name));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function startAgent(
  node: HostNode,
  options: UpOptions & Pick<Addresses, 'api' | 'certificates'>,
  deps: NodeProgramDeps,
): Promise<void> {
  const { client, clock, progress, signal, logDir, programs } = deps;
  // A new port each time: the address in the node's object then shows that this agent registered it, not an earlier one.
  const listen = `127.0.0.1:${await freePort()}`;
  const agent = supervise(agentProgram(node, options, options, listen), { logDir, clock, progress });
  programs.set(node.name, agent);
  const registered = async (): Promise<boolean> => {
    const object = await client.get('Node', { name: node.name }, { signal });
    return takesPods(object) && object.metadata.annotations?.[agentAddressAnnotation] === listen;
  };
  const hint = `the log of its agent is ${logPath(logDir, node.name)}`;
  await untilAnswers(node.name, hint, registered, { clock, signal: AbortSignal.any([signal, agent.stopped]) });
}

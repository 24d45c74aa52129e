/** The nodes of a cluster on this machine, each with its agent, whichever way agents are started. */

import { parseQuantity, toMilli, toUnits } from '@gantry/model/quantity.ts';
import type { HostNode, HostNodes } from '@gantry/node-agent/host/nodes.ts';
import type { startNodeAgent } from '@gantry/node-agent/service.ts';

type AgentConfig = Parameters<typeof startNodeAgent>[0];

/** A node that comes while the cluster runs, with what its agent is to tell of it. */
export type AddedNode = Required<Pick<AgentConfig, 'nodeName' | 'labels' | 'taints' | 'capacity' | 'providerId'>>;

/** The nodes of this machine, each with its agent. */
export interface Nodes extends AsyncDisposable {
  readonly host: HostNodes;
  /** Takes a node down as pulling its plug would: its agent stops without a word, its containers are cut off. */
  powerOff(name: string): Promise<void>;
  /** Starts a node after `powerOff`. */
  powerOn(name: string): Promise<void>;
  /** Adds a node, or adopts what an earlier run left of it; resolves when it takes pods. A node that fails leaves nothing behind. */
  add(node: AddedNode, signal: AbortSignal): Promise<void>;
  /** Ends a node that was added, with everything on it; one that is not there is no error. */
  remove(name: string): Promise<void>;
}

/** An agent. Disposing of it leaves the node's containers running. */
export interface StartedAgent extends AsyncDisposable {
  /** Ends it without a word. */
  kill(): Promise<void>;
  /** Resolves when its node takes pods. */
  readonly taken: Promise<void>;
}

/** Starts the agent of a node. */
export type StartAgent = (node: HostNode, added: AddedNode | undefined, signal: AbortSignal) => Promise<StartedAgent>;

/** Nodes that were set up, with their agents. Owns the host. */
export class NodeSet implements Nodes {
  readonly host: HostNodes;
  readonly #startAgent: StartAgent;
  readonly #signal: AbortSignal;
  readonly #nodes = new Map<string, { readonly node: HostNode; readonly added: AddedNode | undefined }>();
  readonly #agents = new Map<string, StartedAgent>();

  /** @param signal Ends starts that are under way. */
  constructor(host: HostNodes, startAgent: StartAgent, signal: AbortSignal) {
    this.host = host;
    this.#startAgent = startAgent;
    this.#signal = signal;
    for (const node of host.nodes) this.#nodes.set(node.name, { node, added: undefined });
  }

  /** Starts the agents of all nodes that are there. Waits for every start, also after one failed: whoever cleans up finds none under way. */
  async start(): Promise<void> {
    const starts = await Promise.allSettled([...this.#nodes.keys()].map((name) => this.#start(name, this.#signal)));
    const failed = starts.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async powerOff(name: string): Promise<void> {
    const agent = this.#agents.get(name);
    this.#agents.delete(name);
    await agent?.kill();
    await this.#nodes.get(name)?.node.isolated?.local.powerOff();
  }

  async powerOn(name: string): Promise<void> {
    await this.#nodes.get(name)?.node.isolated?.local.powerOn();
    await this.#start(name, this.#signal);
  }

  async add(added: AddedNode, signal: AbortSignal): Promise<void> {
    const name = added.nodeName;
    const either = AbortSignal.any([signal, this.#signal]);
    try {
      const node = await this.host.add(name, limitsOf(added.capacity), either);
      this.#nodes.set(name, { node, added });
      await this.#start(name, either);
    } catch (error) {
      await this.remove(name);
      throw error;
    }
  }

  async remove(name: string): Promise<void> {
    await this.#agents.get(name)?.[Symbol.asyncDispose]();
    this.#agents.delete(name);
    this.#nodes.delete(name);
    await this.host.remove(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent[Symbol.asyncDispose]()));
    await this.host[Symbol.asyncDispose]();
  }

  async #start(name: string, signal: AbortSignal): Promise<void> {
    const { node, added } = this.#nodes.get(name)!;
    const agent = await this.#startAgent(node, added, signal);
    this.#agents.set(name, agent);
    await agent.taken;
  }
}

/** Amounts that the pods of a node may have together. */
function limitsOf({ cpu, memory }: Readonly<Record<string, string>>) {
  return {
    cpuMillicores: cpu === undefined ? undefined : toMilli(parseQuantity(cpu)),
    memoryBytes: memory === undefined ? undefined : toUnits(parseQuantity(memory)),
  };
}

import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import { type Clock, systemClock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { ensurePassableFolder } from '@gantry/runtime/private-files.ts';
import { type CgroupLimits, limitCgroup } from '../runtime/cgroups.ts';
import { openProcessRuntime, processDirectory } from '../runtime/process/driver.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { AddressPlan } from './address-plan.ts';
import { type ContainerdChoices, decideHost } from './decide.ts';
import { detectHost } from './detect.ts';
import { startLocalCluster } from './local-cluster.ts';
import type { LocalNode } from './local-node.ts';
import { lockDirectory } from './lock.ts';

/** Nodes to be had on this machine. */
export interface HostNodesConfig {
  /** Directory of the nodes' files. A later start with the same directory adopts running containers. */
  readonly directory: string;
  readonly nodes: readonly string[];
  /** Further nodes that an earlier run may have left, to be added soon: they are not removed. */
  readonly kept?: readonly string[];
  /** `auto` takes real containers where the machine allows them; with `cri` it is FailedPrecondition where it does not. */
  readonly driver: 'auto' | 'cri' | 'process';
}

/** One node with its runtime, in the terms in which an agent is configured. */
export interface HostNode {
  readonly name: string;
  /** Address of the node. */
  readonly address: string;
  readonly runtime: Runtime;
  /** Directory for the agent's volumes and logs. */
  readonly rootDirectory: string;
  /** Properties of a node with real containers. */
  readonly isolated?: {
    readonly podCidr: string;
    readonly cgroupRoot: string;
    /** Prefix of commands that run in the node's network. */
    readonly commandPrefix: readonly string[];
    /** Addresses of the pods of all nodes. */
    readonly clusterCidr: string;
    /** The machine's address as nodes and pods see it. */
    readonly gateway: string;
    readonly local: LocalNode;
  };
}

/** The nodes of this machine. Disposing of them ends every container and undoes the set-up. */
export interface HostNodes extends AsyncDisposable {
  readonly driver: 'cri' | 'process';
  /** Why this driver: with `process`, what is missing for real containers and how to get it. Sentences for the user. */
  readonly reasons: readonly string[];
  /** Debian packages that are missing for real containers. */
  readonly packages: readonly string[];
  /** The nodes of the configuration. */
  readonly nodes: readonly HostNode[];
  /** The machine's address as nodes and pods see it; undefined where they are in its own network. */
  readonly gateway: string | undefined;
  /**
   * Sets up one more node, or adopts what an earlier run left of it.
   * @param limits Amounts that its pods may have together; only real containers are held to them.
   */
  add(name: string, limits: CgroupLimits, signal?: AbortSignal): Promise<HostNode>;
  /** Ends everything that runs on a node that was added, and undoes its set-up. One that is not there is no error. */
  remove(name: string): Promise<void>;
  /** Lets go of the nodes but leaves containers running, for the next start to adopt. */
  detach(): Promise<void>;
}

/** Log and clock of a set-up. */
export interface HostNodesDeps {
  readonly log: Logger;
  readonly clock?: Clock;
}

/** Sets up nodes with the best driver that this machine allows. FailedPrecondition where another process has the directory. */
export async function startHostNodes(
  config: HostNodesConfig,
  deps: HostNodesDeps,
  signal?: AbortSignal,
): Promise<HostNodes> {
  const directory = resolve(config.directory);
  await using stack = new AsyncDisposableStack();
  stack.use(await lockDirectory(directory));
  const nodes = await startUnlocked(config, directory, deps, signal);
  const lock = stack.move();
  return {
    ...nodes,
    async detach() {
      await nodes.detach();
      await lock.disposeAsync();
    },
    async [Symbol.asyncDispose]() {
      await nodes[Symbol.asyncDispose]();
      await lock.disposeAsync();
    },
  };
}

async function startUnlocked(
  config: HostNodesConfig,
  directory: string,
  deps: HostNodesDeps,
  signal?: AbortSignal,
): Promise<HostNodes> {
  const decision =
    config.driver === 'process'
      ? ({ driver: 'process', reasons: ['the process driver was asked for'], packages: [] } as const)
      : decideHost(await detectHost(directory));
  if (decision.driver === 'cri')
    return containerNodes(config, directory, decision.containerd, decision.reasons, deps, signal);
  if (config.driver === 'cri') {
    throw new GantryError('FailedPrecondition', `real containers cannot run here: ${decision.reasons.join('; ')}`);
  }
  return processNodes(config, directory, decision, deps);
}

async function containerNodes(
  { nodes: names, kept }: HostNodesConfig,
  directory: string,
  choices: ContainerdChoices,
  reasons: readonly string[],
  deps: HostNodesDeps,
  signal?: AbortSignal,
): Promise<HostNodes> {
  const local = { directory: join(directory, 'cri'), nodes: names, ...(kept === undefined ? {} : { kept }), choices };
  const cluster = await startLocalCluster(local, deps, signal);
  const nodes = await Promise.all(cluster.nodes.map((each) => containerNode(each, cluster.addresses))).catch(
    async (error: unknown) => {
      await (signal?.aborted ? cluster[Symbol.asyncDispose]() : cluster.detach());
      throw error;
    },
  );
  const added = new Map<string, HostNode>();
  const close = () => Promise.all([...nodes, ...added.values()].map((node) => node.runtime[Symbol.asyncDispose]()));
  return {
    driver: 'cri',
    reasons,
    packages: [],
    nodes,
    gateway: cluster.addresses.gateway,
    async add(name, limits, stop) {
      const node = await cluster.add(name, stop);
      try {
        await limitCgroup(node.cgroupPath, limits);
        const whole = await containerNode(node, cluster.addresses);
        added.set(name, whole);
        return whole;
      } catch (error) {
        await cluster.remove(name);
        throw error;
      }
    },
    async remove(name) {
      await added.get(name)?.runtime[Symbol.asyncDispose]();
      added.delete(name);
      await cluster.remove(name);
    },
    async detach() {
      await close();
      await cluster.detach();
    },
    async [Symbol.asyncDispose]() {
      await close();
      await cluster[Symbol.asyncDispose]();
    },
  };
}

async function containerNode(local: LocalNode, { podCidr, gateway }: AddressPlan): Promise<HostNode> {
  return {
    name: local.name,
    address: local.address,
    runtime: await local.openRuntime(),
    rootDirectory: local.podsDirectory,
    isolated: {
      podCidr: local.podCidr,
      cgroupRoot: local.cgroupPath,
      commandPrefix: ['nsenter', `--net=${local.namespacePath}`],
      clusterCidr: podCidr,
      gateway,
      local,
    },
  };
}

async function processNodes(
  { nodes: names, kept = [] }: HostNodesConfig,
  directory: string,
  { reasons, packages }: { readonly reasons: readonly string[]; readonly packages: readonly string[] },
  deps: HostNodesDeps,
): Promise<HostNodes> {
  const address = machineAddress();
  const folderOf = (name: string): string => join(directory, 'process', name);
  const open = (name: string): Promise<Runtime> =>
    openProcessRuntime({ directory: processDirectory(folderOf(name)), address }, { clock: deps.clock ?? systemClock });
  const nodeOf = async (name: string): Promise<HostNode> => {
    await ensurePassableFolder(processDirectory(folderOf(name)));
    return { name, address, runtime: await open(name), rootDirectory: folderOf(name) };
  };
  const end = async (name: string): Promise<void> => {
    // The agents may have been processes of their own, so the records on the disk count.
    await using runtime = await open(name);
    for (const sandbox of await runtime.observer.observe()) await runtime.sandboxes.remove(sandbox.id);
  };
  const nodes = await Promise.all(names.map(nodeOf));
  const added = new Map<string, HostNode>();
  const detach = async () => {
    await Promise.all([...nodes, ...added.values()].map((node) => node.runtime[Symbol.asyncDispose]()));
  };
  return {
    driver: 'process',
    reasons,
    packages,
    nodes,
    gateway: undefined,
    detach,
    async add(name) {
      const node = await nodeOf(name);
      added.set(name, node);
      return node;
    },
    async remove(name) {
      await added.get(name)?.runtime[Symbol.asyncDispose]();
      added.delete(name);
      if (!existsSync(folderOf(name))) return;
      await end(name);
      await rm(folderOf(name), { recursive: true, force: true });
    },
    async [Symbol.asyncDispose]() {
      await detach();
      const left = kept.filter((name) => !added.has(name) && existsSync(folderOf(name)));
      for (const name of [...names, ...added.keys(), ...left]) await end(name);
    },
  };
}

/** The machine's own IPv4 address; that of loopback only where there is no other, since endpoints must not have it. */
function machineAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return all.find((each) => each.family === 'IPv4' && !each.internal)?.address ?? '127.0.0.1';
}

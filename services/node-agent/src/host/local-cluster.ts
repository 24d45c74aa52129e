import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Clock, systemClock } from '@gantry/runtime/clock.ts';
import { alreadyExists, GantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { ensurePrivateFolder } from '@gantry/runtime/private-files.ts';
import { Semaphore } from '@gantry/runtime/semaphore.ts';
import { readJson, writeWhole } from '../json-file.ts';
import { type AddressPlan, addressPlan, freePlanNumbers, nodeAddresses } from './address-plan.ts';
import type { ContainerdHome } from './containerd.ts';
import type { ContainerdChoices } from './decide.ts';
import { destroyNode, haltNode, type LocalNode, type SupervisedNode, startLocalNode } from './local-node.ts';
import {
  addBridge,
  applyNetwork,
  applyNode,
  namespacePath,
  ownerOfBridge,
  readRoutes,
  removeNetwork,
  removeNode,
  setOwnerOfBridge,
} from './network.ts';
import { type NetworkNode, type NetworkSpec, namespaceOf } from './network-plan.ts';

/** Nodes on this machine, each in a network namespace of its own. */
export interface LocalClusterConfig {
  /** Directory of the nodes' files. A later start with the same directory adopts running containers. */
  readonly directory: string;
  /** Names of the nodes: lower-case letters, digits and dashes. */
  readonly nodes: readonly string[];
  /** Names of further nodes that an earlier run may have left, to be added soon: they are not removed. */
  readonly kept?: readonly string[];
  /** From decideHost. */
  readonly choices: ContainerdChoices;
}

/** The running nodes. Disposing of them ends every container and undoes the set-up; no node may be coming or going then. */
export interface LocalCluster extends AsyncDisposable {
  /** Nodes that are there now. */
  readonly nodes: readonly LocalNode[];
  /** Pod CIDR of the whole cluster, and the machine's address as nodes and pods see it. */
  readonly addresses: AddressPlan;
  /** Adds a node, or adopts what an earlier run left of it. */
  add(name: string, signal?: AbortSignal): Promise<LocalNode>;
  /** Ends everything that runs on a node, and gives its addresses back. One that is not there is no error. */
  remove(name: string): Promise<void>;
  /** Lets go of the nodes but leaves containers running, for the next start to adopt. */
  detach(): Promise<void>;
}

/** Contents of cluster.json. The file outlives the cluster, so that it comes back with the same addresses. */
interface ClusterFile {
  /** Names this cluster on its bridge; absent in files of earlier versions. */
  readonly id?: string;
  readonly bridge: string;
  readonly plan: AddressPlan;
  /** All nodes that there ever were, but for those that were removed, whose places are empty: a node's index gives its address. */
  readonly nodes: readonly string[];
}

/** Sets up the nodes, adopting what an earlier run of the same directory left and removing nodes that are not wanted any more. */
export async function startLocalCluster(
  config: LocalClusterConfig,
  deps: { readonly log: Logger; readonly clock?: Clock },
  signal?: AbortSignal,
): Promise<LocalCluster> {
  const { nodes, kept = [], choices } = config;
  for (const name of nodes) checkName(name);
  const directory = resolve(config.directory);
  await ensurePrivateFolder(directory);
  const claimed = await claimCluster(join(directory, 'cluster.json'), nodes);
  const cluster = new RunningCluster({
    ...claimed,
    directory,
    choices,
    kept,
    log: deps.log,
    clock: deps.clock ?? systemClock,
  });
  // Free places have no name.
  const wanted = [...nodes, ...kept, ''];
  const unwanted = claimed.names.filter((name) => !wanted.includes(name) && existsSync(join(directory, name)));
  await cluster.start(nodes, unwanted, signal);
  return cluster;
}

/** The network that a cluster took. */
interface ClaimedCluster extends Pick<ClusterFile, 'bridge' | 'plan'> {
  readonly id: string;
  /** Path of the cluster's file. */
  readonly path: string;
  /** Nodes by their index; empty where a place is free. */
  readonly names: readonly string[];
  /** Whether an earlier run left a network or files to adopt. */
  readonly adopted: boolean;
}

/**
 * Claims the network that the cluster had before, or another if it is taken: a stopped cluster prefers its old addresses and does not
 * reserve them. The choice is written to the file before anything else is made.
 */
async function claimCluster(path: string, wanted: readonly string[]): Promise<ClaimedCluster> {
  const earlier = await readJson<ClusterFile>(path);
  const id = earlier?.id ?? randomUUID();
  // An index is an address: nodes keep theirs, so the earlier list comes first.
  const names = wanted.reduce(withPlace, earlier?.nodes ?? []);
  const owner = earlier && (await ownerOfBridge(earlier.bridge));
  // A bridge without an owner: a crash came between its creation and the naming.
  const stands = owner === id || owner === '';
  const { bridge, plan } = earlier && stands ? earlier : await claimNetwork(earlier?.bridge);
  try {
    await writeWhole(path, { id, bridge, plan, nodes: names } satisfies ClusterFile);
    await setOwnerOfBridge(bridge, id);
  } catch (error) {
    if (!stands) await removeNetwork({ bridge, plan, nodes: [] });
    throw error;
  }
  // After a reboot the network is gone, but the pods' files remain.
  const leftFiles = (name: string): boolean => name !== '' && existsSync(join(dirname(path), name));
  return { id, path, bridge, plan, names, adopted: stands || (earlier !== undefined && names.some(leftFiles)) };
}

/** The names with one more: at its old place, at the first free one, or at the end. */
function withPlace(names: readonly string[], name: string): readonly string[] {
  if (names.includes(name)) return names;
  const free = names.indexOf('');
  return free < 0 ? [...names, name] : names.with(free, name);
}

/** A cluster with its nodes, which come and go. Changes of the network and of the cluster's file are made one after another. */
class RunningCluster implements LocalCluster {
  readonly #claimed: ClaimedCluster;
  readonly #directory: string;
  readonly #choices: ContainerdChoices;
  readonly #deps: { readonly log: Logger; readonly clock: Clock };
  readonly #kept: readonly string[];
  readonly #changes = new Semaphore(1);
  readonly #nodes = new Map<string, SupervisedNode>();
  #names: readonly string[];
  /** Names of the nodes in the network. */
  #networked: readonly string[] = [];
  #left = false;

  constructor(
    claimed: ClaimedCluster & {
      readonly directory: string;
      readonly kept: readonly string[];
      readonly choices: ContainerdChoices;
      readonly log: Logger;
      readonly clock: Clock;
    },
  ) {
    this.#claimed = claimed;
    this.#directory = claimed.directory;
    this.#choices = claimed.choices;
    this.#kept = claimed.kept;
    this.#deps = claimed;
    this.#names = claimed.names;
  }

  get nodes(): readonly LocalNode[] {
    // In the order of the configuration, whichever was up first.
    return this.#networked.flatMap((name) => this.#nodes.get(name) ?? []);
  }

  get addresses(): AddressPlan {
    return this.#claimed.plan;
  }

  /** Starts all nodes, or none, and ends those that are not wanted any more. */
  async start(names: readonly string[], unwanted: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    const { log } = this.#deps;
    this.#networked = [...names, ...unwanted];
    try {
      await applyNetwork(this.#network(), signal);
      const started = await Promise.allSettled(names.map((name) => this.#startNode(name, signal)));
      for (const each of started) if (each.status === 'rejected') throw each.reason;
      for (const name of unwanted) await this.remove(name);
    } catch (error) {
      await Promise.all([...this.#nodes.values()].map((node) => node.detach()));
      // An interrupted start ends like a cluster that is stopped. After a failure, containers of an earlier run may still serve and are
      // left alone; otherwise everything is undone but the logs that explain the failure.
      const { adopted } = this.#claimed;
      if (signal?.aborted) for (const name of this.#networked) await destroyNode(this.#homeOf(name), undefined, log);
      else if (!adopted) for (const name of names) await haltNode(this.#homeOf(name));
      if (signal?.aborted || !adopted) await removeNetwork(this.#network());
      throw error;
    }
  }

  async add(name: string, signal?: AbortSignal): Promise<LocalNode> {
    checkName(name);
    if (this.#nodes.has(name)) throw alreadyExists({ group: '', resource: 'nodes', name });
    const isLeft = existsSync(join(this.#directory, name));
    try {
      await this.#changes.run(async () => {
        await this.#setNames(withPlace(this.#names, name));
        this.#networked = [...this.#networked, name];
        await applyNode(this.#network(), this.#networkNode(name), signal);
      }, signal);
      return await this.#startNode(name, signal);
    } catch (error) {
      // Containers that an earlier run left may still serve.
      if (!isLeft || signal?.aborted) await this.remove(name);
      throw error;
    }
  }

  async remove(name: string): Promise<void> {
    checkName(name);
    if (!this.#names.includes(name)) return;
    const node = this.#nodes.get(name);
    this.#nodes.delete(name);
    if (node === undefined) await destroyNode(this.#homeOf(name), undefined, this.#deps.log);
    else await node.destroy();
    await this.#changes.run(async () => {
      await removeNode(this.#network(), this.#networkNode(name));
      this.#networked = this.#networked.filter((other) => other !== name);
      await this.#setNames(this.#names.map((other) => (other === name ? '' : other)));
    });
  }

  async detach(): Promise<void> {
    this.#left = true;
    await Promise.all([...this.#nodes.values()].map((node) => node.detach()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#left) return;
    this.#left = true;
    // Left by an earlier run, and not added by this one.
    const left = this.#kept.filter((name) => !this.#nodes.has(name) && existsSync(join(this.#directory, name)));
    const ended = await Promise.allSettled([
      ...[...this.#nodes.values()].map((node) => node.destroy()),
      ...left.map((name) => this.remove(name)),
    ]);
    await removeNetwork(this.#network());
    for (const each of ended) if (each.status === 'rejected') throw each.reason;
  }

  async #startNode(name: string, signal: AbortSignal | undefined): Promise<SupervisedNode> {
    const node = await startLocalNode({ name, home: this.#homeOf(name) }, this.#deps, signal);
    this.#nodes.set(name, node);
    return node;
  }

  async #setNames(names: readonly string[]): Promise<void> {
    const { id, path, bridge, plan } = this.#claimed;
    await writeWhole(path, { id, bridge, plan, nodes: names } satisfies ClusterFile);
    this.#names = names;
  }

  #network(): NetworkSpec {
    const { bridge, plan } = this.#claimed;
    return { bridge, plan, nodes: this.#networked.map((name) => this.#networkNode(name)) };
  }

  #networkNode(name: string): NetworkNode {
    return { name, ...nodeAddresses(this.#claimed.plan, this.#names.indexOf(name)) };
  }

  #homeOf(name: string): ContainerdHome {
    const { bridge, plan } = this.#claimed;
    return {
      ...nodeAddresses(plan, this.#names.indexOf(name)),
      directory: join(this.#directory, name),
      choices: this.#choices,
      namespacePath: namespacePath(bridge, name),
      cgroupPath: `/gantry/${namespaceOf(bridge, name)}`,
    };
  }
}

function checkName(name: string): void {
  if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) return;
  throw new GantryError('Invalid', `node name "${name}": must consist of lower case alphanumeric characters or '-'`);
}

/**
 * Claims a bridge, and with it the addresses of the same number; the preferred one if it is free. Creating the bridge is atomic, so that
 * two concurrent starts claim different ones.
 */
async function claimNetwork(preferred: string | undefined): Promise<Pick<ClusterFile, 'bridge' | 'plan'>> {
  for (const number of claimOrder(freePlanNumbers(await readRoutes()), preferred)) {
    const bridge = bridgeOf(number);
    if (await addBridge(bridge)) return { bridge, plan: addressPlan(number) };
  }
  throw new GantryError(
    'FailedPrecondition',
    'all addresses for nodes, 10.64.0.0 to 10.95.255.255, are in use on this machine',
  );
}

/** Free numbers in the order to try: the number of the preferred bridge comes first. */
export function claimOrder(free: readonly number[], preferred: string | undefined): number[] {
  return free.toSorted((a, b) => Number(bridgeOf(b) === preferred) - Number(bridgeOf(a) === preferred));
}

function bridgeOf(number: number): string {
  return `gantry${number}`;
}

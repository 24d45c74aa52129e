import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Clock, systemClock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { ensurePrivateFolder } from '@gantry/runtime/private-files.ts';
import { readJson, writeWhole } from '../json-file.ts';
import { type AddressPlan, addressPlan, freePlanNumbers, nodeAddresses } from './address-plan.ts';
import type { ContainerdHome } from './containerd.ts';
import type { ContainerdChoices } from './decide.ts';
import { destroyNode, haltNode, type LocalNode, type SupervisedNode, startLocalNode } from './local-node.ts';
import {
  addBridge,
  applyNetwork,
  namespacePath,
  ownerOfBridge,
  readRoutes,
  removeNetwork,
  setOwnerOfBridge,
} from './network.ts';
import { type NetworkSpec, namespaceOf } from './network-plan.ts';

/** Nodes on this machine, each in a network namespace of its own. */
export interface LocalClusterConfig {
  /** Directory of the nodes' files. A later start with the same directory adopts running containers. */
  readonly directory: string;
  /** Names of the nodes: lower-case letters, digits and dashes. */
  readonly nodes: readonly string[];
  /** From decideHost. */
  readonly choices: ContainerdChoices;
}

/** The running nodes. Disposing of them ends every container and undoes the set-up. */
export interface LocalCluster extends AsyncDisposable {
  readonly nodes: readonly LocalNode[];
  /** Pod CIDR of the whole cluster, and the machine's address as nodes and pods see it. */
  readonly addresses: AddressPlan;
  /** Lets go of the nodes but leaves containers running, for the next start to adopt. */
  detach(): Promise<void>;
}

/** Contents of cluster.json. The file outlives the cluster, so that it comes back with the same addresses. */
interface ClusterFile {
  /** Names this cluster on its bridge; absent in files of earlier versions. */
  readonly id?: string;
  readonly bridge: string;
  readonly plan: AddressPlan;
  /** All nodes that there ever were: a node's index gives its address. */
  readonly nodes: readonly string[];
}

/** Sets up the nodes, adopting what an earlier run of the same directory left and removing nodes that are not wanted any more. */
export async function startLocalCluster(
  config: LocalClusterConfig,
  deps: { readonly log: Logger; readonly clock?: Clock },
  signal?: AbortSignal,
): Promise<LocalCluster> {
  for (const name of config.nodes) checkName(name);
  const directory = resolve(config.directory);
  await ensurePrivateFolder(directory);
  const { names, adopted, bridge, plan } = await claimCluster(join(directory, 'cluster.json'), config.nodes);
  const homeOf = (name: string): ContainerdHome => ({
    ...nodeAddresses(plan, names.indexOf(name)),
    directory: join(directory, name),
    choices: config.choices,
    namespacePath: namespacePath(bridge, name),
    cgroupPath: `/gantry/${namespaceOf(bridge, name)}`,
  });
  const unwanted = names.filter((name) => !config.nodes.includes(name) && existsSync(join(directory, name)));
  const network: NetworkSpec = {
    bridge,
    plan,
    nodes: [...config.nodes, ...unwanted].map((name) => ({ name, ...nodeAddresses(plan, names.indexOf(name)) })),
  };
  const undo = (): Promise<void> => removeNetwork(network);
  try {
    await applyNetwork(network, signal);
    const nodes = await startNodes(config.nodes, homeOf, deps, signal);
    for (const name of unwanted) await destroyNode(homeOf(name), undefined, deps.log);
    return clusterOf(nodes, plan, undo);
  } catch (error) {
    // An interrupted start ends like a cluster that is stopped. After a failure, containers of an earlier run may still serve and are
    // left alone; otherwise everything is undone but the logs that explain the failure.
    if (signal?.aborted)
      for (const name of [...config.nodes, ...unwanted]) await destroyNode(homeOf(name), undefined, deps.log);
    else if (!adopted) for (const name of config.nodes) await haltNode(homeOf(name));
    if (signal?.aborted || !adopted) await undo();
    throw error;
  }
}

/** Starts all nodes, or none: if one fails, the others are let go. */
async function startNodes(
  names: readonly string[],
  homeOf: (name: string) => ContainerdHome,
  { log, clock = systemClock }: { readonly log: Logger; readonly clock?: Clock },
  signal: AbortSignal | undefined,
): Promise<SupervisedNode[]> {
  const started = await Promise.allSettled(
    names.map((name) => startLocalNode({ name, home: homeOf(name) }, { log, clock }, signal)),
  );
  const nodes = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failed = started.find((each) => each.status === 'rejected');
  if (failed === undefined) return nodes;
  await Promise.all(nodes.map((node) => node.detach()));
  throw failed.reason;
}

/** The network that a cluster took. */
interface ClaimedCluster extends Pick<ClusterFile, 'bridge' | 'plan'> {
  /** All nodes that there ever were. */
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
  const names = [...new Set([...(earlier?.nodes ?? []), ...wanted])];
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
  const adopted = stands || (earlier !== undefined && names.some((name) => existsSync(join(dirname(path), name))));
  return { bridge, plan, names, adopted };
}

function clusterOf(nodes: readonly SupervisedNode[], addresses: AddressPlan, undo: () => Promise<void>): LocalCluster {
  let left = false;
  return {
    nodes,
    addresses,
    async detach() {
      left = true;
      await Promise.all(nodes.map((node) => node.detach()));
    },
    async [Symbol.asyncDispose]() {
      if (left) return;
      left = true;
      const ended = await Promise.allSettled(nodes.map((node) => node.destroy()));
      await undo();
      for (const each of ended) if (each.status === 'rejected') throw each.reason;
    },
  };
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

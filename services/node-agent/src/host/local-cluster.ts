import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Clock, systemClock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { readJson, writeWhole } from '../json-file.ts';
import { type AddressPlan, addressPlan, freePlanNumbers, nodeAddresses } from './address-plan.ts';
import type { ContainerdHome } from './containerd.ts';
import type { ContainerdChoices } from './decide.ts';
import { destroyNode, type LocalNode, type SupervisedNode, startLocalNode } from './local-node.ts';
import { unmountBelow } from './mounts.ts';
import { addBridge, applyNetwork, namespacePath, readRoutes, removeNetwork } from './network.ts';
import { type NetworkSpec, namespaceOf } from './network-plan.ts';

/** Nodes on this machine, each in a network namespace of its own. */
export interface LocalClusterConfig {
  /** Where everything about these nodes lies; the same directory next time adopts what still runs. */
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

/** What is remembered from run to run. */
interface ClusterFile {
  readonly bridge: string;
  readonly plan: AddressPlan;
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
  const path = join(directory, 'cluster.json');
  await mkdir(directory, { recursive: true });
  const earlier = await readJson<ClusterFile>(path);
  const { bridge, plan } = earlier ?? (await claimNetwork());
  const homeOf = (name: string, index: number): ContainerdHome => ({
    ...nodeAddresses(plan, index),
    directory: join(directory, name),
    choices: config.choices,
    namespacePath: namespacePath(bridge, name),
    cgroupPath: `/gantry/${namespaceOf(bridge, name)}`,
  });
  // An index is an address: nodes keep theirs, so the earlier list comes first.
  const names = [...new Set([...(earlier?.nodes ?? []), ...config.nodes])];
  const network: NetworkSpec = {
    bridge,
    plan,
    nodes: names.map((name, index) => ({ name, ...nodeAddresses(plan, index) })),
  };
  await writeWhole(path, { bridge, plan, nodes: names } satisfies ClusterFile);
  await applyNetwork(network, signal);
  const undo = async (): Promise<void> => {
    await removeNetwork(network);
    await rm(path);
  };
  const started = await Promise.allSettled(
    config.nodes.map((name) =>
      startLocalNode(
        { name, home: homeOf(name, names.indexOf(name)) },
        { log: deps.log, clock: deps.clock ?? systemClock },
        signal,
      ),
    ),
  );
  const nodes = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failed = started.find((each) => each.status === 'rejected');
  if (failed) {
    // What an earlier run left may still serve; what this one made is undone, but for the logs that tell what is wrong.
    await Promise.all(nodes.map((node) => (earlier ? node.detach() : node.destroy())));
    if (!earlier) {
      for (const home of names.map(homeOf)) await unmountBelow(home.directory);
      await undo();
    }
    throw failed.reason;
  }
  const unwanted = names.map(homeOf).filter((_, index) => !config.nodes.includes(names[index]!));
  for (const home of unwanted) await destroyNode(home, undefined, deps.log);
  return clusterOf(nodes, plan, undo);
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

/** Takes a bridge, and with it the addresses of the same number. Making the bridge is what keeps two starts at once apart. */
async function claimNetwork(): Promise<Pick<ClusterFile, 'bridge' | 'plan'>> {
  const numbers = freePlanNumbers(await readRoutes());
  for (const number of numbers) {
    const bridge = `gantry${number}`;
    if (await addBridge(bridge)) return { bridge, plan: addressPlan(number) };
  }
  throw new GantryError(
    'FailedPrecondition',
    'all addresses for nodes, 10.64.0.0 to 10.95.255.255, are in use on this machine',
  );
}

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { run } from './commands.ts';
import {
  type IpBatch,
  masqueradeRules,
  type NetworkNode,
  type NetworkSpec,
  type NetworkState,
  namespaceOf,
  planNetwork,
  planNode,
  planNodeRemoval,
  planRemoval,
  streamGuardRules,
} from './network-plan.ts';

const namespaceDirectory = '/run/netns';

/** Path of a network namespace, for nsenter. */
export function namespacePath(bridge: string, node: string): string {
  return `${namespaceDirectory}/${namespaceOf(bridge, node)}`;
}

/** The owner in a bridge's alias, '' if it has none; undefined if there is no such bridge. */
export async function ownerOfBridge(name: string): Promise<string | undefined> {
  const links = JSON.parse(await run('ip', ['-json', 'link', 'show'])) as { ifname: string; ifalias?: string }[];
  const bridge = links.find(({ ifname }) => ifname === name);
  return bridge && (bridge.ifalias ?? '');
}

/** Sets a bridge's alias to its owner. */
export async function setOwnerOfBridge(name: string, owner: string): Promise<void> {
  await run('ip', ['link', 'set', name, 'alias', owner]);
}

/** Makes a bridge; false where there is one of that name. */
export async function addBridge(name: string): Promise<boolean> {
  try {
    await run('ip', ['link', 'add', name, 'type', 'bridge']);
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.includes('File exists')) return false;
    throw error;
  }
}

/** Makes the network, or completes what is there of it. */
export async function applyNetwork(spec: NetworkSpec, signal?: AbortSignal): Promise<void> {
  await runBatches(planNetwork(spec, await readState()), signal);
  // The machine routes between its nodes' pods and the outside; bridged traffic must pass the service rules of each node.
  await setSysctls(undefined);
  for (const node of spec.nodes) await guardNode(spec, node, signal);
  await run('nft', ['-f', '-'], { input: masqueradeRules(spec), signal });
  await allowForwarding(spec.bridge, signal);
}

/** Adds a node to a network that stands, or completes what is there of it. */
export async function applyNode(spec: NetworkSpec, node: NetworkNode, signal?: AbortSignal): Promise<void> {
  await runBatches(planNode(spec, node, await readState()), signal);
  await guardNode(spec, node, signal);
}

/** Takes a node out of the network, as far as it is there. */
export async function removeNode(spec: NetworkSpec, node: NetworkNode): Promise<void> {
  await runBatches(planNodeRemoval(spec, node, await readState()));
}

/** Settings of a node's namespace that are no links and routes. */
async function guardNode({ bridge, plan }: NetworkSpec, { name }: NetworkNode, signal?: AbortSignal): Promise<void> {
  const path = namespacePath(bridge, name);
  await setSysctls(path);
  await run('nsenter', [`--net=${path}`, 'nft', '-f', '-'], { input: streamGuardRules(plan), signal });
}

/** Removes the network, as far as it exists. IP forwarding stays on: others may rely on it by now. */
export async function removeNetwork(spec: NetworkSpec): Promise<void> {
  await runBatches(planRemoval(spec, await readState()));
  await run('nft', ['-f', '-'], { input: `add table ip ${spec.bridge}\ndelete table ip ${spec.bridge}\n` });
  for (const rule of forwardRules(spec.bridge)) await run('iptables', ['-w', '-D', ...rule]).catch(() => {});
}

/** Destinations of the machine's routes. */
export async function readRoutes(): Promise<string[]> {
  const routes = JSON.parse(await run('ip', ['-4', '-json', 'route', 'show', 'table', 'all'])) as { dst: string }[];
  return routes.map((route) => route.dst);
}

async function readState(): Promise<NetworkState> {
  const [links, namespaces] = await Promise.all([
    run('ip', ['-json', 'link', 'show']),
    readdir(namespaceDirectory).catch(() => []),
  ]);
  return { links: (JSON.parse(links) as { ifname: string }[]).map((link) => link.ifname), namespaces };
}

async function runBatches(batches: readonly IpBatch[], signal?: AbortSignal): Promise<void> {
  for (const { namespace, lines } of batches) {
    if (lines.length === 0) continue;
    await run('ip', [...(namespace === undefined ? [] : ['-netns', namespace]), '-batch', '-'], {
      input: `${lines.join('\n')}\n`,
      signal,
    });
  }
}

async function setSysctls(namespace: string | undefined): Promise<void> {
  const wanted = ['/proc/sys/net/ipv4/ip_forward', '/proc/sys/net/bridge/bridge-nf-call-iptables'];
  if (namespace === undefined) {
    for (const path of wanted) {
      const value = await readFile(path, 'utf8').catch(() => '1');
      if (value.trim() !== '1') await writeFile(path, '1');
    }
    return;
  }
  // The second is missing where the kernel has no br_netfilter; bridged traffic is then never filtered.
  const script = wanted.map((path) => `[ ! -e ${path} ] || echo 1 > ${path}`).join('; ');
  await run('nsenter', [`--net=${namespace}`, 'sh', '-c', script]);
}

/** Docker sets the policy of forwarded packets to DROP for the whole machine; ours then need a rule of their own. */
async function allowForwarding(bridge: string, signal?: AbortSignal): Promise<void> {
  const rules = await run('iptables', ['-w', '-S', 'FORWARD'], { signal });
  if (!rules.includes('-P FORWARD DROP')) return;
  for (const rule of forwardRules(bridge)) {
    await run('iptables', ['-w', '-C', ...rule], { signal }).catch(() =>
      run('iptables', ['-w', '-I', ...rule], { signal }),
    );
  }
}

function forwardRules(bridge: string): string[][] {
  return ['-i', '-o'].map((direction) => ['FORWARD', direction, bridge, '-j', 'ACCEPT']);
}

/** The network of a cluster on one machine, as commands for `ip` and `nft`. Pure: host/network.ts runs them. */
import { createHash } from 'node:crypto';
import type { AddressPlan, NodeAddresses } from './address-plan.ts';
import { streamingPort } from './containerd-config.ts';

/** A node of the network. */
export interface NetworkNode extends NodeAddresses {
  readonly name: string;
}

/** The network as it is to be. */
export interface NetworkSpec {
  /** Name of the bridge between the nodes, at most 9 characters; prefix of all other names. */
  readonly bridge: string;
  readonly plan: AddressPlan;
  readonly nodes: readonly NetworkNode[];
}

/** Links and namespaces that exist already. */
export interface NetworkState {
  /** Links of the root namespace. */
  readonly links: readonly string[];
  readonly namespaces: readonly string[];
}

/** Commands for one network namespace, each a line for `ip -batch`. */
export interface IpBatch {
  /** The root namespace where absent. */
  readonly namespace?: string;
  readonly lines: readonly string[];
}

/** Name of a node's network namespace, as `ip netns` shows it. */
export function namespaceOf(bridge: string, node: string): string {
  return `${bridge}-${node}`;
}

/** The root namespace's end of the pair that leads to a node. Names of links have at most 15 characters, hence the hash. */
export function hostLinkOf(bridge: string, node: string): string {
  return `gv${createHash('sha256').update(namespaceOf(bridge, node)).digest('hex').slice(0, 10)}`;
}

/** The commands that lead from a state to the network. Running them again changes nothing. */
export function planNetwork(spec: NetworkSpec, state: NetworkState): IpBatch[] {
  const { bridge, plan, nodes } = spec;
  const root: string[] = [];
  if (!state.links.includes(bridge)) root.push(`link add ${bridge} type bridge`);
  root.push(`address replace ${plan.gateway}/24 dev ${bridge}`, `link set ${bridge} up`);
  root.push(...nodes.flatMap((node) => linksOf(node, spec, state)));
  const inside = nodes.map((node) => ({ namespace: namespaceOf(bridge, node.name), lines: insideOf(node, spec) }));
  return [{ lines: root }, ...inside, { lines: nodes.map((node) => machineRoute(node, spec)) }];
}

/** The commands that add a node to a network that stands. Running them again changes nothing. */
export function planNode(spec: NetworkSpec, node: NetworkNode, state: NetworkState): IpBatch[] {
  const others = spec.nodes.filter(({ name }) => name !== node.name);
  return [
    { lines: linksOf(node, spec, state) },
    { namespace: namespaceOf(spec.bridge, node.name), lines: insideOf(node, spec) },
    ...others.map(({ name }) => ({ namespace: namespaceOf(spec.bridge, name), lines: [routeTo(node)] })),
    { lines: [machineRoute(node, spec)] },
  ];
}

/** The commands that take a node out of a network that stands, as far as it is there. */
export function planNodeRemoval(spec: NetworkSpec, node: NetworkNode, state: NetworkState): IpBatch[] {
  const others = spec.nodes.filter(({ name }) => name !== node.name);
  const flush = `route flush exact ${node.podCidr}`;
  return [
    { lines: [...endsOf(node, spec, state), flush] },
    ...others
      .map(({ name }) => namespaceOf(spec.bridge, name))
      .filter((namespace) => state.namespaces.includes(namespace))
      .map((namespace) => ({ namespace, lines: [flush] })),
  ];
}

/** The namespace of a node and the pair of links that leads to it. */
function linksOf(node: NetworkNode, { bridge }: NetworkSpec, state: NetworkState): string[] {
  const lines: string[] = [];
  const namespace = namespaceOf(bridge, node.name);
  const link = hostLinkOf(bridge, node.name);
  const fresh = !state.namespaces.includes(namespace);
  if (fresh) lines.push(`netns add ${namespace}`);
  if (fresh || !state.links.includes(link)) {
    // A link without its namespace is a leftover of an earlier run.
    if (state.links.includes(link)) lines.push(`link delete ${link}`);
    lines.push(`link add ${link} type veth peer name eth0 netns ${namespace}`);
  }
  lines.push(`link set ${link} master ${bridge} up`);
  return lines;
}

/** A route of the machine to a node's pods. */
function machineRoute(node: NetworkNode, { bridge }: NetworkSpec): string {
  return `${routeTo(node)} dev ${bridge}`;
}

function routeTo({ podCidr, address }: NetworkNode): string {
  return `route replace ${podCidr} via ${address}`;
}

function insideOf(node: NetworkNode, { plan, nodes }: NetworkSpec): string[] {
  return [
    'link set lo up',
    `address replace ${node.address}/24 dev eth0`,
    'link set eth0 up',
    `route replace default via ${plan.gateway}`,
    ...nodes.filter((other) => other.name !== node.name).map(routeTo),
  ];
}

/** Removes the network; routes disappear with their links. */
export function planRemoval(spec: NetworkSpec, state: NetworkState): IpBatch[] {
  const lines = spec.nodes.flatMap((node) => endsOf(node, spec, state));
  if (state.links.includes(spec.bridge)) lines.push(`link delete ${spec.bridge}`);
  return [{ lines }];
}

/** The end of a node's links and namespace. */
function endsOf(node: NetworkNode, { bridge }: NetworkSpec, state: NetworkState): string[] {
  const link = hostLinkOf(bridge, node.name);
  const namespace = namespaceOf(bridge, node.name);
  return [
    ...(state.links.includes(link) ? [`link delete ${link}`] : []),
    ...(state.namespaces.includes(namespace) ? [`netns delete ${namespace}`] : []),
  ];
}

/** nftables rules of a node's namespace: only the machine itself may connect to containerd's streaming port, not pods. */
export function streamGuardRules({ gateway }: AddressPlan): string {
  return `add table ip gantry-guard
delete table ip gantry-guard
table ip gantry-guard {
  chain input {
    type filter hook input priority filter; policy accept;
    iifname != "lo" ip saddr != ${gateway} tcp dport ${streamingPort} reject with tcp reset
  }
}
`;
}

/** nftables rules of the root namespace: traffic that leaves the cluster is masqueraded. */
export function masqueradeRules({ bridge, plan }: NetworkSpec): string {
  const inside = `{ ${plan.podCidr}, ${plan.nodeCidr} }`;
  return `add table ip ${bridge}
delete table ip ${bridge}
table ip ${bridge} {
  chain postrouting {
    type nat hook postrouting priority srcnat;
    ip saddr ${inside} ip daddr != ${inside} oifname != "${bridge}" masquerade
  }
}
`;
}

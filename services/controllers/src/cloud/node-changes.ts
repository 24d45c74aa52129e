/** Nodes as a cloud wants them. Pure: each function gives the changed node, or undefined where nothing changes. */
import type { CloudInstance } from '@gantry/model/gen/gantry.cloud.v1.ts';
import type { Node, NodeAddress } from '@gantry/model/gen/gantry.core.v1.ts';

/** Taint of a node that its cloud has not set up yet, and of one whose machine is off: Kubernetes' names. */
export const uninitializedKey = 'node.cloudprovider.kubernetes.io/uninitialized';
const shutdownKey = 'node.cloudprovider.kubernetes.io/shutdown';

/** Addresses that a node's own agent tells of; those of a cloud stay out of their way. */
const ownTypes: readonly string[] = ['InternalIP', 'Hostname'];

/** The node with its machine's identifier and labels, and free for pods. An identifier that it has stays. */
export function initialized(node: Node, instance: CloudInstance): Node | undefined {
  const { metadata, spec = {} } = node;
  const labels = { ...metadata.labels, ...labelsOf(instance) };
  const providerID = spec.providerID || instance.providerID;
  const taints = (spec.taints ?? []).filter(({ key }) => key !== uninitializedKey);
  const same =
    Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value) &&
    (spec.providerID ?? '') === (providerID ?? '') &&
    taints.length === (spec.taints ?? []).length;
  if (same) return undefined;
  return { ...node, metadata: { ...metadata, labels }, spec: { ...spec, ...(providerID && { providerID }), taints } };
}

function labelsOf({ instanceType, zone, region, labels }: CloudInstance): Record<string, string> {
  return {
    ...labels,
    ...(instanceType && { 'node.kubernetes.io/instance-type': instanceType }),
    ...(zone && { 'topology.kubernetes.io/zone': zone }),
    ...(region && { 'topology.kubernetes.io/region': region }),
  };
}

/** The node with its machine's addresses beside those that its agent tells of. */
export function withAddresses(node: Node, { addresses: told = [] }: CloudInstance): Node | undefined {
  const before = node.status?.addresses ?? [];
  const own = before.filter(({ type }) => ownTypes.includes(type));
  const ownTypesThere = new Set(own.map(({ type }) => type));
  const addresses = [...own, ...told.filter(({ type }) => !ownTypesThere.has(type))];
  if (isSame(addresses, before)) return undefined;
  return { ...node, status: { ...node.status, addresses } };
}

function isSame(left: readonly NodeAddress[], right: readonly NodeAddress[]): boolean {
  const text = ({ type, address }: NodeAddress): string => `${type} ${address}`;
  return left.map(text).sort().join() === right.map(text).sort().join();
}

/** The node with, or without, the taint of a machine that is off. */
export function withShutdown(node: Node, isOff: boolean): Node | undefined {
  const before = node.spec?.taints ?? [];
  if (before.some(({ key }) => key === shutdownKey) === isOff) return undefined;
  const others = before.filter(({ key }) => key !== shutdownKey);
  const taints = isOff ? [...others, { key: shutdownKey, effect: 'NoSchedule' }] : others;
  return { ...node, spec: { ...node.spec, taints } };
}

import { createHash } from 'node:crypto';
import type { ServicePort } from '@gantry/model/gen/gantry.core.v1.ts';
import { type Backend, backendsOf, balancersOf, hasClusterIp, protocolOf, type ServiceEndpoints } from './endpoints.ts';

/** Packets that leave under the node's own address carry this bit. */
const masqueradeMark = '0x4000';
/** Kubernetes' default for how long a client stays with its endpoint. */
const defaultAffinitySeconds = 10_800;

/** The name of our table in the node's network namespace. */
export const tableName = 'gantry';

/**
 * Rules as data: the difference between two rulesets is the change for the kernel. Keys of elements are
 * `address . protocol . port` (of node ports: `protocol . port`), values are verdicts.
 */
export interface Ruleset {
  /** Rules by chain. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  /** Verdicts by destination, by map. */
  readonly elements: Readonly<Record<ElementMap, ReadonlyMap<string, string>>>;
  /** Sets of clients that stay with an endpoint, by name: their timeout in seconds. */
  readonly affinity: ReadonlyMap<string, number>;
  /** Backends as `address:port` by destination of UDP: the kernel keeps each client with one, which may be gone (conntrack.ts). */
  readonly udp: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Maps of the base rules: service addresses, node ports, and the addresses that nothing answers at. */
export type ElementMap = 'services' | 'nodeports' | 'unanswered';

/** Inputs of a node's rules. */
export interface RulesetInputs {
  readonly services: readonly ServiceEndpoints[];
  /** The node whose rules these are. */
  readonly nodeName: string;
  /** Addresses of all pods: what comes from elsewhere is masqueraded. */
  readonly clusterCidr: string;
  /** Address of the machine that the node is simulated on; undefined for a machine of its own. */
  readonly machineIp?: string | undefined;
  /** Further addresses with their backends, such as the cluster's DNS. */
  readonly extra: readonly ExtraAddress[];
}

/** An address that is no Service object. */
export interface ExtraAddress {
  readonly name: string;
  /** Absent for a port of the node itself. */
  readonly ip?: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
  readonly backends: readonly Backend[];
}

/** Rules of single services by key. An entry is reused while the service's objects are the same: the cost of a change is its own size. */
export type RulesetCache = Map<string, { readonly entry: ServiceEndpoints; readonly part: Draft }>;

interface Draft {
  readonly chains: Map<string, readonly string[]>;
  readonly elements: Record<ElementMap, Map<string, string>>;
  readonly affinity: Map<string, number>;
  readonly udp: Map<string, ReadonlySet<string>>;
}

/** The rules of one node for all services. */
export function rulesetOf(inputs: RulesetInputs, cache: RulesetCache = new Map()): Ruleset {
  const whole = emptyDraft();
  for (const extra of inputs.extra) addExtra(whole, extra);
  const seen = new Set<string>();
  for (const entry of inputs.services) {
    if (!hasClusterIp(entry.service)) continue;
    const key = `${entry.service.metadata.namespace}/${entry.service.metadata.name}`;
    seen.add(key);
    let known = cache.get(key);
    if (known === undefined || !isSameEntry(known.entry, entry)) {
      const part = emptyDraft();
      for (const port of entry.service.spec?.ports ?? []) addPort(part, inputs, entry, port);
      known = { entry, part };
      cache.set(key, known);
    }
    addPart(whole, known.part);
  }
  for (const key of cache.keys()) if (!seen.has(key)) cache.delete(key);
  return whole;
}

function emptyDraft(): Draft {
  return {
    chains: new Map(),
    elements: { services: new Map(), nodeports: new Map(), unanswered: new Map() },
    affinity: new Map(),
    udp: new Map(),
  };
}

/** Compares by identity: informers never change an object in place. */
function isSameEntry(a: ServiceEndpoints, b: ServiceEndpoints): boolean {
  return (
    a.service === b.service &&
    a.slices.length === b.slices.length &&
    a.slices.every((slice, index) => slice === b.slices[index])
  );
}

function addPart(whole: Draft, part: Draft): void {
  for (const [name, rules] of part.chains) whole.chains.set(name, rules);
  for (const map of ['services', 'nodeports', 'unanswered'] as const)
    for (const [key, verdict] of part.elements[map]) whole.elements[map].set(key, verdict);
  for (const [name, seconds] of part.affinity) whole.affinity.set(name, seconds);
  for (const [key, backends] of part.udp) whole.udp.set(key, backends);
}

function addExtra(draft: Draft, { name, ip, port, protocol, backends }: ExtraAddress): void {
  // A port of the node is reached from the agent's own machine too, which must not get its own address for an answer.
  const masquerade = ip === undefined ? '' : undefined;
  const chain = serviceChain(draft, name, protocol, backends, { masquerade, affinitySeconds: undefined });
  const [map, key] =
    ip === undefined
      ? (['nodeports', keyOfNodePort(protocol, port)] as const)
      : (['services', keyOfAddress(ip, protocol, port)] as const);
  draft.elements[map].set(key, `goto ${chain}`);
  noteUdp(draft, key, protocol, backends);
}

function addPort(draft: Draft, inputs: RulesetInputs, entry: ServiceEndpoints, port: ServicePort): void {
  const { metadata, spec } = entry.service;
  const protocol = protocolOf(port);
  const name = `${metadata.namespace}/${metadata.name}/${protocol}/${port.name ?? ''}/${port.port}`;
  const affinitySeconds =
    spec?.sessionAffinity === 'ClientIP'
      ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultAffinitySeconds)
      : undefined;
  const balancers = balancersOf(entry.service, port, inputs.machineIp);
  const all = balancers ?? backendsOf(entry, port);
  const local = all.filter(({ nodeName }) => nodeName === inputs.nodeName);
  const inside = spec?.internalTrafficPolicy === 'Local' && balancers === undefined ? local : all;
  const keys = [spec?.clusterIP ?? '', ...(spec?.externalIPs ?? [])].map((ip) => keyOfAddress(ip, protocol, port.port));
  for (const key of keys) noteUdp(draft, key, protocol, inside);
  if (inside.length === 0) {
    for (const key of keys) draft.elements.unanswered.set(key, 'goto refuse');
  } else {
    const chain = serviceChain(draft, name, protocol, inside, {
      // The load balancer knows no way to a pod that asks it.
      masquerade: balancers === undefined ? `ip saddr != ${inputs.clusterCidr}` : '',
      affinitySeconds,
    });
    for (const key of keys) draft.elements.services.set(key, `goto ${chain}`);
  }
  if (!port.nodePort || (spec?.type !== 'NodePort' && spec?.type !== 'LoadBalancer')) return;
  const keepsClient = spec.externalTrafficPolicy === 'Local' && balancers === undefined;
  const outside = keepsClient ? local : all;
  const key = keyOfNodePort(protocol, port.nodePort);
  noteUdp(draft, key, protocol, outside);
  if (outside.length === 0) return;
  const options = { masquerade: keepsClient ? undefined : '', affinitySeconds };
  const chain = serviceChain(draft, `${name}/node`, protocol, outside, options);
  draft.elements.nodeports.set(key, `goto ${chain}`);
}

function keyOfAddress(ip: string, protocol: string, port: number): string {
  return `${ip} . ${protocol.toLowerCase()} . ${port}`;
}

function keyOfNodePort(protocol: string, port: number): string {
  return `${protocol.toLowerCase()} . ${port}`;
}

function noteUdp(draft: Draft, key: string, protocol: string, backends: readonly Backend[]): void {
  if (protocol === 'UDP') draft.udp.set(key, new Set(backends.map(({ ip, port }) => `${ip}:${port}`)));
}

interface ChainOptions {
  /** Match of packets that are masqueraded: '' is all of them, undefined none. */
  readonly masquerade: string | undefined;
  readonly affinitySeconds: number | undefined;
}

/** The chain of a service's port: it picks an endpoint at random, or the one that the client had before. */
function serviceChain(
  draft: Draft,
  name: string,
  protocol: string,
  backends: readonly Backend[],
  { masquerade, affinitySeconds }: ChainOptions,
): string {
  const chain = `svc-${digest(name)}`;
  const endpoints = backends.map((backend) => endpointChain(draft, chain, protocol, backend, affinitySeconds));
  const rules: string[] = [];
  if (masquerade !== undefined) rules.push(`${masquerade} meta mark set meta mark or ${masqueradeMark}`.trim());
  if (affinitySeconds !== undefined) {
    for (const endpoint of endpoints) rules.push(`ip saddr @${affinitySet(endpoint)} goto ${endpoint}`);
  }
  const choices = endpoints.map((endpoint, index) => `${index} : goto ${endpoint}`);
  rules.push(`numgen random mod ${endpoints.length} vmap { ${choices.join(', ')} }`);
  draft.chains.set(chain, rules);
  return chain;
}

function endpointChain(
  draft: Draft,
  service: string,
  protocol: string,
  { ip, port }: Backend,
  affinitySeconds: number | undefined,
): string {
  const chain = `ep-${digest(`${service} ${ip}:${port}`)}`;
  // A pod that reaches itself through a service would otherwise answer itself directly, which its kernel drops.
  const rules = [`ip saddr ${ip} meta mark set meta mark or ${masqueradeMark}`];
  if (affinitySeconds !== undefined) {
    draft.affinity.set(affinitySet(chain), affinitySeconds);
    rules.push(`update @${affinitySet(chain)} { ip saddr }`);
  }
  rules.push(`meta l4proto ${protocol.toLowerCase()} dnat to ${ip}:${port}`);
  draft.chains.set(chain, rules);
  return chain;
}

function affinitySet(endpointChainName: string): string {
  return `clients-${endpointChainName.slice('ep-'.length)}`;
}

/** 60 bits of a hash: the same service has the same chain after a restart. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 15);
}

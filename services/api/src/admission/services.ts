import { isIPv6 } from 'node:net';
import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Operation, Store } from '@gantry/store/store.ts';
import type { AnyObject } from '../core/stored-object.ts';
import type { AdmissionPlugin, Admittance, Admitted } from './admission.ts';
import { addressAt, contains, type IpRange } from './ip-range.ts';
import { carryOver, needsHealthCheckPort, usesClusterIp, usesNodePorts } from './service-carry-over.ts';

/** The ranges from which service addresses and ports are allocated. */
export interface ServiceAllocation {
  readonly clusterIps: IpRange;
  /** The address on which the nodes serve the cluster's DNS: no service may have it, or all lookups would go there. */
  readonly dnsAddress: string;
  /** First and last node port. Kubernetes' default is 30000 to 32767. */
  readonly nodePorts: { readonly first: number; readonly last: number };
}

const ipPrefix = 'allocations/clusterip/';
const portPrefix = 'allocations/nodeport/';
/** Tries at random before what is taken is read. */
const blindAttempts = 6;

/**
 * Gives services their cluster IP and node ports. Each one given is a key of its own that the same batch creates with the
 * service and deletes with it: two replicas of the api can never give the same one, and none is lost when one crashes.
 */
export function serviceAdmission(
  store: Pick<Store, 'list'>,
  allocation: ServiceAllocation,
  random: () => number,
): AdmissionPlugin {
  return {
    carryOver: (object, stored) => carryOver(object as unknown as Service, stored as unknown as Service),
    admit: async (admittance) => {
      const taken = await takenFor(store, admittance);
      return admitService(allocation, admittance, { taken, random });
    },
  };
}

/** Keys of allocations that exist: listed only after blind tries met taken ones. */
async function takenFor(store: Pick<Store, 'list'>, { object, attempt }: Admittance): Promise<ReadonlySet<string>> {
  if (object === undefined || attempt <= blindAttempts) return new Set();
  const [ips, ports] = await Promise.all([store.list({ prefix: ipPrefix }), store.list({ prefix: portPrefix })]);
  return new Set([...ips.entries, ...ports.entries].map((entry) => entry.key));
}

/** Decides what a write of a service takes and gives back. Pure but for `random`. */
export function admitService(
  allocation: ServiceAllocation,
  { object, stored }: Admittance,
  { taken, random }: { readonly taken: ReadonlySet<string>; readonly random: () => number },
): Admitted {
  const held = new Set(stored === undefined ? [] : claimsOf(stored.object as unknown as Service));
  if (object === undefined) return { object, operations: [...held].map((key) => ({ type: 'delete', key })) };
  const service = structuredClone(object) as unknown as Service;
  const asked = new Set(claimsOf(service));
  giveFamilies(service);
  checkRanges(allocation, service, held);
  checkHealthPort(service, held);
  giveClusterIp(allocation, service, taken, random);
  giveNodePorts(allocation.nodePorts, service, taken, random);
  const wanted = claimsOf(service);
  const owner = JSON.stringify({
    namespace: service.metadata.namespace,
    name: service.metadata.name,
    uid: service.metadata.uid,
  });
  const created = wanted.filter((key) => !held.has(key));
  const released = [...held].filter((key) => !wanted.includes(key));
  const operations: Operation[] = [
    ...created.map((key): Operation => ({ type: 'put', key, value: owner, expected: 0 })),
    ...released.map((key): Operation => ({ type: 'delete', key })),
  ];
  return {
    object: service as unknown as AnyObject,
    operations,
    explain: (index) => {
      const key = created[index];
      return key !== undefined && asked.has(key) ? alreadyAllocated(service, key) : undefined;
    },
  };
}

/** The keys by which a service holds what it was given. */
export function claimsOf(service: Service): string[] {
  const { clusterIP, ports = [], healthCheckNodePort = 0 } = service.spec;
  const ips = usesClusterIp(service) && clusterIP && clusterIP !== 'None' ? [ipPrefix + clusterIP] : [];
  // TCP and UDP ports of one number may belong to one service only, as in Kubernetes; the number is what is claimed.
  const numbers = new Set([...ports.map((port) => port.nodePort ?? 0), healthCheckNodePort].filter((port) => port > 0));
  return [...ips, ...[...numbers].map((port) => portPrefix + port)];
}

function giveClusterIp(
  { clusterIps: range, dnsAddress }: ServiceAllocation,
  service: Service,
  taken: ReadonlySet<string>,
  random: () => number,
): void {
  const { spec } = service;
  if (!usesClusterIp(service) || spec.clusterIP === 'None') return;
  if (!spec.clusterIP) {
    const isTaken = (address: string): boolean => address === dnsAddress || taken.has(ipPrefix + address);
    const index = pick(range.size, random, (i) => isTaken(addressAt(range, i)));
    if (index === undefined) throw rangeFull('serviceIP');
    spec.clusterIP = addressAt(range, index);
  }
  spec.clusterIPs = [spec.clusterIP];
}

/** Sets the address families of a service in a cluster whose addresses are IPv4's, in place. Throws Invalid for what such a cluster lacks. */
function giveFamilies(service: Service): void {
  const { spec } = service;
  if (!usesClusterIp(service)) return;
  if (spec.clusterIP === 'None') spec.clusterIPs ??= ['None'];
  // Endpoints of a headless service without a selector are its author's own: they may be of any family.
  const isFree = spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0;
  spec.ipFamilyPolicy ??= isFree && spec.ipFamilies === undefined ? 'RequireDualStack' : 'SingleStack';
  spec.ipFamilies ??= isFree && spec.ipFamilyPolicy !== 'SingleStack' ? ['IPv4', 'IPv6'] : ['IPv4'];
  if (spec.ipFamilies.length > 1 && spec.ipFamilyPolicy === 'SingleStack') {
    const why = "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified";
    throw invalidService(service, 'spec.ipFamilyPolicy', `Invalid value: "SingleStack": ${why}`);
  }
  if (isFree) return;
  const other = spec.ipFamilies.findIndex((family) => family !== 'IPv4');
  if (other >= 0) {
    const why = 'not configured on this cluster';
    throw invalidService(service, `spec.ipFamilies[${other}]`, `Invalid value: "${spec.ipFamilies[other]}": ${why}`);
  }
  if (spec.ipFamilyPolicy === 'RequireDualStack') {
    const why = 'this cluster is not configured for dual-stack services';
    throw invalidService(service, 'spec.ipFamilyPolicy', `Invalid value: "RequireDualStack": ${why}`);
  }
}

function giveNodePorts(
  { first, last }: ServiceAllocation['nodePorts'],
  service: Service,
  taken: ReadonlySet<string>,
  random: () => number,
): void {
  const { spec } = service;
  const own = new Set([...(spec.ports ?? []).map((port) => port.nodePort ?? 0), spec.healthCheckNodePort ?? 0]);
  const give = (): number => {
    const isTaken = (index: number): boolean => own.has(first + index) || taken.has(portPrefix + (first + index));
    const index = pick(last - first + 1, random, isTaken);
    if (index === undefined) throw rangeFull('nodePort');
    own.add(first + index);
    return first + index;
  };
  if (usesNodePorts(service)) for (const port of spec.ports ?? []) port.nodePort ||= give();
  if (needsHealthCheckPort(service)) spec.healthCheckNodePort ||= give();
}

function rangeFull(what: 'serviceIP' | 'nodePort'): GantryError {
  return new GantryError('InternalError', `Internal error occurred: failed to allocate a ${what}: range is full`);
}

/** An index below `size` that is not taken, from a random one on; undefined where all are. */
function pick(size: number, random: () => number, isTaken: (index: number) => boolean): number | undefined {
  const start = Math.floor(random() * size);
  for (let offset = 0; offset < size; offset++) {
    const index = (start + offset) % size;
    if (!isTaken(index)) return index;
  }
  return undefined;
}

/** A port that a health check asks on cannot be that of a service, too. */
function checkHealthPort(service: Service, held: ReadonlySet<string>): void {
  const { healthCheckNodePort = 0, ports = [] } = service.spec;
  if (healthCheckNodePort === 0 || held.has(portPrefix + healthCheckNodePort)) return;
  if (ports.some(({ nodePort }) => nodePort === healthCheckNodePort)) {
    throw alreadyAllocated(service, portPrefix + healthCheckNodePort);
  }
}

function checkRanges(allocation: ServiceAllocation, service: Service, held: ReadonlySet<string>): void {
  const { clusterIP, ports = [], healthCheckNodePort = 0 } = service.spec;
  if (usesClusterIp(service) && clusterIP && clusterIP !== 'None' && !held.has(ipPrefix + clusterIP)) {
    if (isIPv6(clusterIP)) {
      const why = 'IPv6 is not configured on this cluster';
      throw invalidService(service, 'spec.clusterIPs[0]', `Invalid value: ["${clusterIP}"]: ${why}`);
    }
    if (clusterIP === allocation.dnsAddress) throw alreadyAllocated(service, ipPrefix + clusterIP);
    if (!contains(allocation.clusterIps, clusterIP)) {
      const why = `failed to allocate IP ${clusterIP}: the provided network does not match the current range`;
      throw invalidService(service, 'spec.clusterIPs', `Invalid value: ["${clusterIP}"]: ${why}`);
    }
  }
  const { first, last } = allocation.nodePorts;
  const health = { port: healthCheckNodePort, field: 'spec.healthCheckNodePort' };
  const asked = ports.map(({ nodePort = 0 }, index) => ({ port: nodePort, field: `spec.ports[${index}].nodePort` }));
  for (const { port, field } of [...asked, health]) {
    if (port === 0 || held.has(portPrefix + port) || (port >= first && port <= last)) continue;
    const why = `provided port is not in the valid range. The range of valid ports is ${first}-${last}`;
    throw invalidService(service, field, `Invalid value: ${port}: ${why}`);
  }
}

function alreadyAllocated(service: Service, key: string): GantryError {
  if (key.startsWith(ipPrefix)) {
    const ip = key.slice(ipPrefix.length);
    const why = `failed to allocate IP ${ip}: provided IP is already allocated`;
    return invalidService(service, 'spec.clusterIPs', `Invalid value: ["${ip}"]: ${why}`);
  }
  const nodePort = Number(key.slice(portPrefix.length));
  const index = (service.spec.ports ?? []).findIndex((port) => port.nodePort === nodePort);
  const isHealth = nodePort === service.spec.healthCheckNodePort;
  const field = isHealth ? 'spec.healthCheckNodePort' : `spec.ports[${index}].nodePort`;
  return invalidService(service, field, `Invalid value: ${nodePort}: provided port is already allocated`);
}

function invalidService(service: Service, field: string, message: string): GantryError {
  const name = service.metadata.name;
  return new GantryError('Invalid', `Service "${name}" is invalid: ${field}: ${message}`, {
    causes: [{ reason: 'FieldValueInvalid', field, message }],
    resource: { group: '', resource: 'services', kind: 'Service', name },
  });
}

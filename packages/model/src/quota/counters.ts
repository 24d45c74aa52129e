import type { Service } from '../gen/gantry.core.v1.ts';
import type { KubeObject } from '../kind.ts';
import { parseQuantity, type Quantity } from '../quantity.ts';
import { one } from './amounts.ts';
import { claimCounter, deviceClaimCounter } from './claims.ts';
import type { Counter } from './counter.ts';
import { podCounter } from './pods.ts';

/** Counted as objects under a second name, too. */
const aliases = new Set(['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets']);
/** Never counted: nobody asks for them. */
const ignored = new Set(['events', 'bindings', 'componentstatuses', 'events.events.k8s.io']);

const serviceNames = ['count/services', 'services', 'services.nodeports', 'services.loadbalancers'];

/** Counts services, and those that take ports of all nodes or a load balancer. */
const serviceCounter: Counter<Service> = {
  handles: ({ subresource }) => subresource === '',
  counts: (name) => serviceNames.includes(name),
  usage: ({ spec }) => {
    const ports = spec.ports ?? [];
    const isBalanced = spec.type === 'LoadBalancer';
    const given = spec.allocateLoadBalancerNodePorts === false ? ports.filter(({ nodePort }) => nodePort) : ports;
    const nodePorts = spec.type === 'NodePort' ? ports.length : isBalanced ? given.length : 0;
    return new Map<string, Quantity>([
      ['count/services', one],
      ['services', one],
      ['services.loadbalancers', parseQuantity(isBalanced ? 1 : 0)],
      ['services.nodeports', parseQuantity(nodePorts)],
    ]);
  },
  matches: () => false,
};

const special: Readonly<Record<string, Counter<never>>> = {
  pods: podCounter,
  services: serviceCounter,
  persistentvolumeclaims: claimCounter,
  'resourceclaims.resource.k8s.io': deviceClaimCounter,
};
const plain = new Map<string, Counter<KubeObject>>();
/** Kinds come and go with their definitions. */
const maxPlain = 4_096;

/**
 * The counter of a kind; undefined for one that no quota counts.
 * @param resource With its group, such as deployments.apps.
 */
export function counterOf(resource: string): Counter<KubeObject> | undefined {
  if (Object.hasOwn(special, resource)) return special[resource] as unknown as Counter<KubeObject>;
  if (ignored.has(resource)) return undefined;
  const known = plain.get(resource);
  if (known !== undefined) return known;
  if (plain.size >= maxPlain) plain.clear();
  const counter = objectCounter(resource);
  plain.set(resource, counter);
  return counter;
}

/** The kinds that a quota counts by names of their own: with `count/` any other. */
export function countedResources(hard: Iterable<string>): string[] {
  const named = [...Object.keys(special), ...aliases];
  const resources = new Set<string>();
  for (const name of hard) {
    if (name.startsWith('count/')) resources.add(name.slice('count/'.length));
    for (const resource of named) if (counterOf(resource)!.counts(name)) resources.add(resource);
  }
  return [...resources].filter((resource) => !ignored.has(resource)).sort();
}

function objectCounter(resource: string): Counter<KubeObject> {
  const names = [`count/${resource}`, ...(aliases.has(resource) ? [resource] : [])];
  const usage = new Map(names.map((name) => [name, one]));
  return {
    handles: ({ operation, subresource }) => operation === 'CREATE' && subresource === '',
    counts: (name) => names.includes(name),
    usage: () => usage,
    matches: () => false,
  };
}

/** Derives the load balancer's part of a Service's status: pure. */
import { isIP } from 'node:net';
import type { LoadBalancerIngress, Node, Service, ServiceStatus } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Condition } from '@gantry/model/gen/gantry.meta.v1.ts';
import { heldCondition, zeroSettings } from '@gantry/model/kinds/service/zero.ts';
import { isReady } from '@gantry/model/ready.ts';
import type { Claims } from './claims.ts';
import type { LoadBalancerConfig } from './config.ts';

/** Kubernetes' condition of a Service some of whose ports the load balancer could not provide. */
const portsErrorCondition = 'LoadBalancerPortsError';

/** Conditions that this service alone writes. */
function isOurs(type: string): boolean {
  return type === portsErrorCondition || type === heldCondition;
}

/** Addresses in a status; a cluster of thousands of nodes must not publish them all. */
const maxIngress = 64;

/**
 * The status that a Service of ours should have, or undefined where it has it. Without an address that is served, the
 * ingress list stays empty, which `get` shows as <pending>; refused ports are in the condition and, in Kubernetes' form,
 * in the ports of each ingress.
 */
export function wantedStatus(
  service: Service,
  claims: Claims,
  addresses: readonly string[],
  now: string,
  held: Held = { isOpen: true },
): ServiceStatus | undefined {
  const ips = service.spec.loadBalancerIP ? [service.spec.loadBalancerIP] : addresses;
  const ingress = claims.granted.length === 0 ? [] : ips.slice(0, maxIngress).map((ip) => ingressOf(ip, claims));
  const conditions = withHeld(service, conditionsOf(service, claims, now), held, now);
  const status: ServiceStatus = { ...service.status, loadBalancer: ingress.length === 0 ? {} : { ingress } };
  if (conditions.length > 0) status.conditions = conditions;
  else delete status.conditions;
  return sameStatus(service.status, status) ? undefined : status;
}

/** The status of a Service that the load balancer no longer serves; undefined where nothing of ours is in it. */
export function clearedStatus(service: Service): ServiceStatus | undefined {
  const { status } = service;
  const ours = (status?.conditions ?? []).some(({ type }) => isOurs(type));
  if ((status?.loadBalancer?.ingress ?? []).length === 0 && !ours) return undefined;
  const conditions = (status?.conditions ?? []).filter(({ type }) => !isOurs(type));
  return { ...(conditions.length > 0 ? { conditions } : {}), loadBalancer: {} };
}

/**
 * The addresses to publish for listeners on all of Envoy's addresses: the configured ones, else the external (else
 * internal) addresses of the ready nodes.
 */
export function publishedAddresses(config: LoadBalancerConfig, nodes: readonly Node[]): string[] {
  if (config.ingressIps.length > 0) return [...config.ingressIps];
  if (isIP(config.listenAddress) !== 0 && !['0.0.0.0', '::'].includes(config.listenAddress))
    return [config.listenAddress];
  const addresses = nodes.filter(isReady).flatMap((node) => {
    const all = node.status?.addresses ?? [];
    const found = all.find(({ type }) => type === 'ExternalIP') ?? all.find(({ type }) => type === 'InternalIP');
    return found ? [found.address] : [];
  });
  return [...new Set(addresses)].sort();
}

/** Whether requests to a Service wait for a pod. */
export interface Held {
  /** None has to wait at any of its ports. */
  readonly isOpen: boolean;
  /** When one was last seen to wait here. */
  readonly lastTime?: string | undefined;
}

/**
 * The conditions with the one that tells controllers of requests that wait: its transition is the last time at which any replica saw one. It
 * ends when pods are ready, as every replica sees alike.
 */
function withHeld(service: Service, all: Condition[], { isOpen, lastTime }: Held, now: string): Condition[] {
  const before = all.find(({ type }) => type === heldCondition);
  const others = all.filter(({ type }) => type !== heldCondition);
  if (zeroSettings(service) === undefined) return others;
  const isKnown = before?.status === 'True' && before.lastTransitionTime! >= lastTime!;
  if (!isOpen && lastTime !== undefined && !isKnown) {
    const message = 'Requests wait for a ready pod.';
    return [
      ...others,
      { type: heldCondition, status: 'True', reason: 'NoReadyPod', message, lastTransitionTime: lastTime },
    ];
  }
  if (before?.status !== 'True' || !isOpen) return all;
  return [
    ...others,
    { ...before, status: 'False', reason: 'PodReady', message: 'Requests reach a ready pod.', lastTransitionTime: now },
  ];
}

/** ipMode Proxy: connections end at the address itself, so nodes must not short-circuit it. */
function ingressOf(ip: string, claims: Claims): LoadBalancerIngress {
  const granted = claims.granted.map(({ port }) => ({ port: port.port, protocol: port.protocol ?? 'TCP' }));
  const refused = claims.refused.map(({ port, reason }) => ({
    port: port.port,
    protocol: port.protocol ?? 'TCP',
    error: `gantry.dev/${reason}`,
  }));
  return { ip, ipMode: 'Proxy', ports: [...granted, ...refused] };
}

function conditionsOf(service: Service, claims: Claims, now: string): Condition[] {
  const before = service.status?.conditions ?? [];
  const others = before.filter((condition) => condition.type !== portsErrorCondition);
  const [first] = claims.refused;
  if (first === undefined) return others;
  const message = claims.refused.map((refusal) => refusal.message).join('; ');
  const known = before.find((condition) => condition.type === portsErrorCondition && condition.status === 'True');
  const lastTransitionTime = known?.lastTransitionTime ?? now;
  return [...others, { type: portsErrorCondition, status: 'True', reason: first.reason, message, lastTransitionTime }];
}

function sameStatus(a: ServiceStatus | undefined, b: ServiceStatus): boolean {
  return (
    canonical(a?.loadBalancer?.ingress) === canonical(b.loadBalancer?.ingress) &&
    canonical(a?.conditions) === canonical(b.conditions)
  );
}

/** JSON with sorted keys; an empty list is as good as none. */
function canonical(value: unknown): string {
  if (Array.isArray(value) && value.length === 0) return '';
  return (
    JSON.stringify(value, (_key, item: unknown) =>
      typeof item === 'object' && item !== null && !Array.isArray(item)
        ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
        : item,
    ) ?? ''
  );
}

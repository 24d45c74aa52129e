/** Calls of those outside of the cluster's objects: the provider of nodes, and the scheduler's simulation and evictions. */
import type { EvictRequest } from '@gantry/client/object-messages.ts';
import type { SimulateRequest, SimulateResponse } from '@gantry/client/placement-messages.ts';
import type { Route } from '@gantry/cloud-provider/cloud.ts';
import type { GroupOptions, Instance, NodeGroup, ProviderNode } from '@gantry/cloud-provider/provider.ts';
import type { CloudInstance, GetInstanceRequest } from '@gantry/model/gen/gantry.cloud.v1.ts';
import type { LoadBalancerIngress, Node, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError, isError, type Reason } from '@gantry/runtime/errors.ts';
import { refusals } from './refusals.ts';

/** A node group as its provider tells of it at one time. */
export interface GroupSnapshot extends NodeGroup {
  readonly targetSize: number;
  readonly instances: readonly Instance[];
  /** A new and empty node; undefined where the provider does not tell. */
  readonly template: Node | undefined;
  readonly options: GroupOptions;
  /** Price of a node for an hour; undefined where the provider has no prices. */
  readonly price: number | undefined;
}

/** All that a provider tells of at one time. */
export interface ProviderSnapshot {
  readonly groups: readonly GroupSnapshot[];
  /** Groups of which something could not be read, with the reason: nothing is decided about them. */
  readonly unread: ReadonlyMap<string, string>;
  /** Nodes that were asked about and are of a group although no machine of theirs is listed, by their providerID. */
  readonly claimed: ReadonlySet<string>;
  /** Sentences about groups that make no sense. */
  readonly problems: readonly string[];
}

/** The provider of nodes. All reject with a GantryError. */
export interface ProviderSide {
  /** @param doubtful Nodes whose machines may be gone. */
  observe(defaults: GroupOptions, doubtful: readonly ProviderNode[], signal: AbortSignal): Promise<ProviderSnapshot>;
  /** Adds nodes to a group. @param from Its target size as the decision saw it: rejects with Conflict, and adds none, where it is another. */
  increase(group: string, from: number, count: number, signal: AbortSignal): Promise<void>;
  /** Takes back nodes that are not there yet, likewise. */
  decrease(group: string, from: number, count: number, signal: AbortSignal): Promise<void>;
  deleteNodes(group: string, nodes: readonly ProviderNode[], signal: AbortSignal): Promise<void>;
}

/** The scheduler, and evictions by the api. */
export interface SchedulingSide {
  simulate(request: SimulateRequest, signal: AbortSignal): Promise<SimulateResponse>;
  /** Rejects with TooManyRequests where a disruption budget forbids it. */
  evict(request: EvictRequest, signal: AbortSignal): Promise<void>;
}

/** The objects of a cloud. All reject with a GantryError. */
export interface CloudSide {
  instance(node: Required<GetInstanceRequest>, signal: AbortSignal): Promise<CloudInstance>;
  ensureLoadBalancer(
    service: Service,
    nodes: readonly Node[],
    signal: AbortSignal,
  ): Promise<readonly LoadBalancerIngress[]>;
  deleteLoadBalancer(service: Service, signal: AbortSignal): Promise<void>;
  listRoutes(clusterName: string, signal: AbortSignal): Promise<readonly Route[]>;
  createRoute(clusterName: string, route: Route, node: Node, signal: AbortSignal): Promise<void>;
  deleteRoute(clusterName: string, route: Route, signal: AbortSignal): Promise<void>;
}

/** Those that are asked. */
export interface Consultant {
  /** If absent, calls to it fail. */
  readonly provider?: ProviderSide | undefined;
  readonly scheduling: SchedulingSide;
  /** If absent, calls to it fail. */
  readonly cloud?: CloudSide | undefined;
}

/** One call. */
export type Call =
  | { readonly type: 'observe'; readonly defaults: GroupOptions; readonly doubtful: readonly ProviderNode[] }
  | { readonly type: 'increase' | 'decrease'; readonly group: string; readonly from: number; readonly count: number }
  | { readonly type: 'deleteNodes'; readonly group: string; readonly nodes: readonly ProviderNode[] }
  | { readonly type: 'simulate'; readonly request: SimulateRequest }
  | { readonly type: 'evict'; readonly request: EvictRequest }
  | { readonly type: 'instance'; readonly node: Required<GetInstanceRequest> }
  | { readonly type: 'ensureLoadBalancer'; readonly service: Service; readonly nodes: readonly Node[] }
  | { readonly type: 'deleteLoadBalancer'; readonly service: Service }
  | { readonly type: 'listRoutes'; readonly clusterName: string }
  | { readonly type: 'createRoute'; readonly clusterName: string; readonly route: Route; readonly node: Node }
  | { readonly type: 'deleteRoute'; readonly clusterName: string; readonly route: Route };

/** Calls that are made side by side, and the name by which the controller knows their answers. */
export interface Consultation {
  readonly id: string;
  readonly calls: readonly Call[];
}

/** The answer to a call. */
export type CallAnswer =
  | { readonly type: 'observed'; readonly snapshot: ProviderSnapshot }
  | { readonly type: 'simulated'; readonly response: SimulateResponse }
  | { readonly type: 'instance'; readonly instance: CloudInstance }
  | { readonly type: 'loadBalancer'; readonly ingress: readonly LoadBalancerIngress[] }
  | { readonly type: 'routes'; readonly routes: readonly Route[] }
  /** It was done. */
  | { readonly type: 'done' }
  | {
      readonly type: 'failed';
      readonly reason: Reason;
      readonly message: string;
      /** It may have been done all the same: nobody knows. */
      readonly isInDoubt: boolean;
    };

/** The answers to the calls of a consultation, in their order. */
export interface Consulted {
  readonly id: string;
  readonly answers: readonly CallAnswer[];
}

/** Calls that are under way at once. */
const maxCalls = 32;

/** Makes all calls, so many at a time. Rejects only where the signal fires. */
export async function consult(
  { id, calls }: Consultation,
  consultant: Consultant | undefined,
  signal: AbortSignal,
): Promise<Consulted> {
  const answers: CallAnswer[] = [];
  for (let start = 0; start < calls.length; start += maxCalls) {
    const some = calls.slice(start, start + maxCalls);
    answers.push(...(await Promise.all(some.map((call) => answerTo(call, consultant, signal)))));
    signal.throwIfAborted();
  }
  return { id, answers };
}

async function answerTo(call: Call, consultant: Consultant | undefined, signal: AbortSignal): Promise<CallAnswer> {
  try {
    return await made(call, consultant, signal);
  } catch (error) {
    const reason = isError(error) ? error.reason : 'InternalError';
    const message = error instanceof Error ? error.message : String(error);
    return { type: 'failed', reason, message, isInDoubt: !refusals.includes(reason) };
  }
}

async function made(call: Call, consultant: Consultant | undefined, signal: AbortSignal): Promise<CallAnswer> {
  switch (call.type) {
    case 'observe':
      return { type: 'observed', snapshot: await providerOf(consultant).observe(call.defaults, call.doubtful, signal) };
    case 'increase':
      await providerOf(consultant).increase(call.group, call.from, call.count, signal);
      return { type: 'done' };
    case 'decrease':
      await providerOf(consultant).decrease(call.group, call.from, call.count, signal);
      return { type: 'done' };
    case 'deleteNodes':
      await providerOf(consultant).deleteNodes(call.group, call.nodes, signal);
      return { type: 'done' };
    case 'simulate':
      return { type: 'simulated', response: await schedulingOf(consultant).simulate(call.request, signal) };
    case 'evict':
      await schedulingOf(consultant).evict(call.request, signal);
      return { type: 'done' };
    case 'instance':
      return { type: 'instance', instance: await cloudOf(consultant).instance(call.node, signal) };
    case 'ensureLoadBalancer': {
      const ingress = await cloudOf(consultant).ensureLoadBalancer(call.service, call.nodes, signal);
      return { type: 'loadBalancer', ingress };
    }
    case 'deleteLoadBalancer':
      await cloudOf(consultant).deleteLoadBalancer(call.service, signal);
      return { type: 'done' };
    case 'listRoutes':
      return { type: 'routes', routes: await cloudOf(consultant).listRoutes(call.clusterName, signal) };
    case 'createRoute':
      await cloudOf(consultant).createRoute(call.clusterName, call.route, call.node, signal);
      return { type: 'done' };
    case 'deleteRoute':
      await cloudOf(consultant).deleteRoute(call.clusterName, call.route, signal);
      return { type: 'done' };
  }
}

function providerOf(consultant: Consultant | undefined): ProviderSide {
  if (consultant?.provider !== undefined) return consultant.provider;
  throw new GantryError('FailedPrecondition', 'no provider of nodes is configured');
}

function schedulingOf(consultant: Consultant | undefined): SchedulingSide {
  if (consultant !== undefined) return consultant.scheduling;
  throw new GantryError('FailedPrecondition', 'no scheduler is known to this process');
}

function cloudOf(consultant: Consultant | undefined): CloudSide {
  if (consultant?.cloud !== undefined) return consultant.cloud;
  throw new GantryError('FailedPrecondition', 'no cloud is configured');
}

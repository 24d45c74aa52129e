/** A provider of nodes as an autoscaler calls it: each call is bounded, each answer is checked, each error says which call it was. */
import type { CallOptions } from '@gantry/client/api.ts';
import { callUnary } from '@gantry/client/calls.ts';
import type * as wire from '@gantry/model/gen/clusterautoscaler.cloudprovider.v1.externalgrpc.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError, isError } from '@gantry/runtime/errors.ts';
import { Client as GrpcClient } from '@grpc/grpc-js';
import {
  type CheckedGroups,
  checkGroups,
  instancesProblem,
  optionsProblem,
  priceProblem,
  targetSizeProblem,
  templateProblem,
} from './checks.ts';
import {
  groupOf,
  instanceOf,
  optionsOf,
  podBytes,
  providerService,
  templateOf,
  timestamp,
  wireOptions,
} from './messages.ts';
import type { GroupOptions, Instance, NodeGroup, NodeTemplate, ProviderNode } from './provider.ts';
import { type ProviderSettings, transportOf } from './settings.ts';

/** Largest answer that is taken: 20,000 machines with their troubles fit. */
const maxResponseBytes = 16 * 1024 * 1024;
/** Code of calls that a provider does not have. */
const unimplemented = 'MethodNotAllowed';

/** Connects to a provider when it is first called, and again whenever the connection is lost. Throws Invalid on settings that cannot be. */
export function connectProvider(settings: ProviderSettings): ProviderClient {
  const { target, credentials } = transportOf(settings);
  const channel = new GrpcClient(target, credentials, {
    'grpc.max_receive_message_length': maxResponseBytes,
    'grpc.keepalive_time_ms': 20_000,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2_000,
    'grpc.use_local_subchannel_pool': 1,
  });
  return new ProviderClient(channel, settings);
}

/**
 * The calls of a provider. All reject with a GantryError: Timeout where no answer came in time, ServiceUnavailable where nobody listens,
 * FailedPrecondition where the answer makes no sense, and the provider's own reason where it refused. No call is repeated.
 */
export class ProviderClient implements Disposable {
  readonly #client: GrpcClient;
  readonly #settings: Pick<ProviderSettings, 'address' | 'timeoutMs'>;

  constructor(client: GrpcClient, settings: Pick<ProviderSettings, 'address' | 'timeoutMs'>) {
    this.#client = client;
    this.#settings = settings;
  }

  /** The groups that make sense, and sentences about others. */
  async nodeGroups(options?: CallOptions): Promise<CheckedGroups> {
    const { nodeGroups = [] } = await this.#call<wire.NodeGroupsResponse>('NodeGroups', {}, options);
    return checkGroups(nodeGroups.map(groupOf));
  }

  /** The group of a node; undefined where the node is to be left alone. */
  async nodeGroupForNode(node: ProviderNode, options?: CallOptions): Promise<NodeGroup | undefined> {
    const { nodeGroup } = await this.#call<wire.NodeGroupForNodeResponse>('NodeGroupForNode', { node }, options);
    const group = groupOf(nodeGroup);
    if (group.id === '') return undefined;
    const [problem] = checkGroups([group]).problems;
    this.#demand('NodeGroupForNode', problem);
    return group;
  }

  /** Size that a group is to have. */
  async targetSize(group: string, options?: CallOptions): Promise<number> {
    const call = 'NodeGroupTargetSize';
    const { targetSize = 0 } = await this.#call<wire.NodeGroupTargetSizeResponse>(call, { id: group }, options);
    this.#demand(call, targetSizeProblem(targetSize), group);
    return targetSize;
  }

  /** Adds `count` nodes to a group. After an error nobody knows whether they come: the target size tells. */
  async increaseSize(group: string, count: number, options?: CallOptions): Promise<void> {
    await this.#call('NodeGroupIncreaseSize', { id: group, delta: positive(count) }, options);
  }

  /** Ends nodes of a group, and lowers its size by as many. */
  async deleteNodes(group: string, nodes: readonly ProviderNode[], options?: CallOptions): Promise<void> {
    await this.#call('NodeGroupDeleteNodes', { id: group, nodes }, options);
  }

  /** Takes back `count` nodes that are not there yet. */
  async decreaseTargetSize(group: string, count: number, options?: CallOptions): Promise<void> {
    await this.#call('NodeGroupDecreaseTargetSize', { id: group, delta: -positive(count) }, options);
  }

  /** Machines of a group, each once. */
  async instances(group: string, options?: CallOptions): Promise<readonly Instance[]> {
    const { instances = [] } = await this.#call<wire.NodeGroupNodesResponse>('NodeGroupNodes', { id: group }, options);
    const found = instances.map(instanceOf);
    this.#demand('NodeGroupNodes', instancesProblem(found), group);
    return found;
  }

  /** Says that a round of decisions begins. */
  async refresh(options?: CallOptions): Promise<void> {
    await this.#call('Refresh', {}, options);
  }

  /** Says that the autoscaler ends. */
  async cleanup(options?: CallOptions): Promise<void> {
    await this.#call('Cleanup', {}, options);
  }

  /** Label that nodes with GPUs have; empty where the provider has none. */
  async gpuLabel(options?: CallOptions): Promise<string> {
    return (await this.#optional<wire.GPULabelResponse>('GPULabel', {}, options))?.label ?? '';
  }

  /** Types of GPUs that there are. */
  async gpuTypes(options?: CallOptions): Promise<readonly string[]> {
    const call = 'GetAvailableGPUTypes';
    const answer = await this.#optional<wire.GetAvailableGPUTypesResponse>(call, {}, options);
    return Object.keys(answer?.gpuTypes ?? {}).sort();
  }

  /** A new and empty node of a group; undefined where the provider does not tell. Allocatable is the capacity where it is absent. */
  async template(group: string, options?: CallOptions): Promise<NodeTemplate | undefined> {
    const call = 'NodeGroupTemplateNodeInfo';
    const answer = await this.#optional<wire.NodeGroupTemplateNodeInfoResponse>(call, { id: group }, options);
    const read = (): NodeTemplate | undefined => (answer === undefined ? undefined : templateOf(answer));
    let template: NodeTemplate | undefined;
    try {
      template = read();
    } catch (error) {
      this.#demand(call, `a template that cannot be decoded: ${(error as Error).message}`, group);
    }
    if (template === undefined) return undefined;
    const { status = {} } = template.node;
    const { capacity = {}, allocatable = capacity } = status;
    const whole = { ...template, node: { ...template.node, status: { ...status, capacity, allocatable } } };
    this.#demand(call, templateProblem(whole), group);
    return whole;
  }

  /** Settings for a group: the defaults where the provider has none. */
  async groupOptions(group: string, defaults: GroupOptions, options?: CallOptions): Promise<GroupOptions> {
    const call = 'NodeGroupGetOptions';
    const request = { id: group, defaults: wireOptions(defaults) };
    const answer = await this.#optional<wire.NodeGroupAutoscalingOptionsResponse>(call, request, options);
    const given = answer?.nodeGroupAutoscalingOptions;
    if (given === undefined) return defaults;
    const read = optionsOf(given, defaults);
    this.#demand(call, optionsProblem(read), group);
    return read;
  }

  /** Price of a node from one time to another (milliseconds since the epoch); undefined where the provider has no prices. */
  async nodePrice(
    node: ProviderNode,
    fromMs: number,
    toMs: number,
    options?: CallOptions,
  ): Promise<number | undefined> {
    return await this.#price('PricingNodePrice', { node, ...period(fromMs, toMs) }, options);
  }

  /** Price of a pod on a machine that fits it exactly, likewise. */
  async podPrice(pod: Pod, fromMs: number, toMs: number, options?: CallOptions): Promise<number | undefined> {
    const bytes = podBytes(pod);
    return await this.#price('PricingPodPrice', { pod: bytes, pod_bytes: bytes, ...period(fromMs, toMs) }, options);
  }

  async #price(call: string, request: object, options: CallOptions | undefined): Promise<number | undefined> {
    const answer = await this.#optional<wire.PricingNodePriceResponse>(call, request, options);
    if (answer === undefined) return undefined;
    const { price = 0 } = answer;
    this.#demand(call, priceProblem(price));
    return price;
  }

  /** A call that a provider may lack: undefined then. */
  async #optional<Response>(
    call: string,
    request: object,
    options: CallOptions | undefined,
  ): Promise<Response | undefined> {
    return await this.#call<Response>(call, request, options).catch((error: unknown) => {
      if (isError(error, unimplemented)) return undefined;
      throw error;
    });
  }

  async #call<Response>(call: string, request: object, options: CallOptions = {}): Promise<Response> {
    const { signal, timeoutMs = this.#settings.timeoutMs } = options;
    const bounds = { signal, timeoutMs, idempotent: false, whenAway: 'fail' } as const;
    try {
      return await callUnary<object, Response>(this.#client, providerService[call]!, request, bounds);
    } catch (error) {
      throw this.#named(call, error as GantryError, timeoutMs, request);
    }
  }

  #named(call: string, error: GantryError, timeoutMs: number, request: object): GantryError {
    const told = error.reason === 'Timeout' ? `no answer within ${timeoutMs} ms` : error.message;
    const { retryAfterMs } = error;
    const details = { cause: error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    return new GantryError(error.reason, this.#sentence(call, told, (request as { id?: string }).id), details);
  }

  /** Throws FailedPrecondition where an answer has a problem. */
  #demand(call: string, problem: string | undefined, group?: string): void {
    if (problem === undefined) return;
    throw new GantryError('FailedPrecondition', this.#sentence(call, `the answer makes no sense: ${problem}`, group));
  }

  #sentence(call: string, told: string, group: string | undefined): string {
    const of = group === undefined ? '' : ` of node group ${JSON.stringify(group)}`;
    return `provider ${this.#settings.address}: ${call}${of}: ${told}`;
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

function period(fromMs: number, toMs: number): object {
  const [start, end] = [timestamp(fromMs), timestamp(toMs)];
  return { startTime: start, endTime: end, startTimestamp: start, endTimestamp: end };
}

function positive(count: number): number {
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new GantryError('Invalid', `a number of nodes must be positive, and is ${count}`);
}

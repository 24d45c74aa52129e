import type { TokenRequestSpec, TokenRequestStatus } from '@gantry/model/gen/gantry.authentication.v1.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { serviceNames } from '@gantry/runtime/identities.ts';
import { type ChannelOptions, Client as GrpcClient, type MethodDefinition } from '@grpc/grpc-js';
import { AccessCalls } from './access.ts';
import { itemResult, type ListMessage } from './answers.ts';
import {
  type AnyKind,
  type ApplyOptions,
  type CallOptions,
  type Change,
  type ChangeResult,
  type CreateResult,
  type DeleteCollectionOptions,
  type DeleteOptions,
  type ItemResult,
  type ListPage,
  type ObjectName,
  type ObjectOf,
  type PatchType,
  type Query,
  type RawObject,
  type Reader,
  resourceNameOf,
  type Scale,
  type ScaleChange,
  type ScaleReader,
  type ScaleWriter,
  type ServedResources,
  type UpdateOptions,
  type WatchEvent,
  type WatchQuery,
  type WriteOptions,
  type Writer,
} from './api.ts';
import { type CallDefaults, callServerStream, callUnary, type WhenAway } from './calls.ts';
import { type Credentials, noCredentials } from './credentials.ts';
import { MetricsCalls } from './metrics.ts';
import {
  type Binding,
  changeMessage,
  type EvictRequest,
  type HeartbeatAnswer,
  type HeartbeatList,
  objectRef,
  type PodReport,
  patchRequest,
  type UnschedulablePod,
  unwrap,
  type Wrapped,
  wrap,
} from './object-messages.ts';
import { PlacementCalls } from './placement.ts';
import { PodCalls } from './pods.ts';
import { nodeService, resourceService, schedulingService, tokenService } from './protos.ts';
import { scaleOf } from './scale.ts';
import { type ServedMessage, servedResourcesOf } from './served-resources.ts';
import { TrafficCalls } from './traffic.ts';

/** How to reach the api. */
export interface ConnectOptions {
  /** Proof of who calls; none by default. */
  readonly credentials?: Credentials | undefined;
  /** Field manager of what is written, such as gantry-scheduler: the name in the user agent. */
  readonly manager?: string | undefined;
  /** Common name of the server's certificate; the api's by default. */
  readonly peer?: string;
  /** Milliseconds for a call that names no time of its own; 30,000 by default. */
  readonly defaultTimeoutMs?: number;
  /** Behaviour of calls without a connection; `wait` by default. Watches and other streams fail at once. */
  readonly whenAway?: WhenAway;
  /** Settings of @grpc/grpc-js that go before ours. */
  readonly channelOptions?: ChannelOptions;
}

/** gRPC of the api, where nothing else is said. */
export const defaultApiAddress = '127.0.0.1:7443';

const defaultTimeoutMs = 30_000;
/** Version of the api that clients speak, as user agents tell it. */
const clientVersion = 'v1';

/** Bounds of the api's requests, and of the largest page of a list that a client takes. */
export const maxRequestBytes = 4 * 1024 * 1024;
export const maxResponseBytes = 64 * 1024 * 1024;

const defaultChannelOptions: ChannelOptions = {
  'grpc.max_send_message_length': maxRequestBytes,
  'grpc.max_receive_message_length': maxResponseBytes,
  // A watch may be silent for long; a peer that is gone is noticed within 30 seconds.
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  // A client is a connection of its own, so that disposing of it closes something.
  'grpc.use_local_subchannel_pool': 1,
};

/**
 * A client of the api. It connects when it is first used, and again whenever the connection is lost.
 * @param address `host:port`; several IP addresses separated by commas are replicas to fail over between.
 */
export function connect(address: string = defaultApiAddress, options: ConnectOptions = {}): Client {
  const target = address.includes(',') ? `ipv4:${address.replaceAll(' ', '')}` : address;
  const { transport, options: dialing } = (options.credentials ?? noCredentials).dial(options.peer ?? serviceNames.api);
  const channel = new GrpcClient(target, transport, {
    ...defaultChannelOptions,
    ...(options.manager === undefined ? {} : { 'grpc.primary_user_agent': `${options.manager}/${clientVersion}` }),
    ...dialing,
    ...options.channelOptions,
  });
  return new Client(channel, {
    timeoutMs: options.defaultTimeoutMs ?? defaultTimeoutMs,
    whenAway: options.whenAway ?? 'wait',
  });
}

/** Everything the api does, as a client sees it. Every method rejects with a GantryError. */
export class Client implements Reader, Writer, ScaleReader, ScaleWriter, Disposable {
  /** Logs, commands and connections of running pods. */
  readonly pods: PodCalls;
  /** Why pods are where they are. */
  readonly placement: PlacementCalls;
  /** Requests to Services, as Envoys count them. */
  readonly traffic: TrafficCalls;
  /** Reviews of servers' callers. */
  readonly access: AccessCalls;
  /** Usage of pods and nodes, and other metrics. */
  readonly metrics: MetricsCalls;
  readonly #client: GrpcClient;
  readonly #defaults: CallDefaults;

  constructor(client: GrpcClient, defaults: CallDefaults) {
    this.#client = client;
    this.#defaults = defaults;
    this.pods = new PodCalls(client, defaults);
    this.placement = new PlacementCalls(client, defaults);
    this.traffic = new TrafficCalls(client, defaults);
    this.access = new AccessCalls(client, defaults);
    this.metrics = new MetricsCalls(client, defaults);
  }

  async get<K extends AnyKind>(
    kind: K,
    name: ObjectName,
    options?: CallOptions & { readonly metadataOnly?: boolean },
  ): Promise<ObjectOf<K>> {
    const request = { ref: objectRef(kind, name), metadataOnly: options?.metadataOnly ?? false };
    return unwrap(await this.#read<Wrapped>(resourceService.Get!, request, options));
  }

  async list<K extends AnyKind>(
    kind: K,
    query: Query & { readonly limit?: number; readonly continue?: string } = {},
    options?: CallOptions,
  ): Promise<ListPage<ObjectOf<K>>> {
    const request = { resource: resourceNameOf(kind), ...query };
    const page = await this.#read<ListMessage>(resourceService.List!, request, options);
    const items = (page.items ?? []).map((item) => unwrap<ObjectOf<K>>(item));
    const damaged = page.damaged?.map(({ ref, resourceVersion = 0, problem = '' }) => {
      return { resource: '', namespace: '', name: '', ...ref, resourceVersion, problem };
    });
    return {
      items,
      resourceVersion: page.resourceVersion ?? 0,
      ...(page.continue ? { continue: page.continue } : {}),
      ...(damaged ? { damaged } : {}),
    };
  }

  async getScale(kind: AnyKind, name: ObjectName, options?: CallOptions): Promise<Scale | undefined> {
    type Response = Partial<Scale> & { readonly hasScale?: boolean };
    const request = { ref: objectRef(kind, name) };
    const response = await this.#read<Response>(resourceService.GetScale!, request, options);
    return response.hasScale ? scaleOf(response) : undefined;
  }

  async updateScale(kind: AnyKind, name: ObjectName, change: ScaleChange, options?: WriteOptions): Promise<Scale> {
    const request = { ref: objectRef(kind, name), ...change, dryRun: options?.dryRun ?? false };
    return scaleOf(await this.#write<Partial<Scale>>(resourceService.UpdateScale!, request, options));
  }

  /** The stored text of an object, for one that is damaged, which no other call can read. */
  async getRaw<K extends AnyKind>(kind: K, name: ObjectName, options?: CallOptions): Promise<RawObject> {
    const request = { ref: objectRef(kind, name) };
    const { resourceVersion = 0, text = '' } = await this.#read<Partial<RawObject>>(
      resourceService.GetRaw!,
      request,
      options,
    );
    return { resourceVersion, text };
  }

  async *watch<K extends AnyKind>(
    kind: K,
    query: WatchQuery,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<ObjectOf<K>>> {
    const request = { resource: resourceNameOf(kind), ...query };
    type Event = { type: WatchEvent<unknown>['type']; object?: Wrapped; resourceVersion?: number };
    for await (const event of callServerStream<object, Event>(this.#client, resourceService.Watch!, request, signal)) {
      const { type, resourceVersion = 0 } = event;
      yield type === 'BOOKMARK'
        ? { type, resourceVersion }
        : { type, resourceVersion, object: unwrap<ObjectOf<K>>(event.object) };
    }
  }

  async create<T extends KubeObject>(object: T, options?: WriteOptions): Promise<T> {
    return this.#writeObject<T>(resourceService.Create!, object, options);
  }

  async createBatch(objects: readonly KubeObject[], options?: WriteOptions): Promise<CreateResult[]> {
    const request = { objects: objects.map((object) => wrap(object)), dryRun: options?.dryRun ?? false };
    type Response = { results?: Partial<CreateResult>[] };
    const { results = [] } = await this.#write<Response>(resourceService.CreateBatch!, request, options);
    return results.map((result) => ({ ...itemResult(result), name: result.name ?? '', uid: result.uid ?? '' }));
  }

  async update<T extends KubeObject>(object: T, options?: UpdateOptions): Promise<T> {
    return this.#writeObject<T>(resourceService.Update!, object, options);
  }

  async updateStatus<T extends KubeObject>(object: T, options?: WriteOptions): Promise<T> {
    return this.#writeObject<T>(resourceService.UpdateStatus!, object, options);
  }

  async patch<K extends AnyKind>(
    kind: K,
    name: ObjectName,
    patch: { readonly type: PatchType; readonly body: unknown; readonly subresource?: string },
    options?: WriteOptions,
  ): Promise<ObjectOf<K>> {
    const request = { ...patchRequest({ kind, name, patch }), dryRun: options?.dryRun ?? false };
    return unwrap(await this.#write<Wrapped>(resourceService.Patch!, request, options));
  }

  async changeBatch(changes: readonly Change[], options?: WriteOptions): Promise<ChangeResult[]> {
    const request = { changes: changes.map(changeMessage), dryRun: options?.dryRun ?? false };
    type Response = { results?: Partial<ChangeResult>[] };
    const { results = [] } = await this.#write<Response>(resourceService.ChangeBatch!, request, options);
    return results.map((result) => ({ ...itemResult(result), uid: result.uid ?? '', gone: result.gone ?? false }));
  }

  async apply(
    manifest: string | Uint8Array,
    options?: ApplyOptions & { readonly defaultNamespace?: string },
  ): Promise<{ readonly object: KubeObject; readonly outcome: 'created' | 'configured' | 'unchanged' }> {
    const request = {
      manifest: Buffer.from(manifest as string).toString('base64'),
      defaultNamespace: options?.defaultNamespace ?? '',
      dryRun: options?.dryRun ?? false,
      fieldManager: options?.fieldManager ?? '',
      force: options?.force ?? false,
    };
    type Response = { object: Wrapped; outcome: 'CREATED' | 'CONFIGURED' | 'UNCHANGED' };
    const response = await this.#write<Response>(resourceService.Apply!, request, options);
    const outcome = response.outcome.toLowerCase() as 'created' | 'configured' | 'unchanged';
    return { object: unwrap(response.object), outcome };
  }

  async delete<K extends AnyKind>(
    kind: K,
    name: ObjectName,
    options: DeleteOptions = {},
  ): Promise<{ readonly object: ObjectOf<K>; readonly gone: boolean }> {
    const { signal: _, timeoutMs: __, ...fields } = options;
    const request = { ref: objectRef(kind, name), ...fields };
    const response = await this.#write<{ object: Wrapped; gone?: boolean }>(resourceService.Delete!, request, options);
    return { object: unwrap(response.object), gone: response.gone ?? false };
  }

  async deleteCollection(kind: AnyKind, query: Query = {}, options: DeleteCollectionOptions = {}): Promise<void> {
    const { signal: _, timeoutMs: __, ...fields } = options;
    const request = { resource: resourceNameOf(kind), ...query, ...fields };
    await this.#write(resourceService.DeleteCollection!, request, options);
  }

  /** The resources that the api serves, and all of them anew whenever one comes or goes. */
  async *watchResources(signal: AbortSignal): AsyncGenerator<ServedResources> {
    const { WatchResources: method } = resourceService;
    for await (const message of callServerStream<object, ServedMessage>(this.#client, method!, {}, signal)) {
      yield servedResourcesOf(message);
    }
  }

  /** Binds pods to nodes, at most 1,024 at a time; one result each, in order. */
  bind(bindings: readonly Binding[], scheduler: string, options?: CallOptions): Promise<ItemResult[]> {
    return this.#batch(schedulingService.Bind!, { bindings, scheduler }, options, false);
  }

  /** Records why pods wait, at most 1,024 at a time; one result each, in order. */
  reportUnschedulable(
    pods: readonly UnschedulablePod[],
    scheduler: string,
    options?: CallOptions,
  ): Promise<ItemResult[]> {
    return this.#batch(schedulingService.ReportUnschedulable!, { pods, scheduler }, options, true);
  }

  /** Asks for a pod's end. Rejects with TooManyRequests where a disruption budget forbids it. */
  async evict(request: EvictRequest, options?: WriteOptions): Promise<void> {
    const { dryRun = false } = options ?? {};
    await this.#write(schedulingService.Evict!, { ...request, dryRun }, options);
  }

  /** Says that a node lives, for the next `ttlMs` milliseconds, and learns whether its status is to be reported anew. */
  async heartbeat(nodeName: string, ttlMs: number, options?: CallOptions): Promise<HeartbeatAnswer> {
    type Response = Partial<HeartbeatAnswer>;
    const { reportStatus = false } = await this.#read<Response>(nodeService.Heartbeat!, { nodeName, ttlMs }, options);
    return { reportStatus };
  }

  /** The nodes that were heard lately. */
  async listHeartbeats(options?: CallOptions): Promise<HeartbeatList> {
    const answer = await this.#read<Partial<HeartbeatList>>(nodeService.ListHeartbeats!, {}, options);
    return { heartbeats: answer.heartbeats ?? [], resourceVersion: Number(answer.resourceVersion ?? 0) };
  }

  /** Writes the statuses of pods on one node, at most 1,024 at a time; one result each, in order. */
  reportPods(nodeName: string, pods: readonly PodReport[], options?: CallOptions): Promise<ItemResult[]> {
    return this.#batch(nodeService.ReportPods!, { nodeName, pods }, options, true);
  }

  /** Makes a token of a service account; its `status.token` is the token itself. */
  async requestToken(
    account: { readonly namespace: string; readonly name: string },
    spec: TokenRequestSpec,
    options?: CallOptions,
  ): Promise<{ readonly spec: TokenRequestSpec; readonly status: Required<TokenRequestStatus> }> {
    type Response = { readonly spec: TokenRequestSpec; readonly status: Required<TokenRequestStatus> };
    return this.#write<Response>(tokenService.RequestToken!, { ...account, spec }, options);
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  async #writeObject<T extends KubeObject>(
    method: MethodDefinition<object, object>,
    object: T,
    options: UpdateOptions | undefined,
  ): Promise<T> {
    const { dryRun = false, subresource } = options ?? {};
    const request = { object: wrap(object), dryRun, ...(subresource && { subresource }) };
    return unwrap<T>(await this.#write<Wrapped>(method, request, options));
  }

  async #batch(
    method: MethodDefinition<object, object>,
    request: object,
    options: CallOptions | undefined,
    idempotent: boolean,
  ): Promise<ItemResult[]> {
    type Response = { results?: Partial<ItemResult>[] };
    const response = await this.#call<Response>(method, request, options, idempotent);
    return (response.results ?? []).map(itemResult);
  }

  #read<Response>(method: MethodDefinition<object, object>, request: object, options?: CallOptions): Promise<Response> {
    return this.#call(method, request, options, true);
  }

  /** A write that failed may have been carried out, so it is not repeated. */
  #write<Response>(
    method: MethodDefinition<object, object>,
    request: object,
    options?: CallOptions,
  ): Promise<Response> {
    return this.#call(method, request, options, false);
  }

  #call<Response>(
    method: MethodDefinition<object, object>,
    request: object,
    options: CallOptions | undefined,
    idempotent: boolean,
  ): Promise<Response> {
    const { signal, timeoutMs = this.#defaults.timeoutMs } = options ?? {};
    return callUnary(this.#client, method, request, { ...this.#defaults, signal, timeoutMs, idempotent });
  }
}

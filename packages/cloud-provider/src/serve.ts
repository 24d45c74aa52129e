/** Serves a provider that is written in TypeScript to autoscalers of any kind. */
import { noCredentials } from '@gantry/client/credentials.ts';
import { type GrpcServer, type ListenAt, serveGrpc } from '@gantry/client/serve.ts';
import { ServerCalls } from '@gantry/client/server-calls.ts';
import type * as wire from '@gantry/model/gen/clusterautoscaler.cloudprovider.v1.externalgrpc.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import {
  nodeOf,
  optionsOf,
  podOf,
  providerService,
  providerServiceName,
  timestampMs,
  wireInstance,
  wireOptions,
  wireTemplate,
} from './messages.ts';
import type { NodeProvider } from './provider.ts';

/** Nodes to delete and pods to price are what is large in requests. */
const maxRequestBytes = 16 * 1024 * 1024;

/**
 * Serves a provider. Everybody who can open a Unix socket may call: its folder must be its owner's alone. A port asks for `credentials` and
 * `admit` (admitPeers of @gantry/client/guard.ts).
 */
export async function serveProvider(
  provider: NodeProvider,
  options: { readonly at: ListenAt; readonly log: Logger },
): Promise<GrpcServer> {
  const service = {
    name: providerServiceName,
    definition: providerService,
    handlers: handlersOf(provider, options.log),
  };
  return await serveGrpc([service], { maxRequestBytes, ...options.at });
}

/** A place for everybody who may open a socket. */
export function atSocket(path: string): ListenAt {
  return { socket: path, credentials: noCredentials, admit: () => {} };
}

function handlersOf(provider: NodeProvider, log: Logger): UntypedServiceImplementation {
  const calls = new ServerCalls({ contextOf: (_, signal) => ({ signal }), log });
  return {
    ...groupHandlers(provider, calls),
    ...optionalHandlers(provider, calls),
    NodeGroups: calls.unary(async ({ signal }) => ({ nodeGroups: await provider.nodeGroups(signal) })),
    NodeGroupForNode: calls.unary(async ({ signal }, { node }: wire.NodeGroupForNodeRequest) => {
      return { nodeGroup: (await provider.nodeGroupForNode(nodeOf(node), signal)) ?? {} };
    }),
    Refresh: calls.unary(async ({ signal }) => {
      await provider.refresh?.(signal);
      return {};
    }),
    Cleanup: calls.unary(async ({ signal }) => {
      await provider.cleanup?.(signal);
      return {};
    }),
    GPULabel: calls.unary(async ({ signal }) => ({ label: (await provider.gpuLabel?.(signal)) ?? '' })),
    GetAvailableGPUTypes: calls.unary(async ({ signal }) => {
      const types = (await provider.gpuTypes?.(signal)) ?? [];
      return { gpuTypes: Object.fromEntries(types.map((type) => [type, {}])) };
    }),
  };
}

type Calls = ServerCalls<{ readonly signal: AbortSignal }>;

function groupHandlers(provider: NodeProvider, calls: Calls): UntypedServiceImplementation {
  return {
    NodeGroupTargetSize: calls.unary(async ({ signal }, { id }: wire.NodeGroupTargetSizeRequest) => {
      return { targetSize: await provider.targetSize(groupId(id), signal) };
    }),
    NodeGroupIncreaseSize: calls.unary(async ({ signal }, { id, delta }: wire.NodeGroupIncreaseSizeRequest) => {
      await provider.increaseSize(groupId(id), change(delta, 1), signal);
      return {};
    }),
    NodeGroupDeleteNodes: calls.unary(async ({ signal }, { id, nodes = [] }: wire.NodeGroupDeleteNodesRequest) => {
      await provider.deleteNodes(groupId(id), nodes.map(nodeOf), signal);
      return {};
    }),
    NodeGroupDecreaseTargetSize: calls.unary(
      async ({ signal }, { id, delta }: wire.NodeGroupDecreaseTargetSizeRequest) => {
        await provider.decreaseTargetSize(groupId(id), change(delta, -1), signal);
        return {};
      },
    ),
    NodeGroupNodes: calls.unary(async ({ signal }, { id }: wire.NodeGroupNodesRequest) => {
      return { instances: (await provider.instances(groupId(id), signal)).map(wireInstance) };
    }),
  };
}

/** Calls that a provider may lack. */
function optionalHandlers(provider: NodeProvider, calls: Calls): UntypedServiceImplementation {
  return {
    NodeGroupTemplateNodeInfo: calls.unary(async ({ signal }, { id }: wire.NodeGroupTemplateNodeInfoRequest) => {
      if (provider.template === undefined) throw lacking('templates');
      return wireTemplate(await provider.template(groupId(id), signal));
    }),
    NodeGroupGetOptions: calls.unary(async ({ signal }, { id, defaults }: wire.NodeGroupAutoscalingOptionsRequest) => {
      if (provider.options === undefined) throw lacking('settings of groups');
      const given = await provider.options(groupId(id), optionsOf(defaults ?? {}, noOptions), signal);
      return given === undefined ? {} : { nodeGroupAutoscalingOptions: wireOptions(given) };
    }),
    PricingNodePrice: calls.unary(async ({ signal }, request: wire.PricingNodePriceRequest) => {
      if (provider.nodePrice === undefined) throw lacking('prices of nodes');
      const [from, to] = periodOf(request);
      return { price: await provider.nodePrice(nodeOf(request.node), from, to, signal) };
    }),
    PricingPodPrice: calls.unary(async ({ signal }, request: wire.PricingPodPriceRequest) => {
      if (provider.podPrice === undefined) throw lacking('prices of pods');
      const [from, to] = periodOf(request);
      return { price: await provider.podPrice(podIn(request), from, to, signal) };
    }),
  };
}

const noOptions = {
  scaleDownUtilizationThreshold: 0,
  scaleDownGpuUtilizationThreshold: 0,
  zeroOrMaxNodeScaling: false,
  ignoreDaemonSetsUtilization: false,
  allowNonAtomicScaleUpToMax: false,
  scaleDownUnneededMs: 0,
  scaleDownUnreadyMs: 0,
  maxNodeProvisionMs: 0,
  maxNodeStartupMs: 0,
};

function periodOf(request: wire.PricingNodePriceRequest): readonly [fromMs: number, toMs: number] {
  const { startTimestamp, endTimestamp, startTime, endTime } = request;
  return [timestampMs(startTimestamp ?? startTime), timestampMs(endTimestamp ?? endTime)];
}

function podIn({ pod_bytes: bytes, pod }: wire.PricingPodPriceRequest) {
  try {
    return podOf(bytes ?? pod ?? '');
  } catch (cause) {
    throw new GantryError('BadRequest', `the pod cannot be decoded: ${(cause as Error).message}`, { cause });
  }
}

function groupId(id: string | undefined): string {
  if (id !== undefined && id !== '') return id;
  throw new GantryError('BadRequest', 'the id of the node group is missing');
}

/** The number in a change of a size, which has one sign. */
function change(delta: number | undefined, sign: 1 | -1): number {
  const count = (delta ?? 0) * sign;
  if (count > 0) return count;
  const word = sign > 0 ? 'positive' : 'negative';
  throw new GantryError('BadRequest', `delta must be ${word}, and is ${delta ?? 0}`);
}

function lacking(thing: string): GantryError {
  return new GantryError('MethodNotAllowed', `this provider has no ${thing}`);
}

/** The words of provider.ts as messages of the protocol (proto/clusterautoscaler/externalgrpc.proto), both ways. */
import { serviceDefinitionOf } from '@gantry/client/protos.ts';
import { codecFor } from '@gantry/model/codec.ts';
import type {
  Duration,
  ExternalGrpcNode,
  NanosecondDuration,
  NodeGroupAutoscalingOptions,
  NodeGroupTemplateNodeInfoResponse,
  Timestamp,
  Instance as WireInstance,
  NodeGroup as WireNodeGroup,
} from '@gantry/model/gen/clusterautoscaler.cloudprovider.v1.externalgrpc.ts';
import type { Node, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { ResourceSlice } from '@gantry/model/gen/gantry.resource.v1.ts';
import type { GroupOptions, Instance, InstanceError, NodeGroup, NodeTemplate, ProviderNode } from './provider.ts';

const protocolPackage = 'clusterautoscaler.cloudprovider.v1.externalgrpc';

/** Full name of the gRPC service. */
export const providerServiceName = `${protocolPackage}.CloudProvider`;

/** The gRPC service for clients and servers; bytes are base64 in its messages. */
export const providerService = serviceDefinitionOf(providerServiceName);

const states = { instanceCreating: 'creating', instanceRunning: 'running', instanceDeleting: 'deleting' } as const;
/** InstanceErrorClass of a provider that has no machine left, and of anything else. */
const outOfResourcesClass = 1;
const otherClass = 99;

/** @param node Of the protocol; absent fields are empty. */
export function nodeOf(node: ExternalGrpcNode | undefined): ProviderNode {
  const { providerID = '', name = '', labels = {}, annotations = {} } = node ?? {};
  return { providerID, name, labels, annotations };
}

/** The group as the protocol has it; one without an id stands for none. */
export function groupOf(group: WireNodeGroup | undefined): NodeGroup {
  const { id = '', minSize = 0, maxSize = 0, debug = '' } = group ?? {};
  return { id, minSize, maxSize, debug };
}

export function instanceOf({ id = '', status }: WireInstance): Instance {
  const { instanceState, errorInfo } = status ?? {};
  const state = states[instanceState as keyof typeof states] ?? 'unknown';
  const { errorCode = '', errorMessage = '', instanceErrorClass } = errorInfo ?? {};
  if (errorCode === '') return { id, state };
  const kind = instanceErrorClass === outOfResourcesClass ? 'outOfResources' : 'other';
  return { id, state, error: { kind, code: errorCode, message: errorMessage } };
}

export function wireInstance({ id, state, error }: Instance): WireInstance {
  const [instanceState = 'unspecified'] = Object.entries(states).find(([, each]) => each === state) ?? [];
  return {
    id,
    status: {
      instanceState: instanceState as NonNullable<WireInstance['status']>['instanceState'],
      ...(error === undefined ? {} : { errorInfo: wireError(error) }),
    },
  };
}

function wireError({ kind, code, message }: InstanceError) {
  const instanceErrorClass = kind === 'outOfResources' ? outOfResourcesClass : otherClass;
  // An empty code would say that there is no error.
  return { errorCode: code === '' ? 'unknown' : code, errorMessage: message, instanceErrorClass };
}

export function timestamp(ms: number): Timestamp {
  const seconds = Math.floor(ms / 1_000);
  return { seconds, nanos: Math.round((ms - seconds * 1_000) * 1_000_000) };
}

/** Milliseconds since the epoch. */
export function timestampMs(time: Timestamp | undefined): number {
  return (time?.seconds ?? 0) * 1_000 + (time?.nanos ?? 0) / 1_000_000;
}

/** The names of a duration in both versions of the protocol. */
const durations = [
  ['scaleDownUnneededMs', 'scaleDownUnneededDuration', 'scaleDownUnneededTime'],
  ['scaleDownUnreadyMs', 'scaleDownUnreadyDuration', 'scaleDownUnreadyTime'],
  ['maxNodeProvisionMs', 'MaxNodeProvisionDuration', 'MaxNodeProvisionTime'],
  ['maxNodeStartupMs', 'maxNodeStartupDuration', undefined],
] as const;

/** The settings in both versions of the protocol, so that either side finds its own. */
export function wireOptions(options: GroupOptions): NodeGroupAutoscalingOptions {
  const times: Record<string, Duration | NanosecondDuration> = {};
  for (const [name, current, earlier] of durations) {
    times[current] = timestamp(options[name]);
    if (earlier !== undefined) times[earlier] = { duration: Math.round(options[name] * 1_000_000) };
  }
  return {
    scaleDownUtilizationThreshold: options.scaleDownUtilizationThreshold,
    scaleDownGpuUtilizationThreshold: options.scaleDownGpuUtilizationThreshold,
    zeroOrMaxNodeScaling: options.zeroOrMaxNodeScaling,
    ignoreDaemonSetsUtilization: options.ignoreDaemonSetsUtilization,
    allowNonAtomicScaleUpToMax: options.allowNonAtomicScaleUpToMax,
    ...times,
  };
}

/** Settings that came. A time that is absent is the default's: an earlier version does not know it. */
export function optionsOf(wire: NodeGroupAutoscalingOptions, defaults: GroupOptions): GroupOptions {
  const times: Record<string, number> = {};
  for (const [name, current, earlier] of durations) {
    const before = earlier === undefined ? undefined : wire[earlier];
    if (wire[current] !== undefined) times[name] = timestampMs(wire[current]);
    else if (before !== undefined) times[name] = (before.duration ?? 0) / 1_000_000;
  }
  return {
    ...defaults,
    scaleDownUtilizationThreshold: wire.scaleDownUtilizationThreshold ?? 0,
    scaleDownGpuUtilizationThreshold: wire.scaleDownGpuUtilizationThreshold ?? 0,
    zeroOrMaxNodeScaling: wire.zeroOrMaxNodeScaling ?? false,
    ignoreDaemonSetsUtilization: wire.ignoreDaemonSetsUtilization ?? false,
    allowNonAtomicScaleUpToMax: wire.allowNonAtomicScaleUpToMax ?? false,
    ...times,
  };
}

/** The template in both versions of the protocol. */
export function wireTemplate({ node, resourceSlices }: NodeTemplate): NodeGroupTemplateNodeInfoResponse {
  const bytes = toBytes('gantry.core.v1.Node', node);
  return {
    nodeInfo: bytes,
    nodeBytes: bytes,
    resourceSliceBytes: resourceSlices.map((slice) => toBytes('gantry.resource.v1.ResourceSlice', slice)),
  };
}

/** A template that came; undefined where it says nothing of a node. Throws a RangeError on bytes that are no such object. */
export function templateOf(wire: NodeGroupTemplateNodeInfoResponse): NodeTemplate | undefined {
  const bytes = wire.nodeBytes ?? wire.nodeInfo;
  if (bytes === undefined) return undefined;
  const node = ofBytes<Node>('gantry.core.v1.Node', bytes);
  const slices = (wire.resourceSliceBytes ?? []).map((slice) =>
    ofBytes<ResourceSlice>('gantry.resource.v1.ResourceSlice', slice),
  );
  return {
    node: { ...node, apiVersion: 'v1', kind: 'Node' },
    resourceSlices: slices.map((slice) => ({ ...slice, apiVersion: 'resource.k8s.io/v1', kind: 'ResourceSlice' })),
  };
}

/** A pod as the protocol carries it. */
export function podBytes(pod: Pod): string {
  return toBytes('gantry.core.v1.Pod', pod);
}

/** A pod that came. Throws a RangeError on bytes that are no pod. */
export function podOf(bytes: string): Pod {
  return { ...ofBytes<Pod>('gantry.core.v1.Pod', bytes), apiVersion: 'v1', kind: 'Pod' };
}

function toBytes(message: string, object: object): string {
  return Buffer.from(codecFor(message).encode(object, 'drop')).toString('base64');
}

function ofBytes<T>(message: string, bytes: string): T {
  return codecFor(message).decode(Buffer.from(bytes, 'base64')) as T;
}

// Generated from proto/ by `npm run generate`; not edited by hand.

/** A value of any type, in the form of google.protobuf.Any. */
export interface AnyValue {
  type_url?: string;
  /** Its bytes. */
  value?: string;
}

/** Says that the autoscaler ends. */
export interface CleanupRequest {
}

/** Confirms it. */
export interface CleanupResponse {
}

/** A span of time, in the form of google.protobuf.Duration. */
export interface Duration {
  /** Whole seconds. */
  seconds?: number;
  /** Nanoseconds beyond them. */
  nanos?: number;
}

/** A node as far as a provider needs to know it. */
export interface ExternalGrpcNode {
  /** The provider's name of the machine: <provider>://<identifier>. */
  providerID?: string;
  /** Name of the node. */
  name?: string;
  /** Labels of the node. */
  labels?: Record<string, string>;
  /** Annotations of the node. */
  annotations?: Record<string, string>;
}

/** Asks for the label of nodes with GPUs. */
export interface GPULabelRequest {
}

/** The label of nodes with GPUs. */
export interface GPULabelResponse {
  /** Key of the label. */
  label?: string;
}

/** Asks for the types of GPUs. */
export interface GetAvailableGPUTypesRequest {
}

/** The types of GPUs. */
export interface GetAvailableGPUTypesResponse {
  /** Types by name; the values are the provider's own. */
  gpuTypes?: Record<string, AnyValue>;
}

/** A machine. */
export interface Instance {
  /** The provider's name of it, which is its node's spec.providerID. */
  id?: string;
  /** How it is. */
  status?: InstanceStatus;
}

/** Trouble with a machine. */
export interface InstanceErrorInfo {
  /** The provider's code; empty where there is no trouble. */
  errorCode?: string;
  /** Words for people. */
  errorMessage?: string;
  /** 1 where the provider has no machine left, 99 for anything else. */
  instanceErrorClass?: number;
}

/** How a machine is. */
export interface InstanceStatus {
  /** The state. */
  instanceState?: 'unspecified' | 'instanceRunning' | 'instanceCreating' | 'instanceDeleting';
  /** Trouble with it. */
  errorInfo?: InstanceErrorInfo;
}

/** A span of time in the form of Kubernetes' metav1.Duration, as earlier versions of the protocol had it. */
export interface NanosecondDuration {
  /** Nanoseconds. */
  duration?: number;
}

/** A group of like nodes. */
export interface NodeGroup {
  /** Its identifier, which never changes. */
  id?: string;
  /** Least number of nodes. */
  minSize?: number;
  /** Most nodes. */
  maxSize?: number;
  /** Words about the group for people. */
  debug?: string;
}

/** Settings of the autoscaler for one group. */
export interface NodeGroupAutoscalingOptions {
  /** Share of requested cpu or memory below which a node may go, from 0 to 1. */
  scaleDownUtilizationThreshold?: number;
  /** The same of GPUs, where a node has some. */
  scaleDownGpuUtilizationThreshold?: number;
  /** Time that a node is unneeded before it may go, as earlier versions have it. */
  scaleDownUnneededTime?: NanosecondDuration;
  /** Time that a node is not ready before it may go, as earlier versions have it. */
  scaleDownUnreadyTime?: NanosecondDuration;
  /** Time that a node may take to come, as earlier versions have it. */
  MaxNodeProvisionTime?: NanosecondDuration;
  /** The group has all of its nodes or none. */
  zeroOrMaxNodeScaling?: boolean;
  /** Pods of DaemonSets do not count as use of a node. */
  ignoreDaemonSetsUtilization?: boolean;
  /** Time that a node is unneeded before it may go. */
  scaleDownUnneededDuration?: Duration;
  /** Time that a node is not ready before it may go. */
  scaleDownUnreadyDuration?: Duration;
  /** Time that a node may take to come. */
  MaxNodeProvisionDuration?: Duration;
  /** Time that a node that has come may take to be ready. */
  maxNodeStartupDuration?: Duration;
  /** A group of zeroOrMaxNodeScaling keeps what came where not all did. */
  allowNonAtomicScaleUpToMax?: boolean;
}

/** Asks for the settings of a group. */
export interface NodeGroupAutoscalingOptionsRequest {
  /** The group. */
  id?: string;
  /** Settings of groups that have none of their own. */
  defaults?: NodeGroupAutoscalingOptions;
}

/** The settings of a group. */
export interface NodeGroupAutoscalingOptionsResponse {
  /** The settings; absent where the defaults count. */
  nodeGroupAutoscalingOptions?: NodeGroupAutoscalingOptions;
}

/** Takes back a part of an increase. */
export interface NodeGroupDecreaseTargetSizeRequest {
  /** Number of nodes that are not to come, as a negative number. */
  delta?: number;
  /** The group. */
  id?: string;
}

/** Confirms that the new size counts. */
export interface NodeGroupDecreaseTargetSizeResponse {
}

/** Ends nodes. */
export interface NodeGroupDeleteNodesRequest {
  /** The nodes, all of one group. */
  nodes?: ExternalGrpcNode[];
  /** The group. */
  id?: string;
}

/** Confirms that the nodes end and the new size counts. */
export interface NodeGroupDeleteNodesResponse {
}

/** Asks for the group of a node. */
export interface NodeGroupForNodeRequest {
  /** The node. */
  node?: ExternalGrpcNode;
}

/** The group of a node. */
export interface NodeGroupForNodeResponse {
  /** The group; one with an empty id stands for none. */
  nodeGroup?: NodeGroup;
}

/** Raises the size of a group. */
export interface NodeGroupIncreaseSizeRequest {
  /** Number of nodes to add. */
  delta?: number;
  /** The group. */
  id?: string;
}

/** Confirms that the new size counts. */
export interface NodeGroupIncreaseSizeResponse {
}

/** Asks for the machines of a group. */
export interface NodeGroupNodesRequest {
  /** The group. */
  id?: string;
}

/** The machines of a group. */
export interface NodeGroupNodesResponse {
  /** The machines. */
  instances?: Instance[];
}

/** Asks for the size that a group is to have. */
export interface NodeGroupTargetSizeRequest {
  /** The group. */
  id?: string;
}

/** The size that a group is to have. */
export interface NodeGroupTargetSizeResponse {
  /** Number of nodes. */
  targetSize?: number;
}

/** Asks for a new and empty node of a group. */
export interface NodeGroupTemplateNodeInfoRequest {
  /** The group. */
  id?: string;
}

/** A new and empty node of a group. */
export interface NodeGroupTemplateNodeInfoResponse {
  /** The node as a protobuf message, as earlier versions have it. */
  nodeInfo?: string;
  /** The node as a protobuf message of k8s.io.api.core.v1. */
  nodeBytes?: string;
  /** ResourceSlices of resource.k8s.io/v1 that such a node brings, as protobuf messages. */
  resourceSliceBytes?: string[];
}

/** Asks for all groups. */
export interface NodeGroupsRequest {
}

/** All groups. */
export interface NodeGroupsResponse {
  /** The groups. */
  nodeGroups?: NodeGroup[];
}

/** Asks for the price of a node. */
export interface PricingNodePriceRequest {
  /** The node. */
  node?: ExternalGrpcNode;
  /** Begin of the time, as earlier versions have it. */
  startTime?: Timestamp;
  /** End of the time, as earlier versions have it. */
  endTime?: Timestamp;
  /** Begin of the time. */
  startTimestamp?: Timestamp;
  /** End of the time. */
  endTimestamp?: Timestamp;
}

/** The price of a node. */
export interface PricingNodePriceResponse {
  /** Price for the whole time, in the provider's own unit. */
  price?: number;
}

/** Asks for the price of a pod. */
export interface PricingPodPriceRequest {
  /** The pod as a protobuf message, as earlier versions have it. */
  pod?: string;
  /** Begin of the time, as earlier versions have it. */
  startTime?: Timestamp;
  /** End of the time, as earlier versions have it. */
  endTime?: Timestamp;
  pod_bytes?: string;
  /** Begin of the time. */
  startTimestamp?: Timestamp;
  /** End of the time. */
  endTimestamp?: Timestamp;
}

/** The price of a pod. */
export interface PricingPodPriceResponse {
  /** Price for the whole time, in the provider's own unit. */
  price?: number;
}

/** Says that a round of decisions begins. */
export interface RefreshRequest {
}

/** Confirms it. */
export interface RefreshResponse {
}

/** A point in time, in the form of google.protobuf.Timestamp and of Kubernetes' metav1.Time. */
export interface Timestamp {
  /** Seconds since 1970. */
  seconds?: number;
  /** Nanoseconds beyond them. */
  nanos?: number;
}

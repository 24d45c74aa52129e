// Generated from proto/ by `npm run generate`; not edited by hand.

import type { NodeSelector } from './gantry.core.v1.ts';
import type { Condition, ObjectMeta } from './gantry.meta.v1.ts';

/** State of one device, as its driver tells. */
export interface AllocatedDeviceStatus {
  /** Its driver. */
  driver: string;
  /** Its pool. */
  pool: string;
  /** Its name in the pool. */
  device: string;
  /** Uid of the share. */
  shareID?: string;
  /** Conditions; 8 at most. */
  conditions?: Condition[];
  /** Anything that the driver tells; 10 KiB at most. */
  data?: unknown;
  /** State of a network device. */
  networkData?: NetworkDeviceData;
}

/** Devices that were given. */
export interface AllocationResult {
  /** The devices. */
  devices?: DeviceAllocationResult;
  /** Nodes on which they can be used; all where absent. */
  nodeSelector?: NodeSelector;
  /** When they were given. */
  allocationTimestamp?: string;
}

/** A condition in CEL. */
export interface CELDeviceSelector {
  /** CEL expression that is true for devices that fit. It sees device.driver, device.attributes, device.capacity and device.allowMultipleAllocations. */
  expression: string;
}

/** Shares of a capacity that may be asked for. */
export interface CapacityRequestPolicy {
  /** The share of a claim that names none. */
  default?: string;
  /** The shares there are, the smallest first; 10 at most. Either this or validRange is set. */
  validValues?: string[];
  /** Bounds of the shares. */
  validRange?: CapacityRequestPolicyRange;
}

/** Bounds of shares. */
export interface CapacityRequestPolicyRange {
  /** Least. */
  min?: string;
  /** Most. */
  max?: string;
  /** Distance from one share to the next. */
  step?: string;
}

/** Amounts of a device's capacities. */
export interface CapacityRequirements {
  /** Amounts by the name of the capacity. */
  requests?: Record<string, string>;
}

/** An amount. */
export interface Counter {
  /** The amount. */
  value: string;
}

/** Amounts that devices share. */
export interface CounterSet {
  /** Name; unique in the pool. */
  name: string;
  /** Amounts by name; 32 at most. */
  counters?: Record<string, Counter>;
}

/** One device. */
export interface Device {
  /** Name; unique in the pool. */
  name: string;
  /** Attributes by name, "name" or "domain/name"; 32 at most together with capacities. */
  attributes?: Record<string, DeviceAttribute>;
  /** Capacities by name. */
  capacity?: Record<string, DeviceCapacity>;
  /** Amounts that it takes of counters while it is used. */
  consumesCounters?: DeviceCounterConsumption[];
  /** The only node that reaches it, with perDeviceNodeSelection. */
  nodeName?: string;
  /** Nodes that reach it, with perDeviceNodeSelection. */
  nodeSelector?: NodeSelector;
  /** All nodes reach it, with perDeviceNodeSelection. */
  allNodes?: boolean;
  /** Taints; 16 at most. */
  taints?: DeviceTaint[];
  /** Once given, only the node that was chosen reaches it. */
  bindsToNode?: boolean;
  /** Conditions that must be true before a pod that uses it is bound; 4 at most. */
  bindingConditions?: string[];
  /** Conditions that end the wait for those; 4 at most. */
  bindingFailureConditions?: string[];
  /** It may be given to several claims. */
  allowMultipleAllocations?: boolean;
}

/** Settings of devices that were given. */
export interface DeviceAllocationConfiguration {
  /** "FromClass" or "FromClaim". */
  source: string;
  /** Names of requests; all where empty. */
  requests?: string[];
  /** Settings that only the driver understands. */
  opaque?: OpaqueDeviceConfiguration;
}

/** Devices that were given, and their settings. */
export interface DeviceAllocationResult {
  /** The devices. */
  results?: DeviceRequestAllocationResult[];
  /** Settings of class and claim, later ones going before earlier ones. */
  config?: DeviceAllocationConfiguration[];
}

/** An attribute: one of the fields is set. */
export interface DeviceAttribute {
  /** A number. */
  int?: number;
  /** A truth value. */
  bool?: boolean;
  /** A text of 64 characters at most. */
  string?: string;
  /** A version of Semantic Versioning 2.0.0. */
  version?: string;
}

/** A capacity of a device. */
export interface DeviceCapacity {
  /** The whole amount. */
  value: string;
  /** Shares that may be asked for, where the device can be shared. */
  requestPolicy?: CapacityRequestPolicy;
}

/** Wanted devices. */
export interface DeviceClaim {
  /** Requests, all of which must be met by different devices; 32 at most. */
  requests?: DeviceRequest[];
  /** Demands on several devices together; 32 at most. */
  constraints?: DeviceConstraint[];
  /** Settings of the devices; 32 at most. */
  config?: DeviceClaimConfiguration[];
}

/** Settings of the devices of some requests. */
export interface DeviceClaimConfiguration {
  /** Names of requests, "request" or "request/subrequest"; all where empty. */
  requests?: string[];
  /** Settings that only the driver understands. */
  opaque?: OpaqueDeviceConfiguration;
}

/** Devices under one name, such as all GPUs of a maker, with settings for all of them. Claims name it. */
export interface DeviceClass {
  apiVersion: string;
  kind: 'DeviceClass';
  /** Identity. */
  metadata: ObjectMeta;
  /** The devices and their settings. */
  spec?: DeviceClassSpec;
}

/** Settings of a class. */
export interface DeviceClassConfiguration {
  /** Settings that only the driver understands. */
  opaque?: OpaqueDeviceConfiguration;
}

/** Devices and their settings. */
export interface DeviceClassSpec {
  /** Conditions that each device must meet; 32 at most. */
  selectors?: DeviceSelector[];
  /** Settings of each device, beside those of the claim; 32 at most. */
  config?: DeviceClassConfiguration[];
  /** Extended resource, such as "example.com/gpu", that stands for this class in requests of containers. */
  extendedResourceName?: string;
}

/** Settings of devices. */
export interface DeviceConfiguration {
  /** Settings that only the driver understands. */
  opaque?: OpaqueDeviceConfiguration;
}

/** A demand on several devices together: one of the attributes is set. */
export interface DeviceConstraint {
  /** Names of requests, "request" or "request/subrequest"; all where empty. */
  requests?: string[];
  /** Attribute, such as "example.com/numa", that must have the same value in all of the devices. */
  matchAttribute?: string;
  /** Attribute that must have another value in each of the devices. */
  distinctAttribute?: string;
}

/** Amounts that a device takes of the counters of one set. */
export interface DeviceCounterConsumption {
  /** Name of the set. */
  counterSet: string;
  /** Amounts by the counter's name. */
  counters?: Record<string, Counter>;
}

/** A wish for devices of one class, or for the first of several wishes that can be met. */
export interface DeviceRequest {
  /** Name, by which pods and constraints refer to it; unique in the claim. */
  name: string;
  /** The wish. Either this or firstAvailable is set. */
  exactly?: ExactDeviceRequest;
  /** Wishes, the preferred one first; 8 at most. */
  firstAvailable?: DeviceSubRequest[];
}

/** One device that was given. */
export interface DeviceRequestAllocationResult {
  /** Name of the request that it meets, "request" or "request/subrequest". */
  request: string;
  /** Its driver. */
  driver: string;
  /** Its pool. */
  pool: string;
  /** Its name in the pool. */
  device: string;
  /** Only looked at, and used by others. */
  adminAccess?: boolean;
  /** Tolerations of the request. */
  tolerations?: DeviceToleration[];
  /** Conditions of the device that must be true before a pod is bound. */
  bindingConditions?: string[];
  /** Conditions of the device that end the wait for those. */
  bindingFailureConditions?: string[];
  /** Uid of its share of the device, where devices can be shared. */
  shareID?: string;
  /** Amounts of the device's capacities that it takes. */
  consumedCapacity?: Record<string, string>;
}

/** A condition that a device must meet. */
export interface DeviceSelector {
  /** The condition in CEL. */
  cel?: CELDeviceSelector;
}

/** A wish for devices of one class, among others. */
export interface DeviceSubRequest {
  /** Name; unique in its request. */
  name: string;
  /** Name of the class. */
  deviceClassName: string;
  /** Further conditions that each device must meet; 32 at most. */
  selectors?: DeviceSelector[];
  /** "ExactCount" (default): as many as count says; "All": all that fit on a node. */
  allocationMode?: string;
  /** Number of devices with "ExactCount"; by default 1. */
  count?: number;
  /** Taints of devices that are tolerated; 16 at most. */
  tolerations?: DeviceToleration[];
  /** Share of each device that is needed, where devices can be shared. */
  capacity?: CapacityRequirements;
}

/** A reason not to use a device, unless it is tolerated. */
export interface DeviceTaint {
  /** Key. */
  key: string;
  /** Value. */
  value?: string;
  /** "None" (tells only), "NoSchedule" (given to no new claim) or "NoExecute" (pods that use it end). */
  effect: string;
  /** When it was added; the time of the object's creation where absent then. */
  timeAdded?: string;
}

/** One taint for all devices that a selector matches, as if their driver had set it. */
export interface DeviceTaintRule {
  apiVersion: string;
  kind: 'DeviceTaintRule';
  /** Identity. */
  metadata: ObjectMeta;
  /** The devices and their taint. */
  spec?: DeviceTaintRuleSpec;
  /** Progress of the eviction of pods. */
  status?: DeviceTaintRuleStatus;
}

/** Devices and their taint. */
export interface DeviceTaintRuleSpec {
  /** The devices: an empty selector matches all of them, an absent one none. */
  deviceSelector?: DeviceTaintSelector;
  /** The taint. */
  taint?: DeviceTaint;
}

/** Progress of a rule. */
export interface DeviceTaintRuleStatus {
  /** Conditions, such as EvictionInProgress; 8 at most. */
  conditions?: Condition[];
}

/** Conditions that a device must meet, all of those that are set. */
export interface DeviceTaintSelector {
  /** Driver of the device. */
  driver?: string;
  /** Pool of the device. */
  pool?: string;
  /** Name of the device in its pool. */
  device?: string;
}

/** Lets devices with a taint be given. */
export interface DeviceToleration {
  /** Key of the taints; all keys where empty, with operator "Exists". */
  key?: string;
  /** "Equal" (default): value must be the taint's; "Exists": any value. */
  operator?: string;
  /** Value of the taint. */
  value?: string;
  /** "NoSchedule", "NoExecute" or "None"; all where empty. */
  effect?: string;
  /** Seconds for which "NoExecute" is tolerated; for ever where absent. */
  tolerationSeconds?: number;
}

/** A wish for devices of one class. */
export interface ExactDeviceRequest {
  /** Name of the class. */
  deviceClassName: string;
  /** Further conditions that each device must meet; 32 at most. */
  selectors?: DeviceSelector[];
  /** "ExactCount" (default): as many as count says; "All": all that fit on a node. */
  allocationMode?: string;
  /** Number of devices with "ExactCount"; by default 1. */
  count?: number;
  /** Look at devices that others use, for monitoring; only in namespaces labelled for it. */
  adminAccess?: boolean;
  /** Taints of devices that are tolerated; 16 at most. */
  tolerations?: DeviceToleration[];
  /** Share of each device that is needed, where devices can be shared. */
  capacity?: CapacityRequirements;
}

/** State of a network device. */
export interface NetworkDeviceData {
  /** Name of the interface in the pod; 256 bytes at most. */
  interfaceName?: string;
  /** Addresses with their prefixes, such as "10.0.0.5/24"; 16 at most. */
  ips?: string[];
  /** Hardware address; 128 bytes at most. */
  hardwareAddress?: string;
}

/** Settings that only a driver understands. */
export interface OpaqueDeviceConfiguration {
  /** Name of the driver, a domain. */
  driver: string;
  /** The settings: any object, with apiVersion and kind where they have versions; 10 KiB at most. */
  parameters?: unknown;
}

/** A wish for devices, and the devices that it was given. Pods name it. */
export interface ResourceClaim {
  apiVersion: string;
  kind: 'ResourceClaim';
  /** Identity. */
  metadata: ObjectMeta;
  /** The devices that are wanted; fixed. */
  spec?: ResourceClaimSpec;
  /** The devices that it was given, and who uses them. */
  status?: ResourceClaimStatus;
}

/** Someone who may use a claim's devices. */
export interface ResourceClaimConsumerReference {
  /** Group of its resource; empty for the core group. */
  apiGroup?: string;
  /** Its resource, such as "pods". */
  resource: string;
  /** Its name. */
  name: string;
  /** Its uid. */
  uid: string;
}

/** The devices that are wanted. */
export interface ResourceClaimSpec {
  /** The devices. */
  devices?: DeviceClaim;
}

/** The devices that a claim was given. */
export interface ResourceClaimStatus {
  /** The devices; absent until they are given. Fixed while it is there. */
  allocation?: AllocationResult;
  /** Those who may use them, mostly pods; 256 at most. */
  reservedFor?: ResourceClaimConsumerReference[];
  /** State of the devices, as their drivers tell. */
  devices?: AllocatedDeviceStatus[];
}

/** A claim that is made anew for each pod that names the template. */
export interface ResourceClaimTemplate {
  apiVersion: string;
  kind: 'ResourceClaimTemplate';
  /** Identity. */
  metadata: ObjectMeta;
  /** The claim; fixed. */
  spec?: ResourceClaimTemplateSpec;
}

/** Labels, annotations and spec of the claims. */
export interface ResourceClaimTemplateSpec {
  /** Labels and annotations of the claims. */
  metadata?: Partial<ObjectMeta>;
  /** The spec of the claims. */
  spec?: ResourceClaimSpec;
}

/** A pool of devices, which may be told of in several slices. */
export interface ResourcePool {
  /** Name, such as that of the node; unique among the driver's. */
  name: string;
  /** Counts the changes of the pool: slices of an older one are out of date. */
  generation?: number;
  /** Number of slices of the pool in this generation. */
  resourceSliceCount?: number;
}

/** Some of the devices of a pool, as their driver offers them. */
export interface ResourceSlice {
  apiVersion: string;
  kind: 'ResourceSlice';
  /** Identity. */
  metadata: ObjectMeta;
  /** The devices. */
  spec?: ResourceSliceSpec;
}

/** Devices of a pool, and the nodes that reach them: one of nodeName, nodeSelector, allNodes and perDeviceNodeSelection is set. */
export interface ResourceSliceSpec {
  /** Name of the driver, a domain; fixed. */
  driver: string;
  /** The pool. */
  pool?: ResourcePool;
  /** The only node that reaches the devices; fixed. */
  nodeName?: string;
  /** Nodes that reach the devices; with one term. */
  nodeSelector?: NodeSelector;
  /** All nodes reach the devices. */
  allNodes?: boolean;
  /** The devices; 128 at most, 64 where one has taints or consumes counters. */
  devices?: Device[];
  /** Each device says which nodes reach it. */
  perDeviceNodeSelection?: boolean;
  /** Amounts that devices of the pool share; 8 sets at most. Not beside devices. */
  sharedCounters?: CounterSet[];
}

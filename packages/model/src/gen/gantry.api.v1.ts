// Generated from proto/ by `npm run generate`; not edited by hand.

import type { MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, MutatingWebhookConfiguration, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, ValidatingWebhookConfiguration } from './gantry.admissionregistration.v1.ts';
import type { ResourceAdvice } from './gantry.advice.v1.ts';
import type { CustomResourceDefinition } from './gantry.apiextensions.v1.ts';
import type { APIService } from './gantry.apiregistration.v1.ts';
import type { ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet } from './gantry.apps.v1.ts';
import type { TokenRequestSpec, TokenRequestStatus } from './gantry.authentication.v1.ts';
import type { HorizontalPodAutoscaler } from './gantry.autoscaling.v2.ts';
import type { CronJob, Job } from './gantry.batch.v1.ts';
import type { CapacityBuffer } from './gantry.capacity.v1beta1.ts';
import type { CertificateSigningRequest, ClusterTrustBundle, PodCertificateRequest } from './gantry.certificates.v1.ts';
import type { Lease } from './gantry.coordination.v1.ts';
import type { ConfigMap, Endpoints, Event, LimitRange, Namespace, Node, PersistentVolume, PersistentVolumeClaim, Pod, PodStatus, PodTemplate, ReplicationController, ResourceQuota, Secret, Service, ServiceAccount } from './gantry.core.v1.ts';
import type { EndpointSlice } from './gantry.discovery.v1.ts';
import type { FlowSchema, PriorityLevelConfiguration } from './gantry.flowcontrol.v1.ts';
import type { ObjectMeta } from './gantry.meta.v1.ts';
import type { IPAddress, Ingress, IngressClass, NetworkPolicy, ServiceCIDR } from './gantry.networking.v1.ts';
import type { RuntimeClass } from './gantry.node.v1.ts';
import type { PodDisruptionBudget } from './gantry.policy.v1.ts';
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from './gantry.rbac.v1.ts';
import type { DeviceClass, DeviceTaintRule, ResourceClaim, ResourceClaimTemplate, ResourceSlice } from './gantry.resource.v1.ts';
import type { Rollout } from './gantry.rollout.v1.ts';
import type { PriorityClass } from './gantry.scheduling.v1.ts';
import type { PodGroup } from './gantry.scheduling.v1alpha1.ts';
import type { CSIDriver, CSINode, CSIStorageCapacity, StorageClass, VolumeAttachment, VolumeAttributesClass } from './gantry.storage.v1.ts';
import type { StorageVersionMigration } from './gantry.storagemigration.v1.ts';

/** A node to be added. */
export interface AddedNode {
  /** The template's id. */
  templateId?: string;
  /** Uids of pods that it is for. */
  podUids?: string[];
  /** Batches of which pods are on it, with their number. */
  headroom?: SimulatedPlacement[];
}

/** Asks that an object be as a manifest says. */
export interface ApplyRequest {
  /** One object as JSON or YAML, decoded strictly: a field that does not exist is an error. */
  manifest?: string;
  /** Namespace for a manifest that names none; "default" where empty. */
  defaultNamespace?: string;
  /** Do everything but store it. */
  dryRun?: boolean;
  /** Field manager that is to own what the manifest sets: server-side apply, in which it owns this and nothing else, and ABORTED tells of fields that others own. Without one the manifest is merged with the one that was applied last, which an annotation keeps. */
  fieldManager?: string;
  /** Take fields from other managers; with fieldManager alone. */
  force?: boolean;
}

/** Result of an apply. */
export interface ApplyResponse {
  /** The object as stored. */
  object?: Object;
  /** Effect of the apply. */
  outcome?: 'OUTCOME_UNSPECIFIED' | 'CREATED' | 'CONFIGURED' | 'UNCHANGED';
}

/** A batch of bindings, at most 1,024. */
export interface BindRequest {
  /** The bindings, carried out in order. */
  bindings?: Binding[];
  /** Name of the scheduler, as in spec.schedulerName; named in events. */
  scheduler?: string;
}

/** Outcome of each binding, in the order of the request. */
export interface BindResponse {
  /** One result a binding. */
  results?: ItemResult[];
}

/** A pod's assignment to a node. */
export interface Binding {
  /** The pod's namespace. */
  namespace?: string;
  /** The pod's name. */
  name?: string;
  /** The pod's uid: a pod of the same name that came later is not bound. */
  uid?: string;
  /** The node. */
  nodeName?: string;
  /** Numbers of the GPU devices that a pod gets which asks for any, counted from 0; the api chooses where none are named. */
  gpuDevices?: number[];
  /** Bindings of a request with the same gang, such as "default/training", are all carried out or all refused; at most 500 of them. Each on its own where empty. */
  gang?: string;
}

/** A change of one object. */
export interface Change {
  /** Changes parts of it. */
  patch?: PatchRequest;
  /** Asks for its end. */
  delete?: DeleteRequest;
}

/** Asks for changes of objects, at most 1,024. */
export interface ChangeBatchRequest {
  /** The changes. */
  changes?: Change[];
  /** Do everything but store them. The same field of each change is not looked at. */
  dryRun?: boolean;
}

/** Outcome of each change, in the order of the request. */
export interface ChangeBatchResponse {
  /** One result a change. */
  results?: ChangeResult[];
}

/** Outcome of one change. */
export interface ChangeResult {
  /** gRPC status code: 0 is success. */
  code?: number;
  /** Why it was refused; empty on success. */
  message?: string;
  /** Revision of the object; 0 where it was refused. */
  resourceVersion?: number;
  /** Kubernetes' reason of a refusal, such as Conflict or NotFound. */
  reason?: string;
  /** The object's uid; empty where it was refused. */
  uid?: string;
  /** True where a deletion left nothing of the object. */
  gone?: boolean;
}

/** Usage of one container. */
export interface ContainerMetrics {
  /** Name of the container. */
  name?: string;
  /** Processors in use over the window, in billionths of one: 1,000,000 are 1m. */
  cpuNanocores?: number;
  /** Memory that it holds and the kernel cannot take back, at the end of the window, in bytes. */
  memoryWorkingSetBytes?: number;
}

/** Names a container of a pod. */
export interface ContainerRef {
  /** The pod's namespace. */
  namespace?: string;
  /** The pod's name. */
  pod?: string;
  /** The container; the pod's only one, or the one that kubectl.kubernetes.io/default-container names, where empty. */
  container?: string;
}

/** Usage of a container. */
export interface ContainerStats {
  /** The pod's namespace. */
  namespace?: string;
  /** The pod's name. */
  pod?: string;
  /** The container. */
  container?: string;
  /** The node it runs on. */
  nodeName?: string;
  /** Processor time since its start, in nanoseconds. */
  cpuUsageNanoseconds?: number;
  /** Memory that it holds and the kernel cannot take back, in bytes. */
  memoryWorkingSetBytes?: number;
  /** When this was read, in milliseconds since the Unix epoch. */
  timestampMs?: number;
  /** Processors in use over the window, in billionths of one; 0 without a window. */
  cpuNanocores?: number;
  /** Length of the window before timestampMs over which processor time was measured, in milliseconds; 0 where there is no rate: the container is new, or what was read of it makes no sense. */
  windowMs?: number;
  /** The pod's metadata.uid: a pod's successor may have its name. */
  podUid?: string;
}

/** Asks for new objects, at most 1,024. */
export interface CreateBatchRequest {
  /** The objects, each as in CreateRequest. */
  objects?: Object[];
  /** Do everything but store them. */
  dryRun?: boolean;
}

/** Outcome of each object, in the order of the request. */
export interface CreateBatchResponse {
  /** One result an object. */
  results?: CreateResult[];
}

/** Asks for a new object. */
export interface CreateRequest {
  /** The object; metadata.name or metadata.generateName is set. */
  object?: Object;
  /** Do everything but store it. */
  dryRun?: boolean;
}

/** Outcome of one new object. */
export interface CreateResult {
  /** gRPC status code: 0 is success. */
  code?: number;
  /** Why it was refused; empty on success. */
  message?: string;
  /** Revision of the object; 0 where it was refused or not stored. */
  resourceVersion?: number;
  /** Kubernetes' reason of a refusal, such as AlreadyExists or Invalid. */
  reason?: string;
  /** Its name, which the server may have made of metadata.generateName. */
  name?: string;
  /** Its uid; empty where it was refused. */
  uid?: string;
}

/** Value of a metric of one object. */
export interface CustomMetricValue {
  /** Kind of the object, such as Pod. */
  kind?: string;
  /** API version of the object, such as v1. */
  apiVersion?: string;
  /** Namespace of the object; empty where it is in none. */
  namespace?: string;
  /** Name of the object. */
  name?: string;
  /** Name of the metric. */
  metric?: string;
  /** Time of the measurement, in milliseconds since the Unix epoch. */
  timestampMs?: number;
  /** Seconds over which a rate was measured; 0 for a value of the moment. */
  windowSeconds?: number;
  /** The value, as a quantity, such as 1500m. */
  value?: string;
}

/** Asks about a metric of objects. */
export interface CustomMetricsRequest {
  /** API group of the objects; empty for the core group. */
  group?: string;
  /** Plural name of the objects, such as pods. */
  resource?: string;
  /** Namespace of the objects; empty for objects that are in none. */
  namespace?: string;
  /** Name of one object, or empty where labelSelector tells which. */
  name?: string;
  /** Selector of the objects' labels, where no name is given; all of the namespace where that is empty, too. */
  labelSelector?: string;
  /** Name of the metric, such as requests_per_second. */
  metric?: string;
  /** Selector of the metric's own labels; all series together where empty. */
  metricSelector?: string;
}

/** Values of a metric of objects. */
export interface CustomMetricsResponse {
  /** One for each object that has the metric. */
  values?: CustomMetricValue[];
}

/** An object whose stored text cannot be decoded. */
export interface DamagedObject {
  /** The object. */
  ref?: ObjectRef;
  /** Revision of the write that left the text. */
  resourceVersion?: number;
  /** Why it cannot be decoded. */
  problem?: string;
}

/** Moves that free whole nodes. */
export interface DefragmentPlan {
  /** Nodes that become free, in the order in which they are emptied. */
  freed?: FreedNode[];
  /** Nodes that stay as they are, by reason, most first. */
  kept?: KeptNodes[];
}

/** Progress of a defragmentation. */
export interface DefragmentProgress {
  /** First message. */
  plan?: DefragmentPlan;
  /** A step of a move. */
  move?: MoveProgress;
}

/** Asks for whole nodes to be freed. */
export interface DefragmentRequest {
  /** Carry the plan out; otherwise it is only shown. */
  execute?: boolean;
  /** Pods to move at most; the scheduler's own setting where 0. */
  maxMoves?: number;
}

/** Asks for the end of objects. */
export interface DeleteCollectionRequest {
  /** Resource with its group. */
  resource?: string;
  /** Only this namespace; all where empty. */
  namespace?: string;
  /** Label selector. */
  labelSelector?: string;
  /** Field selector. */
  fieldSelector?: string;
  /** Seconds that pods get to end, as in DeleteRequest. */
  gracePeriodSeconds?: number;
  /** As in DeleteRequest. */
  propagationPolicy?: string;
  /** Do everything but delete them. */
  dryRun?: boolean;
}

/** All of them were asked to end. */
export interface DeleteCollectionResponse {
}

/** Asks for an object's end. */
export interface DeleteRequest {
  /** The object. */
  ref?: ObjectRef;
  /** Seconds that a pod gets to end; the pod's own where absent, 0 ends it at once and removes the object. */
  gracePeriodSeconds?: number;
  /** "Background" (dependents go after it), "Foreground" (before it) or "Orphan" (they stay); the kind's default where empty. */
  propagationPolicy?: string;
  /** Delete only an object with this uid. */
  uid?: string;
  /** Delete only this revision. */
  resourceVersion?: string;
  /** Do everything but delete it. */
  dryRun?: boolean;
}

/** The object whose end was asked for. */
export interface DeleteResponse {
  /** Its last state. */
  object?: Object;
  /** True where it is gone; false where it waits for its grace period or finalizers. */
  gone?: boolean;
}

/** A node that is to lose its pods. */
export interface EmptiedNode {
  /** The node. */
  nodeName?: string;
  /** Its pods that need another node, by uid. Its others go with it. */
  podUids?: string[];
}

/** Outcome for a node that was to be emptied. */
export interface EmptiedOutcome {
  /** The node. */
  nodeName?: string;
  /** True where all its pods find other nodes. */
  fits?: boolean;
  /** Why it cannot be emptied. */
  problem?: string;
}

/** Asks for a pod's eviction. */
export interface EvictRequest {
  /** The pod's namespace. */
  namespace?: string;
  /** The pod's name. */
  name?: string;
  /** Evict only the pod with this uid; any where empty. */
  uid?: string;
  /** Seconds that the pod gets to end; its own where absent. */
  gracePeriodSeconds?: number;
  /** Why, for the pod's DisruptionTarget condition, such as "PreemptionByScheduler". */
  reason?: string;
  /** Do everything but evict it. */
  dryRun?: boolean;
  /** Evict it even where a disruption budget forbids: what preemption does where nothing else makes room. */
  ignoreBudgets?: boolean;
  /** Evict it only in the state of this revision; in any where empty. */
  resourceVersion?: string;
  /** Treatment of the pod's dependents: "Background", "Foreground" or "Orphan"; Kubernetes' default where empty. */
  propagationPolicy?: string;
}

/** An eviction that was accepted. */
export interface EvictResponse {
}

/** How a command ended. */
export interface ExecExit {
  /** Its exit code; 128 and the signal's number where a signal ended it. */
  code?: number;
}

/** Input of a client to a command. */
export interface ExecInput {
  /** First message. */
  start?: ExecStart;
  /** Bytes for its standard input, at most 64 KiB. */
  stdin?: string;
  /** No more input follows. */
  stdinClosed?: boolean;
  /** The terminal's new size. */
  resize?: TerminalSize;
}

/** Output of a command. */
export interface ExecOutput {
  /** Bytes of its standard output. */
  stdout?: string;
  /** Bytes of its standard error. */
  stderr?: string;
  /** It ended; last message. */
  exit?: ExecExit;
}

/** How a command runs. */
export interface ExecStart {
  /** Where. */
  ref?: ContainerRef;
  /** The command and its arguments; not run by a shell. Empty for attach. */
  command?: string[];
  /** Connect standard input. */
  stdin?: boolean;
  /** Give it a terminal: standard error arrives as standard output. */
  tty?: boolean;
}

/** Asks about a pod. */
export interface ExplainPodRequest {
  /** The pod's namespace. */
  namespace?: string;
  /** The pod's name. */
  name?: string;
  /** The pod's uid; the api fills it in when it passes the call on. */
  uid?: string;
  /** The pod's spec.schedulerName; the api fills it in when it passes the call on. */
  schedulerName?: string;
}

/** Value of one series of a metric. */
export interface ExternalMetricValue {
  /** Name of the metric. */
  metric?: string;
  /** Labels of the series. */
  labels?: Record<string, string>;
  /** Time of the measurement, in milliseconds since the Unix epoch. */
  timestampMs?: number;
  /** Seconds over which a rate was measured; 0 for a value of the moment. */
  windowSeconds?: number;
  /** The value, as a quantity, such as 1500m. */
  value?: string;
}

/** Asks about a metric of no object. */
export interface ExternalMetricsRequest {
  /** Namespace of whoever asks: adapters may give namespaces different answers. */
  namespace?: string;
  /** Name of the metric. */
  metric?: string;
  /** Selector of the metric's labels; all series where empty. */
  metricSelector?: string;
}

/** Values of a metric of no object. */
export interface ExternalMetricsResponse {
  /** One for each series that the selector takes. */
  values?: ExternalMetricValue[];
}

/** Nodes that take a pod, with equal scores. */
export interface FittingNodes {
  /** Their names. */
  nodes?: string[];
  /** Sum of all scores, each weighed. */
  score?: number;
  /** Its parts. */
  scores?: PluginScore[];
}

/** A node that becomes free. */
export interface FreedNode {
  /** The node. */
  nodeName?: string;
  /** Its pods that move, in order. */
  moves?: PodMove[];
}

/** Asks for one object. */
export interface GetRequest {
  /** The object. */
  ref?: ObjectRef;
  /** Its metadata alone, as `partial`. GetRaw and GetScale take no notice of it. */
  metadataOnly?: boolean;
}

/** The scale of an object. */
export interface GetScaleResponse {
  /** False where its kind has no scale subresource; then nothing else is set. */
  hasScale?: boolean;
  /** The object's. */
  uid?: string;
  /** Replicas that the object asks for. */
  replicas?: number;
  /** Replicas that it has. */
  currentReplicas?: number;
  /** Selector of its pods, as text; empty where it names none. */
  selector?: string;
}

/** A node lives. */
export interface HeartbeatRequest {
  /** The node. */
  nodeName?: string;
  /** Milliseconds after which the node counts as silent unless it is heard again, at most 600,000. */
  ttlMs?: number;
}

/** The heartbeat was kept. */
export interface HeartbeatResponse {
  /** True where the node's agent is to report its status at once, and to register the node where it does not exist: the api has no such node, or the node's object says that nothing is known of it because it was silent. */
  reportStatus?: boolean;
}

/** Outcome of one item of a batch. */
export interface ItemResult {
  /** gRPC status code: 0 is success. */
  code?: number;
  /** Why it was refused; empty on success. */
  message?: string;
  /** Revision of the object after the change; 0 where it was refused. */
  resourceVersion?: number;
  /** Kubernetes' reason of a refusal, such as Conflict or NotFound. */
  reason?: string;
}

/** Nodes that are not freed. */
export interface KeptNodes {
  /** Why. */
  reason?: string;
  /** Their names. */
  nodes?: string[];
}

/** Asks for all heartbeats. */
export interface ListHeartbeatsRequest {
}

/** All heartbeats that have not timed out. */
export interface ListHeartbeatsResponse {
  /** One a node. */
  heartbeats?: NodeHeartbeat[];
  /** Every node whose report has this revision or an earlier one is in the list, unless its heartbeat timed out since. A node whose object is newer than this may have been heard after the list was made. */
  resourceVersion?: number;
}

/** Asks for a page of objects. */
export interface ListRequest {
  /** Resource with its group, such as "pods" or "deployments.apps". */
  resource?: string;
  /** Only this namespace; all where empty. */
  namespace?: string;
  /** Label selector in Kubernetes' syntax, such as "app=web,tier in (a,b)". */
  labelSelector?: string;
  /** Field selector, such as "spec.nodeName=node-1,status.phase!=Failed". */
  fieldSelector?: string;
  /** Most objects to return; 0 means all, within the server's limit. */
  limit?: number;
  /** Token of the page before; a list goes on at the same revision. */
  continue?: string;
  /** The objects' metadata alone, each as `partial`. */
  metadataOnly?: boolean;
}

/** A page of objects. */
export interface ListResponse {
  /** The objects, by namespace and name. */
  items?: Object[];
  /** Revision that the page is the state of: watch from here. */
  resourceVersion?: number;
  /** Token of the next page; empty on the last. */
  continue?: string;
  /** Objects in the range of this page that cannot be decoded. They are in no list and no watch, whatever the selectors, until they are written anew; GetRaw reads them and Delete removes them. */
  damaged?: DamagedObject[];
}

/** A piece of a log, cut anywhere. */
export interface LogChunk {
  /** The bytes. */
  data?: string;
}

/** Asks for a container's log. */
export interface LogsRequest {
  /** The container. */
  ref?: ContainerRef;
  /** Go on with what it writes from now. */
  follow?: boolean;
  /** The log of the container's run before this one. */
  previous?: boolean;
  /** Only the last lines, this many; all where absent. */
  tailLines?: number;
  /** Only lines younger than this many seconds; all where absent. */
  sinceSeconds?: number;
  /** Put each line's time before it, in RFC 3339 with nanoseconds. */
  timestamps?: boolean;
  /** Stop after this many bytes; no limit where absent. */
  limitBytes?: number;
}

/** Asks about the requests to Services. */
export interface MeasureTrafficRequest {
  /** Namespace of the Services; all where empty. */
  namespace?: string;
  /** Name of the Service; all of the namespace where empty. */
  service?: string;
  /** Value of the label pod-template-hash or controller-revision-hash of the pods that answered; all where empty. */
  revision?: string;
  /** Seconds to look back, 900 at most; 60 where 0. Statistics come in steps of ten seconds, so that up to ten more are counted. */
  windowSeconds?: number;
  /** Series by route in place of revision. */
  byRoute?: boolean;
  /** Ports that Envoys serve and that had no request have series, too. */
  includeIdle?: boolean;
}

/** A step of a move. */
export interface MoveProgress {
  /** The move. */
  move?: PodMove;
  /** evicted, placed, or failed; after a failed move the node's other pods stay. */
  state?: string;
  /** Why it failed; where the new pod went where it was placed. */
  message?: string;
}

/** When a node was heard last. */
export interface NodeHeartbeat {
  /** The node. */
  nodeName?: string;
  /** The api's clock when it arrived, in milliseconds since the Unix epoch. */
  receivedAtMs?: number;
}

/** Usage of one node. */
export interface NodeMetrics {
  /** Name of the node. */
  name?: string;
  /** End of the window, in milliseconds since the Unix epoch. */
  timestampMs?: number;
  /** Length of the window over which processor time was measured, in milliseconds. */
  windowMs?: number;
  /** Processors in use over the window, in billionths of one. */
  cpuNanocores?: number;
  /** Memory that is held and cannot be taken back, in bytes. */
  memoryWorkingSetBytes?: number;
}

/** Asks about nodes. */
export interface NodeMetricsRequest {
  /** Selector of the nodes' labels; all where empty. */
  labelSelector?: string;
  /** Name of one node; all where empty. NotFound where that node has no metrics. */
  name?: string;
}

/** Usage of nodes. */
export interface NodeMetricsResponse {
  /** One for each node whose agent answers and has two good samples. */
  nodes?: NodeMetrics[];
}

/** Nodes of one shape that could be added. */
export interface NodeTemplate {
  /** Name of the shape; each has another. */
  id?: string;
  /** A node of that shape without pods. */
  node?: Node;
  /** Pods that run on each such node from its start, such as those of DaemonSets. */
  pods?: Pod[];
  /** Nodes of the shape that are on their way: they are there already. */
  coming?: number;
  /** Nodes that may be added, at most. */
  most?: number;
  /** Price of an added node, in any unit; 0 is taken for 1. */
  cost?: number;
  /** Nodes that the shape's group has: of groups that are as good, the smallest grows. */
  groupSize?: number;
}

/** Usage of a node. */
export interface NodeUsage {
  /** Processors in use over the window, in billionths of one. */
  cpuNanocores?: number;
  /** Memory that is held and cannot be taken back, in bytes. */
  memoryWorkingSetBytes?: number;
  /** End of the window, in milliseconds since the Unix epoch. */
  timestampMs?: number;
  /** Length of the window, in milliseconds. */
  windowMs?: number;
}

/** One object of any kind. The field that is set tells its apiVersion and kind, but for json. */
export interface Object {
  /** An object of any other kind, or of another served version of one of these. */
  json?: unknown;
  /** The metadata of an object of any kind, where no more was asked for. */
  partial?: PartialObject;
  /** storagemigration.k8s.io/v1 StorageVersionMigration. */
  storageVersionMigration?: StorageVersionMigration;
  /** v1 Pod. */
  pod?: Pod;
  /** v1 Node. */
  node?: Node;
  /** v1 Namespace. */
  namespace?: Namespace;
  /** apps/v1 Deployment. */
  deployment?: Deployment;
  /** apps/v1 ReplicaSet. */
  replicaSet?: ReplicaSet;
  /** apps/v1 StatefulSet. */
  statefulSet?: StatefulSet;
  /** apps/v1 DaemonSet. */
  daemonSet?: DaemonSet;
  /** apps/v1 ControllerRevision. */
  controllerRevision?: ControllerRevision;
  /** autoscaling/v2 HorizontalPodAutoscaler. */
  horizontalPodAutoscaler?: HorizontalPodAutoscaler;
  /** networking.k8s.io/v1 Ingress. */
  ingress?: Ingress;
  /** networking.k8s.io/v1 IngressClass. */
  ingressClass?: IngressClass;
  /** networking.k8s.io/v1 NetworkPolicy. */
  networkPolicy?: NetworkPolicy;
  /** networking.k8s.io/v1 IPAddress. */
  ipAddress?: IPAddress;
  /** networking.k8s.io/v1 ServiceCIDR. */
  serviceCidr?: ServiceCIDR;
  /** v1 ReplicationController. */
  replicationController?: ReplicationController;
  /** v1 PodTemplate. */
  podTemplate?: PodTemplate;
  /** node.k8s.io/v1 RuntimeClass. */
  runtimeClass?: RuntimeClass;
  /** storage.k8s.io/v1 VolumeAttachment. */
  volumeAttachment?: VolumeAttachment;
  /** storage.k8s.io/v1 CSIDriver. */
  csiDriver?: CSIDriver;
  /** storage.k8s.io/v1 CSINode. */
  csiNode?: CSINode;
  /** storage.k8s.io/v1 CSIStorageCapacity. */
  csiStorageCapacity?: CSIStorageCapacity;
  /** storage.k8s.io/v1 VolumeAttributesClass. */
  volumeAttributesClass?: VolumeAttributesClass;
  /** v1 Service. */
  service?: Service;
  /** discovery.k8s.io/v1 EndpointSlice. */
  endpointSlice?: EndpointSlice;
  /** v1 ConfigMap. */
  configMap?: ConfigMap;
  /** v1 Secret. */
  secret?: Secret;
  /** v1 Event. */
  event?: Event;
  /** coordination.k8s.io/v1 Lease. */
  lease?: Lease;
  /** scheduling.k8s.io/v1 PriorityClass. */
  priorityClass?: PriorityClass;
  /** policy/v1 PodDisruptionBudget. */
  podDisruptionBudget?: PodDisruptionBudget;
  /** scheduling.x-k8s.io/v1alpha1 PodGroup. */
  podGroup?: PodGroup;
  /** v1 PersistentVolume. */
  persistentVolume?: PersistentVolume;
  /** v1 PersistentVolumeClaim. */
  persistentVolumeClaim?: PersistentVolumeClaim;
  /** storage.k8s.io/v1 StorageClass. */
  storageClass?: StorageClass;
  /** batch/v1 Job. */
  job?: Job;
  /** batch/v1 CronJob. */
  cronJob?: CronJob;
  /** v1 Endpoints. */
  endpoints?: Endpoints;
  /** v1 LimitRange. */
  limitRange?: LimitRange;
  /** v1 ResourceQuota. */
  resourceQuota?: ResourceQuota;
  /** v1 ServiceAccount. */
  serviceAccount?: ServiceAccount;
  /** certificates.k8s.io/v1 CertificateSigningRequest. */
  certificateSigningRequest?: CertificateSigningRequest;
  /** certificates.k8s.io/v1 PodCertificateRequest. */
  podCertificateRequest?: PodCertificateRequest;
  /** certificates.k8s.io/v1 ClusterTrustBundle. */
  clusterTrustBundle?: ClusterTrustBundle;
  /** rbac.authorization.k8s.io/v1 Role. */
  role?: Role;
  /** rbac.authorization.k8s.io/v1 RoleBinding. */
  roleBinding?: RoleBinding;
  /** rbac.authorization.k8s.io/v1 ClusterRole. */
  clusterRole?: ClusterRole;
  /** rbac.authorization.k8s.io/v1 ClusterRoleBinding. */
  clusterRoleBinding?: ClusterRoleBinding;
  /** flowcontrol.apiserver.k8s.io/v1 FlowSchema. */
  flowSchema?: FlowSchema;
  /** flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration. */
  priorityLevelConfiguration?: PriorityLevelConfiguration;
  /** admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration. */
  validatingWebhookConfiguration?: ValidatingWebhookConfiguration;
  /** admissionregistration.k8s.io/v1 MutatingWebhookConfiguration. */
  mutatingWebhookConfiguration?: MutatingWebhookConfiguration;
  /** admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy. */
  validatingAdmissionPolicy?: ValidatingAdmissionPolicy;
  /** admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding. */
  validatingAdmissionPolicyBinding?: ValidatingAdmissionPolicyBinding;
  /** admissionregistration.k8s.io/v1 MutatingAdmissionPolicy. */
  mutatingAdmissionPolicy?: MutatingAdmissionPolicy;
  /** admissionregistration.k8s.io/v1 MutatingAdmissionPolicyBinding. */
  mutatingAdmissionPolicyBinding?: MutatingAdmissionPolicyBinding;
  /** resource.k8s.io/v1 DeviceClass. */
  deviceClass?: DeviceClass;
  /** resource.k8s.io/v1 ResourceClaim. */
  resourceClaim?: ResourceClaim;
  /** resource.k8s.io/v1 ResourceClaimTemplate. */
  resourceClaimTemplate?: ResourceClaimTemplate;
  /** resource.k8s.io/v1 ResourceSlice. */
  resourceSlice?: ResourceSlice;
  /** resource.k8s.io/v1 DeviceTaintRule. */
  deviceTaintRule?: DeviceTaintRule;
  /** apiextensions.k8s.io/v1 CustomResourceDefinition. */
  customResourceDefinition?: CustomResourceDefinition;
  /** apiregistration.k8s.io/v1 APIService. */
  apiService?: APIService;
  /** gantry.dev/v1 Rollout. */
  rollout?: Rollout;
  /** gantry.dev/v1 ResourceAdvice. */
  resourceAdvice?: ResourceAdvice;
  /** autoscaling.x-k8s.io/v1beta1 CapacityBuffer. */
  capacityBuffer?: CapacityBuffer;
}

/** Names one object. */
export interface ObjectRef {
  /** Resource with its group, such as "pods" or "deployments.apps". */
  resource?: string;
  /** Namespace; empty for resources that are not namespaced. */
  namespace?: string;
  /** Name. */
  name?: string;
}

/** An object without its content. */
export interface PartialObject {
  /** Such as apps/v1. */
  apiVersion?: string;
  /** Such as Deployment. */
  kind?: string;
  /** Its metadata. */
  metadata?: ObjectMeta;
}

/** Asks for a change of parts. */
export interface PatchRequest {
  /** The object. */
  ref?: ObjectRef;
  /** How patch is written. */
  type?: 'TYPE_UNSPECIFIED' | 'JSON' | 'MERGE' | 'STRATEGIC';
  /** The patch, in JSON. */
  patch?: string;
  /** The part that is changed alone, such as "status", or "resize" of a pod; empty for all but the status. */
  subresource?: string;
  /** Do everything but store it. */
  dryRun?: boolean;
}

/** Why a plugin refuses nodes. */
export interface PluginRefusal {
  /** Kubernetes' name of the plugin. */
  plugin?: string;
  /** In Kubernetes' words, such as "Insufficient cpu". */
  reasons?: string[];
  /** The same with figures, such as "cpu: 2 requested, at most 1500m free on one node". */
  details?: string[];
  /** Changes that might let the pod through, in words. */
  unblockedBy?: string[];
  /** True where evicting pods might. */
  helpedByPreemption?: boolean;
}

/** Judgement of one plugin about nodes. */
export interface PluginScore {
  /** Kubernetes' name of the plugin. */
  plugin?: string;
  /** 0 (bad) to 100 (good). */
  score?: number;
  /** How often the profile counts it. */
  weight?: number;
}

/** Pods that are alike. */
export interface PodBatch {
  /** Name of the batch. */
  id?: string;
  /** One of them. */
  pod?: Pod;
  /** Number of them. */
  count?: number;
}

/** How the scheduler judges a pod now. A pod that has a node is judged as if it were to be placed now, without itself. */
export interface PodExplanation {
  /** The pod's namespace. */
  namespace?: string;
  /** The pod's name. */
  name?: string;
  /** The pod's uid. */
  uid?: string;
  /** Profile that weighs its scores. */
  profile?: string;
  /** The pod's priority. */
  priority?: number;
  /** True where the scheduler that answers is the one that looks after the pod. */
  owned?: boolean;
  /** Node that it has; empty where it waits. */
  nodeName?: string;
  /** Its place in the queue; absent if it has a node. */
  queue?: QueueState;
  /** All nodes of the cluster. */
  nodeCount?: number;
  /** Nodes that take it now. */
  fittingCount?: number;
  /** Such as "0/3 nodes are available: 3 Insufficient cpu." */
  message?: string;
  /** Node that it would get now; empty where none takes it. */
  bestNode?: string;
  /** Nodes that take it, those with equal scores together, best first. */
  fitting?: FittingNodes[];
  /** Nodes that do not, those with the same refusals together, most first. */
  refusing?: RefusingNodes[];
  /** Outlook of evicting pods of lower priority; absent if nodes take it. */
  preemption?: PreemptionOutlook;
}

/** Usage of one pod. */
export interface PodMetrics {
  /** Namespace of the pod. */
  namespace?: string;
  /** Name of the pod. */
  name?: string;
  /** End of the window, in milliseconds since the Unix epoch: the oldest of its containers'. */
  timestampMs?: number;
  /** Length of the window over which processor time was measured, in milliseconds. */
  windowMs?: number;
  /** Its running containers, restartable init containers among them, in the order of their names. */
  containers?: ContainerMetrics[];
}

/** Asks about pods. */
export interface PodMetricsRequest {
  /** Namespace of the pods; all where empty. */
  namespace?: string;
  /** Selector of the pods' labels, such as `app=web`; all where empty. */
  labelSelector?: string;
  /** Name of one pod, which needs a namespace; all where empty. NotFound where that pod has no metrics. */
  name?: string;
}

/** Usage of pods. */
export interface PodMetricsResponse {
  /** One for each running pod that is measured. A pod that is new, whose node does not answer, or one of whose running containers has no two good samples is missing: never half or wrong. */
  pods?: PodMetrics[];
}

/** A pod that moves: it is evicted, and the pod that its controller makes in its place is put on another node. */
export interface PodMove {
  /** The pod's namespace. */
  namespace?: string;
  /** The pod's name. */
  name?: string;
  /** Node that it leaves. */
  fromNode?: string;
  /** Node that takes the one made in its place. */
  toNode?: string;
}

/** The state of one pod as its node sees it. */
export interface PodReport {
  /** The pod's namespace. */
  namespace?: string;
  /** The pod's name. */
  name?: string;
  /** The pod's uid. */
  uid?: string;
  /** The status. */
  status?: PodStatus;
  /** The pod was to be deleted and nothing of it runs any more: its object may go. */
  terminated?: boolean;
}

/** Bytes of a forwarded connection. */
export interface PortForwardChunk {
  /** Where; in the client's first message only. */
  start?: PortForwardStart;
  /** The bytes. */
  data?: string;
}

/** The port that a connection goes to. */
export interface PortForwardStart {
  /** The pod's namespace. */
  namespace?: string;
  /** The pod's name. */
  pod?: string;
  /** The port, 1 to 65535. */
  port?: number;
}

/** Effect of evicting pods of lower priority for a pod. */
export interface PreemptionOutlook {
  /** Node on which it would make room; empty where it would nowhere. */
  nodeName?: string;
  /** Pods that would be evicted, as namespace/name. */
  victims?: string[];
  /** Why it would not help; empty where it would. */
  message?: string;
}

/** Place of a waiting pod. */
export interface QueueState {
  /** active, backoff, parked, gated, or placing where an attempt is under way. */
  place?: string;
  /** Attempts that failed since it last had a node. */
  attempts?: number;
  /** Not tried before, in milliseconds since the Unix epoch; 0 where it may be tried at once. */
  readyAtMs?: number;
  /** Tried again by then whatever happens, in milliseconds since the Unix epoch; 0 where it is not parked. */
  sweepAtMs?: number;
  /** Changes of the cluster that wake it, in words. */
  wakesOn?: string[];
  /** Names of the gates that hold it back. */
  gates?: string[];
  /** Node that holds room for it; empty where none does. */
  nominatedNodeName?: string;
  /** Pods that must leave that node first, as namespace/name. */
  waitsForPods?: string[];
  /** Pods that are tried before it. */
  ahead?: number;
  /** Reason for the wait in its last event; empty before its first attempt. For a member of a pod group it is about the group. */
  said?: string;
}

/** An object as the store has it. */
export interface RawObject {
  /** The object. */
  ref?: ObjectRef;
  /** Revision of the write that left the text. */
  resourceVersion?: number;
  /** The text: JSON, unless it is damaged. */
  text?: string;
}

/** Nodes that do not take a pod, for the same reasons. */
export interface RefusingNodes {
  /** Their names. */
  nodes?: string[];
  /** All that stands against them; the first one is what events name. */
  refusals?: PluginRefusal[];
}

/** A batch of pod statuses of one node, at most 1,024. */
export interface ReportPodsRequest {
  /** The node; pods that are bound elsewhere are refused. */
  nodeName?: string;
  /** The reports. */
  pods?: PodReport[];
}

/** Outcome of each report, in the order of the request. */
export interface ReportPodsResponse {
  /** One result a pod. */
  results?: ItemResult[];
}

/** A batch of pods that wait, at most 1,024. */
export interface ReportUnschedulableRequest {
  /** The pods. */
  pods?: UnschedulablePod[];
  /** Name of the scheduler. */
  scheduler?: string;
}

/** Outcome of each report, in the order of the request. */
export interface ReportUnschedulableResponse {
  /** One result a pod. */
  results?: ItemResult[];
}

/** Asks for a token. */
export interface RequestTokenRequest {
  /** The service account's namespace. */
  namespace?: string;
  /** The service account's name. */
  name?: string;
  /** The wanted token. */
  spec?: TokenRequestSpec;
  /** True to be told of faults, and to get no token. */
  dryRun?: boolean;
}

/** A token. */
export interface RequestTokenResponse {
  /** The token as it was made, with the values that the request left to the server. */
  spec?: TokenRequestSpec;
  /** The token itself. */
  status?: TokenRequestStatus;
}

/** Names a caller, and what it wants to do to a node. */
export interface ReviewCallerRequest {
  /** Bearer token that the caller presents; empty for one that a certificate names. */
  token?: string;
  /** User that the caller's certificate names; not looked at where there is a token. */
  user?: string;
  /** Groups that the certificate names. */
  groups?: string[];
  /** The node that the caller's request came to. */
  nodeName?: string;
  /** Verb of the request, such as get. */
  verb?: string;
  /** Subresources of the node, such as metrics: the caller needs the right to one of them. 8 at most. */
  subresources?: string[];
}

/** The outcome of a review. */
export interface ReviewCallerResponse {
  /** The caller is known: by its certificate, or by a token of this cluster. */
  authenticated?: boolean;
  /** Its name. */
  user?: string;
  /** It may do what it wants. */
  allowed?: boolean;
}

/** A resource. */
export interface ServedResource {
  /** Plural name with its group, as requests name it: "pods" or "widgets.example.com". */
  resource?: string;
  /** Group; empty for the core group. */
  group?: string;
  /** Version in which objects of this resource come where a request names none. */
  version?: string;
  /** Kind of its objects, such as Widget. */
  kind?: string;
  /** Plural name, such as widgets. */
  plural?: string;
  /** Singular name, such as widget. */
  singular?: string;
  /** Short names, such as po. */
  shortNames?: string[];
  /** True where its objects are in namespaces. */
  namespaced?: boolean;
  /** Verbs that it takes, such as list and watch. */
  verbs?: string[];
  /** Categories that it belongs to, such as all. */
  categories?: string[];
  /** All versions of this group in which it is served, the preferred one first. */
  versions?: string[];
}

/** All resources that are served at one time. */
export interface ServedResources {
  /** One for each kind whose objects are stored, in no particular order. */
  resources?: ServedResource[];
  /** Groups with versions whose resources cannot be told now, because the api server that serves them does not answer. */
  unknown?: UnknownResources[];
}

/** Asks what would happen to pods with other nodes than there are. */
export interface SimulateRequest {
  /** Nodes that could be added. */
  templates?: NodeTemplate[];
  /** Pods that wait, by uid. Pods that are unknown, have a node by now, or are gated, are left out of the answer. */
  podUids?: string[];
  /** Pods that do not exist, placed after all others whatever their priority: room that is to stay free. */
  headroom?: PodBatch[];
  /** Nodes that are taken for absent, with their pods. */
  absentNodes?: string[];
  /** Nodes to be emptied one after another, each if all its pods find other nodes among those that there are or come. */
  emptied?: EmptiedNode[];
  /** Bounds of all added nodes together; unbounded where absent. */
  limits?: SimulationLimits;
}

/** Answer to SimulateRequest. */
export interface SimulateResponse {
  /** Pods of the request that would find a node among those that there are or come. */
  placements?: SimulatedPlacement[];
  /** Nodes to be added, with the pods that they are for. */
  added?: AddedNode[];
  /** Pods that would find no node, those with the same reasons together. */
  unplaced?: UnplacedPods[];
  /** Outcome for each node that was to be emptied, in the order of the request. */
  emptied?: EmptiedOutcome[];
}

/** A pod, or pods of a batch, on a node that there is or that comes. */
export interface SimulatedPlacement {
  /** The pod's uid, or the batch's id. */
  id?: string;
  /** The node's name, or the template's id where it comes. */
  nodeName?: string;
  /** Pods of the batch there; 1 for a pod. */
  count?: number;
}

/** Bounds of added nodes. */
export interface SimulationLimits {
  /** Nodes. */
  nodes?: number;
  /** Cores of all added nodes together, in thousandths. */
  cpuMilli?: number;
  /** Memory of all added nodes together, in bytes. */
  memoryBytes?: number;
}

/** Asks what pods use. */
export interface StatsRequest {
  /** Only this namespace; all where empty. */
  namespace?: string;
  /** Only this pod; all where empty. */
  pod?: string;
}

/** Usage of pods and nodes. */
export interface StatsResponse {
  /** One a running container. */
  containers?: ContainerStats[];
  /** The node itself; absent where the api answers, and while the node's agent has no two good samples. */
  node?: NodeUsage;
}

/** Why nodes of a template do not help a pod. */
export interface TemplateRefusal {
  /** The template's id. */
  templateId?: string;
  /** In Kubernetes' words, such as "Insufficient cpu". */
  reason?: string;
}

/** A terminal's size in characters. */
export interface TerminalSize {
  /** Columns. */
  width?: number;
  /** Rows. */
  height?: number;
}

/** Counts of a window. */
export interface TrafficMeasurement {
  /** The counts, without those that had no request unless they are asked for. */
  series?: TrafficSeries[];
  /** False where requests of the window may not have been counted: no Envoy reports, one vanished in the window or is silent, or an xDS server does not answer or has not run for so long. */
  complete?: boolean;
  /** Why it is not complete, in words. */
  problem?: string;
  /** Upper bounds of the latencies' buckets in milliseconds, rising. */
  boundsMs?: number[];
  /** Seconds that were looked back. */
  windowSeconds?: number;
}

/** Counts of one port of a Service and one revision of its pods, or one route to it. */
export interface TrafficSeries {
  /** Namespace of the Service. */
  namespace?: string;
  /** Name of the Service. */
  service?: string;
  /** Port of the Service. */
  port?: number;
  /** Revision of the pods; empty where the Service is not split, for TCP, and in series by route. */
  revision?: string;
  /** Attempts to have a request answered, whose end was seen; connections for TCP. */
  requests?: number;
  /** Those that ended with an answer of class 5xx, by a broken or refused connection, or by a timeout. An attempt that was repeated elsewhere counts, however that went. */
  errors?: number;
  /** Answers by time: one number for each bound, and one for those above all bounds. Empty for TCP. */
  latencyCounts?: number[];
  /** Milliseconds within which half of the answers came, estimated within their bucket; 0 without answers. */
  p50Ms?: number;
  /** The same of 90 % of the answers. */
  p90Ms?: number;
  /** The same of 95 % of the answers. */
  p95Ms?: number;
  /** The same of 99 % of the answers. */
  p99Ms?: number;
  /** Name of the route to the port: `all` where one route has all requests, or that of a part of them, such as `read`. Empty for TCP, and in series by revision of a port that several routes lead to. */
  route?: string;
  /** Requests (or connections) a second: those that were reported, over the time that the reports are about. */
  perSecond?: number;
  /** Requests (or connections) under way, as the mean of the reports; absent where nobody counts them, as for one of several routes. */
  active?: number;
  /** True where connections are counted in place of requests. */
  tcp?: boolean;
}

/** A group with a version whose resources are not known. */
export interface UnknownResources {
  /** Such as metrics.k8s.io. */
  group?: string;
  /** Such as v1beta1. */
  version?: string;
  /** Why they are not known. */
  problem?: string;
}

/** Pods without a node. */
export interface UnplacedPods {
  /** Uids of pods; ids of batches, once for each pod. */
  ids?: string[];
  /** Reasons of the templates that do not help, or that of all of them under an empty id. */
  refusals?: TemplateRefusal[];
}

/** A pod that no node takes now. */
export interface UnschedulablePod {
  /** The pod's namespace. */
  namespace?: string;
  /** The pod's name. */
  name?: string;
  /** The pod's uid. */
  uid?: string;
  /** Reason of the condition: Unschedulable, SchedulingGated or SchedulerError. */
  reason?: string;
  /** Why, such as "0/3 nodes are available: 3 Insufficient cpu." */
  message?: string;
  /** Node on which room was made by preemption; empty where none was. */
  nominatedNodeName?: string;
}

/** Asks for an object's replacement. */
export interface UpdateRequest {
  /** The whole object. An empty metadata.resourceVersion replaces whatever is stored. */
  object?: Object;
  /** Do everything but store it. */
  dryRun?: boolean;
  /** The part that is replaced alone, such as "resize" of a pod; empty for all but the status. UpdateStatus takes no notice of it. */
  subresource?: string;
}

/** Sets the replicas of an object. */
export interface UpdateScaleRequest {
  /** The object. */
  ref?: ObjectRef;
  /** Its uid; empty where any will do. */
  uid?: string;
  /** Replicas that it is to ask for. */
  replicas?: number;
  /** Replicas that it must ask for until now; if absent, any. */
  expectedReplicas?: number;
  /** Checks the write and stores nothing. */
  dryRun?: boolean;
}

/** One change. */
export interface WatchEvent {
  /** Type of the change. */
  type?: 'TYPE_UNSPECIFIED' | 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  /** The object after the change; absent in a bookmark. */
  object?: Object;
  /** Revision of the change. */
  resourceVersion?: number;
}

/** Asks for changes. */
export interface WatchRequest {
  /** Resource with its group. */
  resource?: string;
  /** Only this namespace; all where empty. */
  namespace?: string;
  /** Label selector; an object that starts or stops to match is ADDED or DELETED. */
  labelSelector?: string;
  /** Field selector, likewise. */
  fieldSelector?: string;
  /** Changes after this revision. 0 sends the current objects as ADDED first, then a BOOKMARK, then changes. */
  resourceVersion?: number;
  /** The objects' metadata alone, each as `partial`. */
  metadataOnly?: boolean;
  /** Bookmarks follow changes of whatever resource within half a second, for readers that decide by how new their view is. Without it they come once a minute. */
  prompt?: boolean;
}

/** Asks for the resources that are served. */
export interface WatchResourcesRequest {
}

/** Asks about the requests to Services again and again. */
export interface WatchTrafficRequest {
  /** The question. */
  measure?: MeasureTrafficRequest;
  /** Seconds between answers; 5 where 0. */
  intervalSeconds?: number;
}

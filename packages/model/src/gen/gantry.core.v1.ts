// Generated from proto/ by `npm run generate`; not edited by hand.

import type { Condition, LabelSelector, ObjectMeta } from './gantry.meta.v1.ts';

/** An AWS EBS volume. */
export interface AWSElasticBlockStoreVolumeSource {
  /** The volume's id. */
  volumeID: string;
  /** File system, such as "ext4". */
  fsType?: string;
  /** Partition number; 0 is the whole volume. */
  partition?: number;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
}

/** Placement rules of a pod. */
export interface Affinity {
  /** Affinity to nodes. */
  nodeAffinity?: NodeAffinity;
  /** Near which pods. */
  podAffinity?: PodAffinity;
  /** Away from which pods. */
  podAntiAffinity?: PodAntiAffinity;
}

/** An AppArmor profile. */
export interface AppArmorProfile {
  /** "RuntimeDefault", "Unconfined" or "Localhost". */
  type: string;
  /** Name of a profile loaded on the node; set with type Localhost only. */
  localhostProfile?: string;
}

/** A volume attached to a node. */
export interface AttachedVolume {
  /** Unique name of the volume, with its driver. */
  name: string;
  /** Path of the device on the node. */
  devicePath?: string;
}

/** An Azure disk. */
export interface AzureDiskVolumeSource {
  /** The disk's name. */
  diskName: string;
  /** The disk's URI. */
  diskURI: string;
  /** "None", "ReadOnly" or "ReadWrite" (default). */
  cachingMode?: string;
  /** File system; "ext4" by default. */
  fsType?: string;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
  /** "Shared" (default), "Dedicated" or "Managed". */
  kind?: string;
}

/** An Azure file share, for persistent volumes. */
export interface AzureFilePersistentVolumeSource {
  /** Secret with the storage account's name and key. */
  secretName: string;
  /** The share. */
  shareName: string;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
  /** The Secret's namespace; the claim's where absent. */
  secretNamespace?: string;
}

/** An Azure file share. */
export interface AzureFileVolumeSource {
  /** Secret with the storage account's name and key, in the pod's namespace. */
  secretName: string;
  /** The share. */
  shareName: string;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
}

/** Assigns a pod to a node: the body of the binding subresource. */
export interface Binding {
  /** The pod's name and namespace; a uid must be the pod's. */
  metadata: ObjectMeta;
  /** The node: kind "Node" and its name. */
  target: ObjectReference;
}

/** A persistent volume of a CSI driver. */
export interface CSIPersistentVolumeSource {
  /** The driver's name. */
  driver: string;
  /** The volume's id at the driver. */
  volumeHandle: string;
  /** Publish it read-only; false by default. */
  readOnly?: boolean;
  /** File system, such as "ext4". */
  fsType?: string;
  /** The volume's attributes, as the driver gave them. */
  volumeAttributes?: Record<string, string>;
  /** Secret for attaching and detaching. */
  controllerPublishSecretRef?: SecretReference;
  /** Secret for staging on a node. */
  nodeStageSecretRef?: SecretReference;
  /** Secret for publishing to a pod. */
  nodePublishSecretRef?: SecretReference;
  /** Secret for making it larger at the storage. */
  controllerExpandSecretRef?: SecretReference;
  /** Secret for making it larger on a node. */
  nodeExpandSecretRef?: SecretReference;
}

/** A volume that a CSI driver makes for one pod. */
export interface CSIVolumeSource {
  /** The driver's name. */
  driver: string;
  /** Read-only; false by default. */
  readOnly?: boolean;
  /** File system, such as "ext4"; the driver chooses where absent. */
  fsType?: string;
  /** Settings for the driver. */
  volumeAttributes?: Record<string, string>;
  /** Secret in the pod's namespace that the driver gets when it publishes the volume. */
  nodePublishSecretRef?: LocalObjectReference;
}

/** Linux capabilities, without their CAP_ prefix, such as "NET_ADMIN"; "ALL" is all of them. */
export interface Capabilities {
  /** Capabilities to give. */
  add?: string[];
  /** Capabilities to take away. */
  drop?: string[];
}

/** A CephFS directory, for persistent volumes. */
export interface CephFSPersistentVolumeSource {
  /** Addresses of Ceph monitors. */
  monitors: string[];
  /** Directory to mount; "/" by default. */
  path?: string;
  /** User; "admin" by default. */
  user?: string;
  /** Keyring file on the node; "/etc/ceph/user.secret" by default. */
  secretFile?: string;
  /** Secret with the key; wins over secretFile. */
  secretRef?: SecretReference;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
}

/** A CephFS directory. */
export interface CephFSVolumeSource {
  /** Addresses of Ceph monitors. */
  monitors: string[];
  /** Directory to mount; "/" by default. */
  path?: string;
  /** User; "admin" by default. */
  user?: string;
  /** Keyring file on the node; "/etc/ceph/user.secret" by default. */
  secretFile?: string;
  /** Secret with the key, in the pod's namespace; wins over secretFile. */
  secretRef?: LocalObjectReference;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
}

/** An OpenStack Cinder volume, for persistent volumes. */
export interface CinderPersistentVolumeSource {
  /** The volume's id. */
  volumeID: string;
  /** File system, such as "ext4". */
  fsType?: string;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
  /** Secret for OpenStack. */
  secretRef?: SecretReference;
}

/** An OpenStack Cinder volume. */
export interface CinderVolumeSource {
  /** The volume's id. */
  volumeID: string;
  /** File system, such as "ext4". */
  fsType?: string;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
  /** Secret for OpenStack, in the pod's namespace. */
  secretRef?: LocalObjectReference;
}

/** Settings of affinity by client address. */
export interface ClientIPConfig {
  /** Seconds for which a quiet client stays with its pod, 1 to 86,400; 10,800 by default. */
  timeoutSeconds?: number;
}

/** Certificates of authorities within a projected volume: of one bundle by its name, or of all that a signer has with the labels. */
export interface ClusterTrustBundleProjection {
  /** The bundle. */
  name?: string;
  /** The signer of the bundles. */
  signerName?: string;
  /** Labels of the signer's bundles; none is chosen where it is absent, and all where it is empty. */
  labelSelector?: LabelSelector;
  /** Whether there may be no such bundle; the pod waits for one by default. */
  optional?: boolean;
  /** File within the volume. */
  path: string;
}

/** A condition of a part of the control plane. */
export interface ComponentCondition {
  /** Healthy. */
  type: string;
  /** True, False or Unknown. */
  status: string;
  /** Description for people, such as "ok". */
  message?: string;
  /** Why it is not healthy. */
  error?: string;
}

/** Health of one part of the control plane, as it is when it is asked for. Kubernetes deprecates it: each part has endpoints of its own. */
export interface ComponentStatus {
  apiVersion: string;
  kind: 'ComponentStatus';
  /** The part's name. */
  metadata: ObjectMeta;
  /** Conditions: Healthy. */
  conditions?: ComponentCondition[];
}

/** Plain configuration, 1 MiB at most, for variables and files of pods. */
export interface ConfigMap {
  apiVersion: string;
  kind: 'ConfigMap';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** True forbids all later changes of the data, and of this. */
  immutable?: boolean;
  /** Text by key: letters, digits, "-", "_" and ".". */
  data?: Record<string, string>;
  /** Bytes by key (base64 in JSON); a key is in one of the two. */
  binaryData?: Record<string, string>;
}

/** A ConfigMap whose keys become variables. */
export interface ConfigMapEnvSource {
  /** The object's name. */
  name?: string;
  /** Whether it may be missing; the container waits for it by default. */
  optional?: boolean;
}

/** A key of a ConfigMap. */
export interface ConfigMapKeySelector {
  /** The object's name. */
  name?: string;
  /** The key. */
  key: string;
  /** Whether the ConfigMap or its key may be missing; the container waits for it by default. */
  optional?: boolean;
}

/** A key of a ConfigMap. */
export interface ConfigMapNodeConfigSource {
  /** The ConfigMap's namespace. */
  namespace: string;
  /** The ConfigMap's name. */
  name: string;
  /** The ConfigMap's uid; in a status only. */
  uid?: string;
  /** The ConfigMap's revision; in a status only. */
  resourceVersion?: string;
  /** The key that holds the configuration. */
  kubeletConfigKey: string;
}

/** Keys of a ConfigMap within a projected volume. */
export interface ConfigMapProjection {
  /** The object's name. */
  name?: string;
  /** Keys to show, and where; all, by their names, where empty. */
  items?: KeyToPath[];
  /** Whether the ConfigMap or named keys may be missing; the pod waits for them by default. */
  optional?: boolean;
}

/** The keys of a ConfigMap as files. */
export interface ConfigMapVolumeSource {
  /** The object's name. */
  name?: string;
  /** Keys to show, and where; all, by their names, where empty. */
  items?: KeyToPath[];
  /** Permission bits of the files, 0 to 511 (octal 0777); 420 (octal 0644) by default. */
  defaultMode?: number;
  /** Whether the ConfigMap or named keys may be missing; the pod waits for them by default. */
  optional?: boolean;
}

/** One container of a pod. */
export interface Container {
  /** Name, a DNS label unique among all containers of the pod. */
  name: string;
  /** Image reference, with tag or digest; the tag "latest" where neither is given. */
  image?: string;
  /** Replaces the image's entry point, without a shell. $(NAME) expands variables of env, $$(NAME) stays as text. */
  command?: string[];
  /** Replaces the image's arguments; expanded like command. */
  args?: string[];
  /** Directory to start in; the image's where empty. */
  workingDir?: string;
  /** Ports that the container listens on. One left out is reachable all the same: names and host ports come from here. */
  ports?: ContainerPort[];
  /** Sources of which each key becomes a variable; later sources win over earlier ones, env over all. */
  envFrom?: EnvFromSource[];
  /** Environment variables, in order; a value may use earlier ones as $(NAME). */
  env?: EnvVar[];
  /** Requests, on which scheduling counts, and limits, which the node enforces. */
  resources?: ResourceRequirements;
  /** For cpu and memory, whether a change in place restarts the container. */
  resizePolicy?: ContainerResizePolicy[];
  /** When this container is started again: "Always", "OnFailure" or "Never"; the pod's where absent. An init container with Always is a sidecar. */
  restartPolicy?: string;
  /** Exit codes that override restartPolicy, which must be set beside them; the first rule that fits decides. 20 at most. */
  restartPolicyRules?: ContainerRestartRule[];
  /** Volumes of the pod that the container sees as directories or files. */
  volumeMounts?: VolumeMount[];
  /** Volumes of the pod that the container sees as raw block devices. */
  volumeDevices?: VolumeDevice[];
  /** Restarts the container when it fails; none where absent. */
  livenessProbe?: Probe;
  /** Takes the pod out of its services while it fails; ready as soon as it runs where absent. */
  readinessProbe?: Probe;
  /** Holds the other probes back until it has succeeded once; restarts the container when it fails. */
  startupProbe?: Probe;
  /** Hooks after the start and before the stop. */
  lifecycle?: Lifecycle;
  /** File from which the container's last words are read into its status; "/dev/termination-log" by default. 4,096 bytes at most, 12 KiB in all of a pod. */
  terminationMessagePath?: string;
  /** "File" (default), or "FallbackToLogsOnError": the end of the log where the file is empty and the container failed. */
  terminationMessagePolicy?: string;
  /** "Always", "IfNotPresent" or "Never". Default: Always for the tag latest, else IfNotPresent. */
  imagePullPolicy?: string;
  /** User, capabilities and other rights; wins over the pod's. */
  securityContext?: SecurityContext;
  /** Keep a buffer for standard input; otherwise reads see its end at once. */
  stdin?: boolean;
  /** Close standard input for good when the first client that attached goes away. */
  stdinOnce?: boolean;
  /** Give the container a terminal; needs stdin to be of use. */
  tty?: boolean;
}

/** Ties a container's extended resource to a device request. */
export interface ContainerExtendedResourceRequest {
  /** The container. */
  containerName: string;
  /** The extended resource, as in its requests. */
  resourceName: string;
  /** The request within the claim. */
  requestName: string;
}

/** An image on a node. */
export interface ContainerImage {
  /** All its names, by tag and by digest. */
  names?: string[];
  /** Size in bytes. */
  sizeBytes?: number;
}

/** A port that a container listens on. */
export interface ContainerPort {
  /** Name, up to 15 characters and unique in the pod, by which services and probes may refer to it. */
  name?: string;
  /** Port of the node that leads here; none where 0. With hostNetwork it equals containerPort. */
  hostPort?: number;
  /** Port on the pod's address, 1 to 65535. */
  containerPort: number;
  /** "TCP" (default), "UDP" or "SCTP". */
  protocol?: string;
  /** Address of the node that hostPort is bound to; all where empty. */
  hostIP?: string;
}

/** How a container takes a change of one resource. */
export interface ContainerResizePolicy {
  /** "cpu" or "memory". */
  resourceName: string;
  /** "NotRequired" or "RestartContainer". */
  restartPolicy: string;
}

/** An exception to the restart policy. */
export interface ContainerRestartRule {
  /** "Restart" (whatever the policy says) or "RestartAllContainers" (the whole pod's). */
  action: string;
  /** The exit codes for which it holds. */
  exitCodes?: ContainerRestartRuleOnExitCodes;
}

/** A set of exit codes. */
export interface ContainerRestartRuleOnExitCodes {
  /** "In" or "NotIn". */
  operator: string;
  /** The exit codes; 255 at most. */
  values?: number[];
}

/** State of a container: one field is set; with none it is waiting. */
export interface ContainerState {
  /** Not running yet: pulling, backing off, or waiting for something. */
  waiting?: ContainerStateWaiting;
  /** Running. */
  running?: ContainerStateRunning;
  /** Ended. */
  terminated?: ContainerStateTerminated;
}

/** A running container. */
export interface ContainerStateRunning {
  /** When it was last started. */
  startedAt?: string;
}

/** A container that ended. */
export interface ContainerStateTerminated {
  /** Exit code of its first process; 128 plus the signal where that killed it. */
  exitCode?: number;
  /** The signal that ended it, where the runtime tells; else 0. */
  signal?: number;
  /** One word, such as "Completed", "Error" or "OOMKilled". */
  reason?: string;
  /** Its last words, from terminationMessagePath. */
  message?: string;
  /** When it started. */
  startedAt?: string;
  /** When it ended. */
  finishedAt?: string;
  /** Runtime and id of the container that ended. */
  containerID?: string;
}

/** Why a container doesn't run yet. */
export interface ContainerStateWaiting {
  /** One word, such as "ContainerCreating", "ImagePullBackOff" or "CrashLoopBackOff". */
  reason?: string;
  /** The same for people. */
  message?: string;
}

/** Observed state of one container. */
export interface ContainerStatus {
  /** Name of the container in the spec. */
  name: string;
  /** State now. */
  state?: ContainerState;
  /** How it ended the last time, where it was restarted. */
  lastState?: ContainerState;
  /** Whether it passes its readiness probe; a container without one is ready once it has started. */
  ready?: boolean;
  /** How often it was started again; may go down when old containers are cleaned up. */
  restartCount?: number;
  /** The image that runs, as the runtime names it; may differ from the spec's. */
  image?: string;
  /** The image by its digest. */
  imageID?: string;
  /** Runtime and id, such as "containerd://4ac3…"; empty before the first start. */
  containerID?: string;
  /** True once the startup probe has passed and the postStart hook is done; false again on a restart. */
  started?: boolean;
  /** Requests that the node has set aside for it. */
  allocatedResources?: Record<string, string>;
  /** Requests and limits in force in the runtime. */
  resources?: ResourceRequirements;
  /** The volumes that were mounted. */
  volumeMounts?: VolumeMountStatus[];
  /** The user that its first process started as. */
  user?: ContainerUser;
  /** Health of the devices that it was given. */
  allocatedResourcesStatus?: ResourceStatus[];
  /** The signal that asks it to end. */
  stopSignal?: string;
}

/** Identity of a container's first process. */
export interface ContainerUser {
  /** On Linux. */
  linux?: LinuxContainerUser;
}

/** A port of a daemon. Its one field has a capital letter in JSON. */
export interface DaemonEndpoint {
  /** The port. */
  Port?: number;
}

/** Fields of the pod within a projected volume. */
export interface DownwardAPIProjection {
  /** The files. */
  items?: DownwardAPIVolumeFile[];
}

/** A file with a field of the pod; one of the two sources. */
export interface DownwardAPIVolumeFile {
  /** File within the volume, relative and without "..". */
  path: string;
  /** A field of the pod: metadata.name, .namespace, .uid, .labels or .annotations. */
  fieldRef?: ObjectFieldSelector;
  /** A request or limit of a container, which must be named. */
  resourceFieldRef?: ResourceFieldSelector;
  /** Permission bits, 0 to 511 (octal 0777); the volume's default where absent. */
  mode?: number;
}

/** Fields of the pod as files. */
export interface DownwardAPIVolumeSource {
  /** The files. */
  items?: DownwardAPIVolumeFile[];
  /** Permission bits of the files, 0 to 511 (octal 0777); 420 (octal 0644) by default. */
  defaultMode?: number;
}

/** A directory that starts empty and goes with the pod. A container's restart leaves it alone. */
export interface EmptyDirVolumeSource {
  /** "" (default, the node's disk), "Memory" (tmpfs, counted as the containers' memory) or "HugePages[-<size>]". */
  medium?: string;
  /** Size in bytes beyond which the pod is evicted; for Memory also the tmpfs' size. No limit where absent. */
  sizeLimit?: string;
}

/** One address. */
export interface EndpointAddress {
  /** IPv4 or IPv6 address; none that only means something on one machine or link. */
  ip: string;
  /** Host name, by which DNS finds the address below the service's name. */
  hostname?: string;
  /** Node that it is on. */
  nodeName?: string;
  /** Object that has the address, mostly a pod. */
  targetRef?: ObjectReference;
}

/** A port of the addresses of one subset. */
export interface EndpointPort {
  /** Name, that of the service's port. May be empty where there is one port. */
  name?: string;
  /** Number. */
  port: number;
  /** "TCP" (default), "UDP" or "SCTP". */
  protocol?: string;
  /** Application protocol of the service's port. */
  appProtocol?: string;
}

/** Addresses that share ports: each of them has each of the ports. */
export interface EndpointSubset {
  /** Addresses that take traffic. */
  addresses?: EndpointAddress[];
  /** Addresses that take none at present: their pods are starting, failing their checks or ending. */
  notReadyAddresses?: EndpointAddress[];
  /** The ports of each address. */
  ports?: EndpointPort[];
}

/** The addresses behind a service, all in one object. EndpointSlices say the same in parts; those of a service without a selector may be written here. */
export interface Endpoints {
  apiVersion: string;
  kind: 'Endpoints';
  /** Identity; the name is that of the service. */
  metadata: ObjectMeta;
  /** Groups of addresses with the same ports. The endpoints are those of all groups together. */
  subsets?: EndpointSubset[];
}

/** Many variables at once; one of the two sources. */
export interface EnvFromSource {
  /** Put before each key. */
  prefix?: string;
  /** A ConfigMap, each key a variable. */
  configMapRef?: ConfigMapEnvSource;
  /** A Secret, each key a variable. */
  secretRef?: SecretEnvSource;
}

/** An environment variable of a container. */
export interface EnvVar {
  /** Name: any printable ASCII but "=". */
  name: string;
  /** Value, empty by default. $(NAME) expands earlier variables, $$(NAME) stays as text, an unknown name stays as it is. */
  value?: string;
  /** Source of the value; not together with value. */
  valueFrom?: EnvVarSource;
}

/** Source of a variable's value; exactly one field is set. */
export interface EnvVarSource {
  /** A field of the pod. */
  fieldRef?: ObjectFieldSelector;
  /** A request or limit of a container. */
  resourceFieldRef?: ResourceFieldSelector;
  /** A key of a ConfigMap in the pod's namespace. */
  configMapKeyRef?: ConfigMapKeySelector;
  /** A key of a Secret in the pod's namespace. */
  secretKeyRef?: SecretKeySelector;
  /** A key of an env file in a volume of the pod. */
  fileKeyRef?: FileKeySelector;
}

/** A container added for debugging. It is never restarted and has no guaranteed resources. */
export interface EphemeralContainer {
  /** Name, a DNS label unique among all containers of the pod. */
  name: string;
  /** Image reference, with tag or digest. */
  image?: string;
  /** Replaces the image's entry point, without a shell. $(NAME) expands variables of env, $$(NAME) stays as text. */
  command?: string[];
  /** Replaces the image's arguments; expanded like command. */
  args?: string[];
  /** Directory to start in; the image's where empty. */
  workingDir?: string;
  /** Not allowed here. */
  ports?: ContainerPort[];
  /** Sources of which each key becomes a variable; later sources win over earlier ones, env over all. */
  envFrom?: EnvFromSource[];
  /** Environment variables, in order; a value may use earlier ones as $(NAME). */
  env?: EnvVar[];
  /** Not allowed here: it uses what the pod was given. */
  resources?: ResourceRequirements;
  /** Not allowed here. */
  resizePolicy?: ContainerResizePolicy[];
  /** Not allowed here. */
  restartPolicy?: string;
  /** Not allowed here. */
  restartPolicyRules?: ContainerRestartRule[];
  /** Volumes of the pod that the container sees; without subPath. */
  volumeMounts?: VolumeMount[];
  /** Volumes of the pod that the container sees as raw block devices. */
  volumeDevices?: VolumeDevice[];
  /** Not allowed here. */
  livenessProbe?: Probe;
  /** Not allowed here. */
  readinessProbe?: Probe;
  /** Not allowed here. */
  startupProbe?: Probe;
  /** Not allowed here. */
  lifecycle?: Lifecycle;
  /** File from which the container's last words are read into its status; "/dev/termination-log" by default. */
  terminationMessagePath?: string;
  /** "File" (default), or "FallbackToLogsOnError": the end of the log where the file is empty and the container failed. */
  terminationMessagePolicy?: string;
  /** "Always", "IfNotPresent" or "Never". Default: Always for the tag latest, else IfNotPresent. */
  imagePullPolicy?: string;
  /** User, capabilities and other rights; wins over the pod's. */
  securityContext?: SecurityContext;
  /** Keep a buffer for standard input; otherwise reads see its end at once. */
  stdin?: boolean;
  /** Close standard input for good when the first client that attached goes away. */
  stdinOnce?: boolean;
  /** Give the container a terminal; needs stdin to be of use. */
  tty?: boolean;
  /** Container whose process namespace it joins; its own, or the pod's shared one, where empty. */
  targetContainerName?: string;
}

/** The fields of a container, as an ephemeral one has them. */
export interface EphemeralContainerCommon {
  /** Name, a DNS label unique among all containers of the pod. */
  name: string;
  /** Image reference, with tag or digest. */
  image?: string;
  /** Replaces the image's entry point, without a shell. $(NAME) expands variables of env, $$(NAME) stays as text. */
  command?: string[];
  /** Replaces the image's arguments; expanded like command. */
  args?: string[];
  /** Directory to start in; the image's where empty. */
  workingDir?: string;
  /** Not allowed here. */
  ports?: ContainerPort[];
  /** Sources of which each key becomes a variable; later sources win over earlier ones, env over all. */
  envFrom?: EnvFromSource[];
  /** Environment variables, in order; a value may use earlier ones as $(NAME). */
  env?: EnvVar[];
  /** Not allowed here: it uses what the pod was given. */
  resources?: ResourceRequirements;
  /** Not allowed here. */
  resizePolicy?: ContainerResizePolicy[];
  /** Not allowed here. */
  restartPolicy?: string;
  /** Not allowed here. */
  restartPolicyRules?: ContainerRestartRule[];
  /** Volumes of the pod that the container sees; without subPath. */
  volumeMounts?: VolumeMount[];
  /** Volumes of the pod that the container sees as raw block devices. */
  volumeDevices?: VolumeDevice[];
  /** Not allowed here. */
  livenessProbe?: Probe;
  /** Not allowed here. */
  readinessProbe?: Probe;
  /** Not allowed here. */
  startupProbe?: Probe;
  /** Not allowed here. */
  lifecycle?: Lifecycle;
  /** File from which the container's last words are read into its status; "/dev/termination-log" by default. */
  terminationMessagePath?: string;
  /** "File" (default), or "FallbackToLogsOnError": the end of the log where the file is empty and the container failed. */
  terminationMessagePolicy?: string;
  /** "Always", "IfNotPresent" or "Never". Default: Always for the tag latest, else IfNotPresent. */
  imagePullPolicy?: string;
  /** User, capabilities and other rights; wins over the pod's. */
  securityContext?: SecurityContext;
  /** Keep a buffer for standard input; otherwise reads see its end at once. */
  stdin?: boolean;
  /** Close standard input for good when the first client that attached goes away. */
  stdinOnce?: boolean;
  /** Give the container a terminal; needs stdin to be of use. */
  tty?: boolean;
}

/** A claim made for the pod, named <pod>-<volume>, owned by the pod. */
export interface EphemeralVolumeSource {
  /** The claim. */
  volumeClaimTemplate?: PersistentVolumeClaimTemplate;
}

/** Something that happened to an object; kept for a while only. */
export interface Event {
  apiVersion: string;
  kind: 'Event';
  /** Identity. The namespace is the object's. */
  metadata: ObjectMeta;
  /** The object that it happened to. */
  involvedObject: ObjectReference;
  /** One CamelCase word for what happened, such as "FailedScheduling". */
  reason?: string;
  /** Message for people. */
  message?: string;
  /** Reporter; newer reporters fill in reportingComponent. */
  source?: EventSource;
  /** When it happened first. */
  firstTimestamp?: string;
  /** When it happened last. */
  lastTimestamp?: string;
  /** How often it happened. */
  count?: number;
  /** "Normal" or "Warning". */
  type?: string;
  /** When it happened first, from newer reporters. */
  eventTime?: string;
  /** The repetitions, from newer reporters; absent for a single one. */
  series?: EventSeries;
  /** Action that was taken or failed on the object, such as "Binding". */
  action?: string;
  /** Another object that it has to do with. */
  related?: ObjectReference;
  /** The component that reports it, such as "default-scheduler". */
  reportingComponent?: string;
  /** Instance of the component. */
  reportingInstance?: string;
}

/** Repetitions of an event. */
export interface EventSeries {
  /** How often it happened so far. */
  count?: number;
  /** When it happened last. */
  lastObservedTime?: string;
}

/** Reporter of an event. */
export interface EventSource {
  /** The component. */
  component?: string;
  /** The node that it runs on. */
  host?: string;
}

/** Runs a command in a container. */
export interface ExecAction {
  /** Program and arguments, without a shell, in the container's root directory. */
  command?: string[];
}

/** A Fibre Channel disk, by targetWWNs and lun or by wwids. */
export interface FCVolumeSource {
  /** World-wide names of the target's ports. */
  targetWWNs?: string[];
  /** Logical unit number. */
  lun?: number;
  /** File system, such as "ext4". */
  fsType?: string;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
  /** World-wide ids of the disk. */
  wwids?: string[];
}

/** A key of a file of NAME=value lines. */
export interface FileKeySelector {
  /** Volume of the pod that holds the file, an emptyDir. */
  volumeName: string;
  /** Path within the volume, relative and without "..". */
  path: string;
  /** The name before "=", 128 characters at most. */
  key: string;
  /** Whether the file or its key may be missing, which leaves the variable out; an error by default. */
  optional?: boolean;
}

/** A volume of an executable driver, for persistent volumes. */
export interface FlexPersistentVolumeSource {
  /** The driver's name. */
  driver: string;
  /** File system; the driver chooses where empty. */
  fsType?: string;
  /** Secret for the driver. */
  secretRef?: SecretReference;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
  /** Settings for the driver. */
  options?: Record<string, string>;
}

/** A volume of an executable driver. */
export interface FlexVolumeSource {
  /** The driver's name. */
  driver: string;
  /** File system; the driver chooses where empty. */
  fsType?: string;
  /** Secret for the driver, in the pod's namespace. */
  secretRef?: LocalObjectReference;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
  /** Settings for the driver. */
  options?: Record<string, string>;
}

/** A Flocker dataset, by one of the two. */
export interface FlockerVolumeSource {
  /** The dataset's name. */
  datasetName?: string;
  /** The dataset's UUID. */
  datasetUUID?: string;
}

/** A Google Compute Engine disk. */
export interface GCEPersistentDiskVolumeSource {
  /** The disk's name. */
  pdName: string;
  /** File system, such as "ext4". */
  fsType?: string;
  /** Partition number; 0 is the whole disk. */
  partition?: number;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
}

/** A call of grpc.health.v1.Health/Check. */
export interface GRPCAction {
  /** Port, 1 to 65535. */
  port: number;
  /** Name of the service in the request; the server as a whole where empty. */
  service?: string;
}

/** A clone of a git repository. */
export interface GitRepoVolumeSource {
  /** URL of the repository. */
  repository: string;
  /** Commit to check out. */
  revision?: string;
  /** Directory within the volume; "." is the volume itself, the repository's name where empty. */
  directory?: string;
}

/** A GlusterFS volume, for persistent volumes. */
export interface GlusterfsPersistentVolumeSource {
  /** Endpoints object with the servers' addresses. */
  endpoints: string;
  /** The volume. */
  path: string;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
  /** Namespace of the endpoints; the claim's where absent. */
  endpointsNamespace?: string;
}

/** A GlusterFS volume. */
export interface GlusterfsVolumeSource {
  /** Endpoints object with the servers' addresses. */
  endpoints: string;
  /** The volume. */
  path: string;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
}

/** An HTTP GET sent to a container. */
export interface HTTPGetAction {
  /** Path; "/" by default. */
  path?: string;
  /** Port, by number or by the name of a container port. */
  port: number | string;
  /** Host to connect to; the pod's address where empty. For virtual hosts set the Host header instead. */
  host?: string;
  /** "HTTP" (default) or "HTTPS", whose certificate isn't verified. */
  scheme?: string;
  /** Headers to send; a name may come more than once. */
  httpHeaders?: HTTPHeader[];
}

/** A header of a request. */
export interface HTTPHeader {
  /** Name; sent in canonical form. */
  name: string;
  /** Value; may be empty. */
  value?: string;
}

/** One line of /etc/hosts. */
export interface HostAlias {
  /** The address. */
  ip: string;
  /** The names for it. */
  hostnames?: string[];
}

/** An address of a node. */
export interface HostIP {
  /** IPv4 or IPv6 address. */
  ip: string;
}

/** A file or directory of the node. It gives the pod power over the node. */
export interface HostPathVolumeSource {
  /** Absolute path on the node; links are followed. */
  path: string;
  /** Check before mounting: "" (default, no check), "DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice" or "BlockDevice". */
  type?: string;
}

/** An iSCSI disk, for persistent volumes. */
export interface ISCSIPersistentVolumeSource {
  /** Address of the target, with a port if that isn't 3260. */
  targetPortal: string;
  /** Qualified name of the target. */
  iqn: string;
  /** Logical unit number. */
  lun?: number;
  /** Transport; "default" (tcp) by default. */
  iscsiInterface?: string;
  /** File system, such as "ext4". */
  fsType?: string;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
  /** Further addresses of the target, for multipath. */
  portals?: string[];
  /** Authenticate the discovery by CHAP. */
  chapAuthDiscovery?: boolean;
  /** Authenticate the session by CHAP. */
  chapAuthSession?: boolean;
  /** Secret for CHAP. */
  secretRef?: SecretReference;
  /** Qualified name of the initiator; the node's where absent. */
  initiatorName?: string;
}

/** An iSCSI disk. */
export interface ISCSIVolumeSource {
  /** Address of the target, with a port if that isn't 3260. */
  targetPortal: string;
  /** Qualified name of the target. */
  iqn: string;
  /** Logical unit number. */
  lun?: number;
  /** Transport; "default" (tcp) by default. */
  iscsiInterface?: string;
  /** File system, such as "ext4". */
  fsType?: string;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
  /** Further addresses of the target, for multipath. */
  portals?: string[];
  /** Authenticate the discovery by CHAP. */
  chapAuthDiscovery?: boolean;
  /** Authenticate the session by CHAP. */
  chapAuthSession?: boolean;
  /** Secret for CHAP, in the pod's namespace. */
  secretRef?: LocalObjectReference;
  /** Qualified name of the initiator; the node's where absent. */
  initiatorName?: string;
}

/** An OCI image or artifact as a directory. */
export interface ImageVolumeSource {
  /** Image reference, as in a container's image. */
  reference?: string;
  /** "Always", "IfNotPresent" or "Never". Default: Always for the tag latest, else IfNotPresent. */
  pullPolicy?: string;
}

/** The image behind a volume. */
export interface ImageVolumeStatus {
  /** The image by its digest, 256 characters at most. */
  imageRef: string;
}

/** Shows one key as a file. */
export interface KeyToPath {
  /** The key. */
  key: string;
  /** File within the volume, relative and without "..". */
  path: string;
  /** Permission bits, 0 to 511 (octal 0777); the volume's default where absent. */
  mode?: number;
}

/** Hooks that the node runs around a container's start and end. */
export interface Lifecycle {
  /** Run right after the start, at the same time as the entry point; the container is killed if it fails. */
  postStart?: LifecycleHandler;
  /** Run before the stop signal, within the grace period; not run when the container ends by itself. */
  preStop?: LifecycleHandler;
  /** Signal that asks the container to end, such as "SIGUSR1"; the image's, or SIGTERM, where absent. Needs the pod's os. */
  stopSignal?: string;
}

/** One action; exactly one field is set. */
export interface LifecycleHandler {
  /** Run a command in the container. */
  exec?: ExecAction;
  /** Send an HTTP GET to the container. */
  httpGet?: HTTPGetAction;
  /** Accepted for old manifests; does nothing. */
  tcpSocket?: TCPSocketAction;
  /** Wait. */
  sleep?: SleepAction;
}

/** Bounds and defaults of the resources of each pod, container or claim in a namespace. */
export interface LimitRange {
  apiVersion: string;
  kind: 'LimitRange';
  /** Identity. */
  metadata: ObjectMeta;
  /** The bounds. */
  spec?: LimitRangeSpec;
}

/** Bounds of one type of thing. */
export interface LimitRangeItem {
  /** "Container", "Pod" (all of its containers together), "PersistentVolumeClaim", or a name with a domain. */
  type: string;
  /** Most of each resource. */
  max?: Record<string, string>;
  /** Least of each resource. */
  min?: Record<string, string>;
  /** Limit of a container that has none. */
  default?: Record<string, string>;
  /** Request of a container that has none; that of "default", "max" or "min" where absent. */
  defaultRequest?: Record<string, string>;
  /** Most that a limit may be of its request: 2 allows twice as much. */
  maxLimitRequestRatio?: Record<string, string>;
}

/** Bounds by the type of what they bound. */
export interface LimitRangeSpec {
  /** One entry for each type. */
  limits?: LimitRangeItem[];
}

/** A user and its groups on Linux, as first attached; the process may change them if it has the right to. */
export interface LinuxContainerUser {
  /** User id. */
  uid?: number;
  /** Primary group id. */
  gid?: number;
  /** Further group ids. */
  supplementalGroups?: number[];
}

/** A point where a load balancer listens. */
export interface LoadBalancerIngress {
  /** Its address. */
  ip?: string;
  /** Its name, where it has no fixed address. */
  hostname?: string;
  /** How ip behaves inside the cluster: "VIP" (default, packets arrive with it) or "Proxy" (with a node's or pod's address). Only with ip. */
  ipMode?: string;
  /** Status of each port. */
  ports?: PortStatus[];
}

/** A load balancer. */
export interface LoadBalancerStatus {
  /** Addresses on which it listens; empty until it does. */
  ingress?: LoadBalancerIngress[];
}

/** Points at an object in the same namespace; of which kind, its user knows. */
export interface LocalObjectReference {
  /** The object's name. */
  name?: string;
}

/** A disk or directory of one node, for persistent volumes; they need nodeAffinity. */
export interface LocalVolumeSource {
  /** Absolute path of a directory or block device. */
  path: string;
  /** File system to make on an empty block device, such as "ext4"; chosen where absent. */
  fsType?: string;
}

/** A change of attributes under way. */
export interface ModifyVolumeStatus {
  /** The class that is being applied. */
  targetVolumeAttributesClassName?: string;
  /** "Pending", "InProgress" or "Infeasible" (the driver refuses it). */
  status?: string;
}

/** A directory of an NFS server. */
export interface NFSVolumeSource {
  /** Host name or address. */
  server: string;
  /** Exported path. */
  path: string;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
}

/** A scope of names, and what deleting it deletes. Not namespaced. */
export interface Namespace {
  apiVersion: string;
  kind: 'Namespace';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** Finalizers, which hold its deletion back. Absent in an update where the writer has nothing to say of the finalizers. */
  spec?: NamespaceSpec;
  /** Observed state. */
  status?: NamespaceStatus;
}

/** One observed aspect of a namespace's deletion. */
export interface NamespaceCondition {
  /** Type of the condition, such as "NamespaceContentRemaining"; unique in the list. */
  type: string;
  /** "True", "False" or "Unknown". */
  status: string;
  /** When status last changed. */
  lastTransitionTime?: string;
  /** One CamelCase word for why. */
  reason?: string;
  /** Why, for people. */
  message?: string;
}

/** Finalizers, which hold a namespace's deletion back. */
export interface NamespaceSpec {
  /** Finalizers that must be removed first; "kubernetes" stands for the deletion of all that is in it. */
  finalizers?: string[];
}

/** Observed state of a namespace. */
export interface NamespaceStatus {
  /** "Active", or "Terminating": nothing new may be made in it. */
  phase?: string;
  /** Conditions, among them the obstacles to its deletion. */
  conditions?: NamespaceCondition[];
}

/** A machine that runs pods. Not namespaced. */
export interface Node {
  apiVersion: string;
  kind: 'Node';
  /** Identity and labels, which selectors and topologies use. */
  metadata: ObjectMeta;
  /** Desired state, set by operators and controllers. */
  spec?: NodeSpec;
  /** Observed state, written by its agent. */
  status?: NodeStatus;
}

/** An address or name of a node. */
export interface NodeAddress {
  /** "InternalIP", "ExternalIP", "Hostname", "InternalDNS" or "ExternalDNS". */
  type: string;
  /** The address or name. */
  address: string;
}

/** Affinity to nodes: required or preferred, judged once, when the pod is placed. */
export interface NodeAffinity {
  /** Nodes that the pod may be placed on. */
  requiredDuringSchedulingIgnoredDuringExecution?: NodeSelector;
  /** Terms of which a node's weights are added up; the highest sum is preferred. */
  preferredDuringSchedulingIgnoredDuringExecution?: PreferredSchedulingTerm[];
}

/** One observed aspect of a node. */
export interface NodeCondition {
  /** Type of the condition, such as "Ready"; unique in the list. */
  type: string;
  /** "True", "False" or "Unknown". */
  status: string;
  /** When it was last confirmed. */
  lastHeartbeatTime?: string;
  /** When status last changed. */
  lastTransitionTime?: string;
  /** One CamelCase word for why. */
  reason?: string;
  /** Why, for people. */
  message?: string;
}

/** Source of an agent's configuration. */
export interface NodeConfigSource {
  /** A ConfigMap. */
  configMap?: ConfigMapNodeConfigSource;
}

/** Configuration that an agent uses. */
export interface NodeConfigStatus {
  /** The one that it is to use. */
  assigned?: NodeConfigSource;
  /** The one that it uses. */
  active?: NodeConfigSource;
  /** The one that it goes back to when the assigned one fails. */
  lastKnownGood?: NodeConfigSource;
  /** Fault of the assigned one. */
  error?: string;
}

/** Ports of a node's daemons. */
export interface NodeDaemonEndpoints {
  /** The agent's, for logs, exec and port-forward. */
  kubeletEndpoint?: DaemonEndpoint;
}

/** Features of a container runtime, with any handler. */
export interface NodeFeatures {
  /** Obey supplementalGroupsPolicy, and report containers' users. */
  supplementalGroupsPolicy?: boolean;
}

/** A handler of a container runtime, as runtime classes name it. */
export interface NodeRuntimeHandler {
  /** Its name; empty for the default one. */
  name?: string;
  /** Features of the handler. */
  features?: NodeRuntimeHandlerFeatures;
}

/** Features of a runtime handler. */
export interface NodeRuntimeHandlerFeatures {
  /** Mounts that are read-only all the way down. */
  recursiveReadOnlyMounts?: boolean;
  /** User namespaces, with volumes. */
  userNamespaces?: boolean;
}

/** A choice of nodes: those that match any of the terms. */
export interface NodeSelector {
  /** The terms, at least one. */
  nodeSelectorTerms: NodeSelectorTerm[];
}

/** A demand on one label or field. */
export interface NodeSelectorRequirement {
  /** The label's key, or the field's path. */
  key: string;
  /** "In", "NotIn", "Exists", "DoesNotExist", "Gt" or "Lt". An absent label satisfies NotIn. */
  operator: string;
  /** Values: at least one for In and NotIn, none for Exists and DoesNotExist, one integer for Gt and Lt. */
  values?: string[];
}

/** Requirements that must all hold; with none at all it matches no node. */
export interface NodeSelectorTerm {
  /** On the node's labels. */
  matchExpressions?: NodeSelectorRequirement[];
  /** On the node's fields; metadata.name is the only one. */
  matchFields?: NodeSelectorRequirement[];
}

/** Desired state of a node. */
export interface NodeSpec {
  /** Range of its pods' addresses, such as "10.244.1.0/24". */
  podCIDR?: string;
  /** Ranges, one a family; the first equals podCIDR. */
  podCIDRs?: string[];
  /** The machine's id at its cloud, as <provider>://<id>. */
  providerID?: string;
  /** Take no new pods (cordoned); false by default. */
  unschedulable?: boolean;
  /** Taints, which keep pods away. */
  taints?: Taint[];
  /** Formerly where the agent's configuration came from; does nothing. */
  configSource?: NodeConfigSource;
  /** Formerly the machine's id outside the cluster; does nothing. */
  externalID?: string;
}

/** Observed state of a node. */
export interface NodeStatus {
  /** All of its resources: "cpu" in cores, "memory" and "ephemeral-storage" in bytes, "pods" as a count, and extended resources. */
  capacity?: Record<string, string>;
  /** Part of the capacity that pods may have; the scheduler counts on it. Equal to capacity where absent. */
  allocatable?: Record<string, string>;
  /** Formerly where the node stood in its life; never set. */
  phase?: string;
  /** Conditions: Ready, MemoryPressure, DiskPressure, PIDPressure, NetworkUnavailable. */
  conditions?: NodeCondition[];
  /** Addresses and names under which it is reached. A strategic merge by type would drop a second address of one type: replace the list. */
  addresses?: NodeAddress[];
  /** Ports of its agent. */
  daemonEndpoints?: NodeDaemonEndpoints;
  /** Its system and versions. */
  nodeInfo?: NodeSystemInfo;
  /** Images that it holds, the largest first: pods that use them start sooner here. */
  images?: ContainerImage[];
  /** Attachable volumes that are mounted; they must not be detached. */
  volumesInUse?: string[];
  /** Volumes that are attached. */
  volumesAttached?: AttachedVolume[];
  /** Formerly which configuration the agent used; never set. */
  config?: NodeConfigStatus;
  /** Handlers of its container runtime. */
  runtimeHandlers?: NodeRuntimeHandler[];
  /** Features of its container runtime. */
  features?: NodeFeatures;
  /** Features of its agent that pods may depend on, for scheduling. */
  declaredFeatures?: string[];
}

/** Swap of a node. */
export interface NodeSwapStatus {
  /** Size in bytes. */
  capacity?: number;
}

/** System and versions of a node. */
export interface NodeSystemInfo {
  /** Id of the installed system, from /etc/machine-id. */
  machineID?: string;
  /** UUID of the hardware or virtual machine. */
  systemUUID?: string;
  /** Id that changes with each boot. */
  bootID?: string;
  /** Kernel, as "uname -r" says. */
  kernelVersion?: string;
  /** System, such as "Debian GNU/Linux 12 (bookworm)". */
  osImage?: string;
  /** Container runtime and version, such as "containerd://1.6.20". */
  containerRuntimeVersion?: string;
  /** Version of the node's agent. */
  kubeletVersion?: string;
  /** Formerly the version of the service proxy. */
  kubeProxyVersion?: string;
  /** Such as "linux". */
  operatingSystem?: string;
  /** Such as "amd64". */
  architecture?: string;
  /** Swap. */
  swap?: NodeSwapStatus;
}

/** A field of the pod. */
export interface ObjectFieldSelector {
  /** Version in which fieldPath is written; "v1" by default. */
  apiVersion?: string;
  /** Path: metadata.name, .namespace, .uid, .labels['key'], .annotations['key'], spec.nodeName, .serviceAccountName, status.hostIP, .hostIPs, .podIP or .podIPs. */
  fieldPath: string;
}

/** Points at an object, or at a part of it. */
export interface ObjectReference {
  /** The object's kind. */
  kind?: string;
  /** Its namespace. */
  namespace?: string;
  /** Its name. */
  name?: string;
  /** Its uid. */
  uid?: string;
  /** Its apiVersion. */
  apiVersion?: string;
  /** The revision that is meant, where it matters. */
  resourceVersion?: string;
  /** The part that is meant, such as "spec.containers{web}". */
  fieldPath?: string;
}

/** A piece of storage that outlives pods. Not namespaced. */
export interface PersistentVolume {
  apiVersion: string;
  kind: 'PersistentVolume';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** Source and properties of the volume. */
  spec: PersistentVolumeSpec;
  /** Observed state. */
  status?: PersistentVolumeStatus;
}

/** A user's request for storage, and afterwards the right to it. */
export interface PersistentVolumeClaim {
  apiVersion: string;
  kind: 'PersistentVolumeClaim';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** Desired state. */
  spec: PersistentVolumeClaimSpec;
  /** Observed state: the bound volume's properties. */
  status?: PersistentVolumeClaimStatus;
}

/** One observed aspect of a claim. */
export interface PersistentVolumeClaimCondition {
  /** Type of the condition, such as "Resizing"; unique in the list. */
  type: string;
  /** "True", "False" or "Unknown". */
  status: string;
  /** When it was last checked. */
  lastProbeTime?: string;
  /** When status last changed. */
  lastTransitionTime?: string;
  /** One CamelCase word for why. */
  reason?: string;
  /** Why, for people. */
  message?: string;
}

/** Desired volume. Immutable once bound, but for a larger size and the attributes class. */
export interface PersistentVolumeClaimSpec {
  /** Ways of mounting that are needed; at least one. */
  accessModes?: string[];
  /** Labels of the volumes that will do. */
  selector?: LabelSelector;
  /** The size: "storage" in bytes under requests. */
  resources?: VolumeResourceRequirements;
  /** The volume that it is bound to. */
  volumeName?: string;
  /** Class that makes the volume; the default class where absent, no making at all where "". */
  storageClassName?: string;
  /** "Filesystem" (default) or "Block". */
  volumeMode?: string;
  /** Source of the new volume's data: a VolumeSnapshot or another claim. */
  dataSource?: TypedLocalObjectReference;
  /** The same for any kind of object; kept equal to dataSource where both can say it. */
  dataSourceRef?: TypedObjectReference;
  /** Class of attributes to give to the volume, also later. */
  volumeAttributesClassName?: string;
}

/** Observed state: the bound volume's properties. */
export interface PersistentVolumeClaimStatus {
  /** "Pending", "Bound" or "Lost" (its volume is gone). */
  phase?: string;
  /** Ways in which the volume can be mounted. */
  accessModes?: string[];
  /** Actual size: "storage" in bytes. */
  capacity?: Record<string, string>;
  /** Conditions: Resizing, FileSystemResizePending and others. */
  conditions?: PersistentVolumeClaimCondition[];
  /** Size that is being worked towards; may be above capacity during a resize. */
  allocatedResources?: Record<string, string>;
  /** Status of a resize by resource, such as "ControllerResizeInProgress" or "NodeResizePending"; empty where none is under way. */
  allocatedResourceStatuses?: Record<string, string>;
  /** Class of attributes in force. */
  currentVolumeAttributesClassName?: string;
  /** A change of attributes under way. */
  modifyVolumeStatus?: ModifyVolumeStatus;
}

/** A claim to be made. */
export interface PersistentVolumeClaimTemplate {
  /** Labels and annotations of the claim; nothing else is allowed. */
  metadata?: Partial<ObjectMeta>;
  /** The claim's spec. */
  spec: PersistentVolumeClaimSpec;
}

/** The volume bound to a claim. */
export interface PersistentVolumeClaimVolumeSource {
  /** The claim, in the pod's namespace. */
  claimName: string;
  /** Mount it read-only in all containers; false by default. */
  readOnly?: boolean;
}

/** Source of a persistent volume; exactly one field is set. */
export interface PersistentVolumeSource {
  /** A Google Compute Engine disk. Deprecated: use CSI. */
  gcePersistentDisk?: GCEPersistentDiskVolumeSource;
  /** An AWS EBS volume. Deprecated: use CSI. */
  awsElasticBlockStore?: AWSElasticBlockStoreVolumeSource;
  /** A directory of a node, for tests on one node; prefer local. */
  hostPath?: HostPathVolumeSource;
  /** A GlusterFS volume. Deprecated. */
  glusterfs?: GlusterfsPersistentVolumeSource;
  /** A directory of an NFS server. */
  nfs?: NFSVolumeSource;
  /** A Ceph block device. Deprecated: use CSI. */
  rbd?: RBDPersistentVolumeSource;
  /** An iSCSI disk. */
  iscsi?: ISCSIPersistentVolumeSource;
  /** An OpenStack Cinder volume. Deprecated: use CSI. */
  cinder?: CinderPersistentVolumeSource;
  /** A CephFS directory. Deprecated: use CSI. */
  cephfs?: CephFSPersistentVolumeSource;
  /** A Fibre Channel disk. */
  fc?: FCVolumeSource;
  /** A Flocker dataset. Deprecated. */
  flocker?: FlockerVolumeSource;
  /** A volume of an executable driver. Deprecated: use CSI. */
  flexVolume?: FlexPersistentVolumeSource;
  /** An Azure file share. Deprecated: use CSI. */
  azureFile?: AzureFilePersistentVolumeSource;
  /** A vSphere disk. Deprecated: use CSI. */
  vsphereVolume?: VsphereVirtualDiskVolumeSource;
  /** A Quobyte volume. Deprecated. */
  quobyte?: QuobyteVolumeSource;
  /** An Azure disk. Deprecated: use CSI. */
  azureDisk?: AzureDiskVolumeSource;
  /** A Photon Controller disk. Deprecated. */
  photonPersistentDisk?: PhotonPersistentDiskVolumeSource;
  /** A Portworx volume. Deprecated: use CSI. */
  portworxVolume?: PortworxVolumeSource;
  /** A ScaleIO volume. Deprecated. */
  scaleIO?: ScaleIOPersistentVolumeSource;
  /** A disk or directory of one node. */
  local?: LocalVolumeSource;
  /** A StorageOS volume. Deprecated. */
  storageos?: StorageOSPersistentVolumeSource;
  /** A volume of a CSI driver. */
  csi?: CSIPersistentVolumeSource;
}

/** Source and properties of a volume. */
export interface PersistentVolumeSpec {
  /** Its size: "storage" in bytes. */
  capacity?: Record<string, string>;
  /** A Google Compute Engine disk. Deprecated: use CSI. */
  gcePersistentDisk?: GCEPersistentDiskVolumeSource;
  /** An AWS EBS volume. Deprecated: use CSI. */
  awsElasticBlockStore?: AWSElasticBlockStoreVolumeSource;
  /** A directory of a node, for tests on one node; prefer local. */
  hostPath?: HostPathVolumeSource;
  /** A GlusterFS volume. Deprecated. */
  glusterfs?: GlusterfsPersistentVolumeSource;
  /** A directory of an NFS server. */
  nfs?: NFSVolumeSource;
  /** A Ceph block device. Deprecated: use CSI. */
  rbd?: RBDPersistentVolumeSource;
  /** An iSCSI disk. */
  iscsi?: ISCSIPersistentVolumeSource;
  /** An OpenStack Cinder volume. Deprecated: use CSI. */
  cinder?: CinderPersistentVolumeSource;
  /** A CephFS directory. Deprecated: use CSI. */
  cephfs?: CephFSPersistentVolumeSource;
  /** A Fibre Channel disk. */
  fc?: FCVolumeSource;
  /** A Flocker dataset. Deprecated. */
  flocker?: FlockerVolumeSource;
  /** A volume of an executable driver. Deprecated: use CSI. */
  flexVolume?: FlexPersistentVolumeSource;
  /** An Azure file share. Deprecated: use CSI. */
  azureFile?: AzureFilePersistentVolumeSource;
  /** A vSphere disk. Deprecated: use CSI. */
  vsphereVolume?: VsphereVirtualDiskVolumeSource;
  /** A Quobyte volume. Deprecated. */
  quobyte?: QuobyteVolumeSource;
  /** An Azure disk. Deprecated: use CSI. */
  azureDisk?: AzureDiskVolumeSource;
  /** A Photon Controller disk. Deprecated. */
  photonPersistentDisk?: PhotonPersistentDiskVolumeSource;
  /** A Portworx volume. Deprecated: use CSI. */
  portworxVolume?: PortworxVolumeSource;
  /** A ScaleIO volume. Deprecated. */
  scaleIO?: ScaleIOPersistentVolumeSource;
  /** A disk or directory of one node. */
  local?: LocalVolumeSource;
  /** A StorageOS volume. Deprecated. */
  storageos?: StorageOSPersistentVolumeSource;
  /** A volume of a CSI driver. */
  csi?: CSIPersistentVolumeSource;
  /** Ways in which it can be mounted: "ReadWriteOnce" (one node), "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod" (one pod). */
  accessModes?: string[];
  /** The claim that it is bound to; the claim's volumeName has the last word. */
  claimRef?: ObjectReference;
  /** Reclaim policy once its claim is gone: "Retain" (default for those made by hand), "Delete" or "Recycle" (deprecated). */
  persistentVolumeReclaimPolicy?: string;
  /** Its class; none where empty. */
  storageClassName?: string;
  /** Mount options, such as "soft"; not checked beforehand. */
  mountOptions?: string[];
  /** "Filesystem" (default) or "Block" (a raw device). */
  volumeMode?: string;
  /** Nodes from which it can be reached; the scheduler obeys it. */
  nodeAffinity?: VolumeNodeAffinity;
  /** Its class of changeable attributes; none where absent. */
  volumeAttributesClassName?: string;
}

/** Observed state of a volume. */
export interface PersistentVolumeStatus {
  /** "Pending", "Available", "Bound", "Released" (its claim is gone) or "Failed" (it could not be reclaimed). */
  phase?: string;
  /** Why, for people. */
  message?: string;
  /** One CamelCase word for what failed. */
  reason?: string;
  /** When phase last changed. */
  lastPhaseTransitionTime?: string;
}

/** A Photon Controller disk. */
export interface PhotonPersistentDiskVolumeSource {
  /** The disk's id. */
  pdID: string;
  /** File system, such as "ext4". */
  fsType?: string;
}

/** Containers that run together on one node and share its network address and volumes; the unit of scheduling. */
export interface Pod {
  apiVersion: string;
  kind: 'Pod';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** Desired state. Immutable, but for images, added tolerations, removed gates, a shorter activeDeadlineSeconds and resizes. */
  spec: PodSpec;
  /** Observed state, written by the scheduler and the pod's node. */
  status?: PodStatus;
}

/** Affinity to pods: required or preferred nearby. */
export interface PodAffinity {
  /** Terms that must all hold where the pod is placed. */
  requiredDuringSchedulingIgnoredDuringExecution?: PodAffinityTerm[];
  /** Terms of which weights are added up, once a matching pod. */
  preferredDuringSchedulingIgnoredDuringExecution?: WeightedPodAffinityTerm[];
}

/** Pods in one topology domain. It holds on a node if such a pod runs on any node with the same value of the label topologyKey. */
export interface PodAffinityTerm {
  /** The pods' labels; absent matches none. */
  labelSelector?: LabelSelector;
  /** Namespaces of the pods, beside those of namespaceSelector. With neither set, the pod's own. */
  namespaces?: string[];
  /** Label of nodes whose values are the domains, such as "kubernetes.io/hostname" or "topology.kubernetes.io/zone". */
  topologyKey: string;
  /** Namespaces of the pods by label; {} is all of them. */
  namespaceSelector?: LabelSelector;
  /** Label keys in which the other pods must have this pod's values, such as "pod-template-hash". */
  matchLabelKeys?: string[];
  /** Label keys in which the other pods must not have this pod's values. */
  mismatchLabelKeys?: string[];
}

/** Anti-affinity to pods: refused or avoided nearby. */
export interface PodAntiAffinity {
  /** Terms of which none may hold where the pod is placed. They bind later pods too. */
  requiredDuringSchedulingIgnoredDuringExecution?: PodAffinityTerm[];
  /** Terms of which weights are taken off, once a matching pod. */
  preferredDuringSchedulingIgnoredDuringExecution?: WeightedPodAffinityTerm[];
}

/** A key of the pod, and its certificate, within a projected volume. */
export interface PodCertificateProjection {
  /** The signer of the certificate. */
  signerName?: string;
  /** The sort of key: "RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521" or "ED25519". */
  keyType?: string;
  /** Longest validity in seconds, from 3600 to 7862400 (91 days). */
  maxExpirationSeconds?: number;
  /** File with the key and the certificates. */
  credentialBundlePath?: string;
  /** File with the key. */
  keyPath?: string;
  /** File with the certificates. */
  certificateChainPath?: string;
  /** Further wishes for the signer, which nobody has verified; keys have a domain. */
  userAnnotations?: Record<string, string>;
}

/** One observed aspect of a pod. */
export interface PodCondition {
  /** Type of the condition, such as "Ready"; unique in the list. */
  type: string;
  /** The metadata.generation that this was concluded from. */
  observedGeneration?: number;
  /** "True", "False" or "Unknown". */
  status: string;
  /** When it was last checked; mostly absent. */
  lastProbeTime?: string;
  /** When status last changed. */
  lastTransitionTime?: string;
  /** One CamelCase word for why, such as "Unschedulable". */
  reason?: string;
  /** Why, for people. */
  message?: string;
}

/** Resolver settings, written to /etc/resolv.conf. */
export interface PodDNSConfig {
  /** Addresses of name servers, after those of the policy. */
  nameservers?: string[];
  /** Domains to search, after those of the policy. */
  searches?: string[];
  /** Resolver options; win over those of the policy with the same name. */
  options?: PodDNSConfigOption[];
}

/** One resolver option. */
export interface PodDNSConfigOption {
  /** Name, such as "ndots". */
  name?: string;
  /** Value, such as "2"; absent for options that take none. */
  value?: string;
}

/** The claim behind a pod's extended resources. */
export interface PodExtendedResourceClaimStatus {
  /** Mapping of containers' resources to requests of the claim. */
  requestMappings?: ContainerExtendedResourceRequest[];
  /** The ResourceClaim, in the pod's namespace. */
  resourceClaimName: string;
}

/** An address of a pod. */
export interface PodIP {
  /** IPv4 or IPv6 address. */
  ip: string;
}

/** The operating system that a pod is made for. */
export interface PodOS {
  /** "linux" or "windows". */
  name: string;
}

/** A condition that the pod's readiness depends on. */
export interface PodReadinessGate {
  /** Type of the condition in status.conditions. */
  conditionType: string;
}

/** A claim on devices that the pod uses; exactly one of the two sources. */
export interface PodResourceClaim {
  /** Name by which containers refer to it. */
  name: string;
  /** A ResourceClaim in the pod's namespace, possibly shared with other pods. */
  resourceClaimName?: string;
  /** A ResourceClaimTemplate from which a claim is made for this pod and deleted with it. */
  resourceClaimTemplateName?: string;
}

/** Status of one entry of spec.resourceClaims. */
export interface PodResourceClaimStatus {
  /** Name of the entry. */
  name: string;
  /** The ResourceClaim made for it; absent where none was needed. */
  resourceClaimName?: string;
}

/** Holds a pod back from scheduling. */
export interface PodSchedulingGate {
  /** Name of the gate, unique in the pod, such as "example.com/quota". */
  name: string;
}

/** Security settings of all containers of a pod, and of the pod itself. */
export interface PodSecurityContext {
  /** SELinux context of the containers; chosen by the runtime where absent. */
  seLinuxOptions?: SELinuxOptions;
  /** Windows-only settings. */
  windowsOptions?: WindowsSecurityContextOptions;
  /** User id of the first process; the image's where absent. */
  runAsUser?: number;
  /** Primary group id of the first process; the runtime's default where absent. */
  runAsGroup?: number;
  /** Refuse to start a container that would run as user id 0. */
  runAsNonRoot?: boolean;
  /** Further group ids of the first process. */
  supplementalGroups?: number[];
  /** Whether groups that the image gives its user count too: "Merge" (default) or "Strict". */
  supplementalGroupsPolicy?: string;
  /** Group id that owns the pod's volumes, where they support it: files get it, with group read and write, and processes belong to it. */
  fsGroup?: number;
  /** Kernel parameters of the pod's namespaces. */
  sysctls?: Sysctl[];
  /** When volumes are changed over to fsGroup: "Always" (default) at each mount, or "OnRootMismatch" if the root differs. */
  fsGroupChangePolicy?: string;
  /** Filter of system calls. */
  seccompProfile?: SeccompProfile;
  /** AppArmor profile. */
  appArmorProfile?: AppArmorProfile;
  /** How volumes get their SELinux label: "MountOption" (default, where possible) or "Recursive". */
  seLinuxChangePolicy?: string;
}

/** Desired state: containers, volumes, placement and environment of a pod. */
export interface PodSpec {
  /** Volumes that the containers may mount. */
  volumes?: Volume[];
  /** Containers run one after another, each to success, before the others start; one with restartPolicy Always keeps running beside them (a sidecar). */
  initContainers?: Container[];
  /** The containers, at least one; can't be added or removed later. */
  containers: Container[];
  /** Containers added to a running pod for debugging, through the ephemeralcontainers subresource only. */
  ephemeralContainers?: EphemeralContainer[];
  /** When ended containers are started again: "Always" (default), "OnFailure" or "Never". */
  restartPolicy?: string;
  /** Seconds from the stop signal (and preStop hook) to the kill; 30 by default, 0 kills at once. */
  terminationGracePeriodSeconds?: number;
  /** Seconds after status.startTime at which the pod is failed if it still runs; no limit where absent. */
  activeDeadlineSeconds?: number;
  /** DNS policy, the source of the containers' resolver: "ClusterFirst" (default), "ClusterFirstWithHostNet", "Default" (the node's) or "None" (dnsConfig alone). */
  dnsPolicy?: string;
  /** Labels that the node must have, each with this value. */
  nodeSelector?: Record<string, string>;
  /** The service account that the pod runs as; "default" where empty. */
  serviceAccountName?: string;
  /** Older name of serviceAccountName, kept equal to it. */
  serviceAccount?: string;
  /** False keeps the account's token out of the containers; the account's own setting where absent. */
  automountServiceAccountToken?: boolean;
  /** The node that the pod is bound to. Set by the scheduler; set at creation, it bypasses the scheduler. */
  nodeName?: string;
  /** Use the node's network: its addresses and ports, no network namespace of the pod's own. */
  hostNetwork?: boolean;
  /** Use the node's process ids, so that all of its processes are seen. */
  hostPID?: boolean;
  /** Use the node's System V IPC and POSIX message queues. */
  hostIPC?: boolean;
  /** One process id namespace for all containers of the pod; excludes hostPID. */
  shareProcessNamespace?: boolean;
  /** User, groups and kernel settings for all containers; a container's own securityContext wins. */
  securityContext?: PodSecurityContext;
  /** Secrets in the pod's namespace with credentials for registries. */
  imagePullSecrets?: LocalObjectReference[];
  /** The pod's host name; its own name where empty. */
  hostname?: string;
  /** Makes the pod's full name <hostname>.<subdomain>.<namespace>.svc.<cluster domain>, where a headless service of this name exists. */
  subdomain?: string;
  /** Nodes and neighbours that the pod wants or avoids. */
  affinity?: Affinity;
  /** The scheduler that places the pod; "default-scheduler" by default. */
  schedulerName?: string;
  /** Taints that don't keep the pod off a node. */
  tolerations?: Toleration[];
  /** Lines for the containers' /etc/hosts. */
  hostAliases?: HostAlias[];
  /** PriorityClass that gives priority; the global default class, or 0, where empty. */
  priorityClassName?: string;
  /** Rank in the queue and in preemption, higher first; set from the class at admission. */
  priority?: number;
  /** Resolver settings, added to those of dnsPolicy. */
  dnsConfig?: PodDNSConfig;
  /** Further conditions that must be True before the pod is Ready, each set by someone outside the node. */
  readinessGates?: PodReadinessGate[];
  /** RuntimeClass with which the node's container runtime runs the pod; its default runtime where absent. */
  runtimeClassName?: string;
  /** Give containers the addresses of services in environment variables; true by default. */
  enableServiceLinks?: boolean;
  /** "PreemptLowerPriority" (default) or "Never": whether the pod may push out pods of lower priority. */
  preemptionPolicy?: string;
  /** Resources that running the pod costs beside its containers, counted in scheduling; set from the runtime class. */
  overhead?: Record<string, string>;
  /** How evenly pods of a group stand over zones, nodes or other domains; all must hold. */
  topologySpreadConstraints?: TopologySpreadConstraint[];
  /** The kernel's host name is the full domain name instead of the first label; false by default. */
  setHostnameAsFQDN?: boolean;
  /** Operating system of the containers; decides which security fields are allowed. */
  os?: PodOS;
  /** False gives the pod a user namespace, in which root is not the node's root; true by default. */
  hostUsers?: boolean;
  /** While any is left, the scheduler doesn't look at the pod. Set at creation, then only taken away. */
  schedulingGates?: PodSchedulingGate[];
  /** Claims on devices that must be allocated before the pod starts; containers use them by name. */
  resourceClaims?: PodResourceClaim[];
  /** Requests and limits of the pod as a whole, over those of its containers; cpu, memory and huge pages. */
  resources?: ResourceRequirements;
  /** The host name that containers see, up to 64 characters; leaves DNS as it is. */
  hostnameOverride?: string;
}

/** The pod's phase, addresses and containers. */
export interface PodStatus {
  /** The metadata.generation that this status was made from. */
  observedGeneration?: number;
  /** "Pending" (not all started yet), "Running", "Succeeded" (all ended well, none restarts), "Failed" (all ended, one badly) or "Unknown" (the node is silent). */
  phase?: string;
  /** Conditions: PodScheduled, Initialized, ContainersReady, Ready and others. */
  conditions?: PodCondition[];
  /** Why the pod is as it is, for people. */
  message?: string;
  /** One word for why, such as "Evicted" or "NodeLost". */
  reason?: string;
  /** Node on which preemption makes room for this pod; not a promise, it may land elsewhere. */
  nominatedNodeName?: string;
  /** First address of the node. */
  hostIP?: string;
  /** Addresses of the node, one a family; the first equals hostIP. */
  hostIPs?: HostIP[];
  /** The pod's first address; empty until its network is up. */
  podIP?: string;
  /** The pod's addresses, one a family; the first equals podIP. */
  podIPs?: PodIP[];
  /** When the node took the pod on, before images were pulled. */
  startTime?: string;
  /** One entry an init container, in the order of the spec. */
  initContainerStatuses?: ContainerStatus[];
  /** One entry a container. */
  containerStatuses?: ContainerStatus[];
  /** "Guaranteed", "Burstable" or "BestEffort", from the resources; the last is evicted first when a node runs short. */
  qosClass?: string;
  /** One entry an ephemeral container. */
  ephemeralContainerStatuses?: ContainerStatus[];
  /** Older form of the PodResizePending and PodResizeInProgress conditions. */
  resize?: string;
  /** The claims made from templates in spec.resourceClaims. */
  resourceClaimStatuses?: PodResourceClaimStatus[];
  /** The claim made for extended resources that dynamic allocation provides. */
  extendedResourceClaimStatus?: PodExtendedResourceClaimStatus;
  /** Requests of the whole pod that the node has set aside. */
  allocatedResources?: Record<string, string>;
  /** Requests and limits in force for the pod as a whole, where spec.resources has some. */
  resources?: ResourceRequirements;
}

/** A template of pods by itself. Nothing makes pods of it. */
export interface PodTemplate {
  apiVersion: string;
  kind: 'PodTemplate';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** The pods. */
  template: PodTemplateSpec;
}

/** The pods that a controller makes. */
export interface PodTemplateSpec {
  /** Labels, annotations and finalizers of the pods; a name would be ignored. */
  metadata?: Partial<ObjectMeta>;
  /** Spec of the pods. */
  spec: PodSpec;
}

/** Status of a load balancer's port. */
export interface PortStatus {
  /** The port. */
  port: number;
  /** "TCP", "UDP" or "SCTP". */
  protocol: string;
  /** One word for what is wrong with it; absent where it works. */
  error?: string;
}

/** A Portworx volume. */
export interface PortworxVolumeSource {
  /** The volume's id. */
  volumeID: string;
  /** File system, such as "ext4". */
  fsType?: string;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
}

/** A preference for nodes. One with no requirements matches all and says nothing. */
export interface PreferredSchedulingTerm {
  /** Weight, 1 to 100. */
  weight: number;
  /** The nodes that it favours. */
  preference: NodeSelectorTerm;
}

/** A check that the node makes of a container, again and again. */
export interface Probe {
  /** Run a command in the container; exit code 0 is success. */
  exec?: ExecAction;
  /** Send an HTTP GET; a status from 200 to 399 is success. */
  httpGet?: HTTPGetAction;
  /** Open a TCP connection; that it opens is success. */
  tcpSocket?: TCPSocketAction;
  /** Ask the gRPC health service; SERVING is success. */
  grpc?: GRPCAction;
  /** Seconds from the container's start to the first try; 0 by default. */
  initialDelaySeconds?: number;
  /** Seconds after which a try has failed; 1 by default, at least 1. */
  timeoutSeconds?: number;
  /** Seconds from one try to the next; 10 by default, at least 1. */
  periodSeconds?: number;
  /** Successes in a row that undo a failure; 1 by default, and no other for liveness and startup. */
  successThreshold?: number;
  /** Failures in a row that count as failed; 3 by default, at least 1. */
  failureThreshold?: number;
  /** Grace period where this probe ends the container; the pod's where absent. Not for readiness. */
  terminationGracePeriodSeconds?: number;
}

/** Action of a probe; exactly one field is set. */
export interface ProbeHandler {
  /** Run a command in the container; exit code 0 is success. */
  exec?: ExecAction;
  /** Send an HTTP GET; a status from 200 to 399 is success. */
  httpGet?: HTTPGetAction;
  /** Open a TCP connection; that it opens is success. */
  tcpSocket?: TCPSocketAction;
  /** Ask the gRPC health service; SERVING is success. */
  grpc?: GRPCAction;
}

/** Several sources in one directory. */
export interface ProjectedVolumeSource {
  /** The sources; their paths must not collide. */
  sources?: VolumeProjection[];
  /** Permission bits of the files, 0 to 511 (octal 0777); 420 (octal 0644) by default. */
  defaultMode?: number;
}

/** A Quobyte volume. */
export interface QuobyteVolumeSource {
  /** Registries as host:port, comma separated. */
  registry: string;
  /** The volume. */
  volume: string;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
  /** User; the service account's by default. */
  user?: string;
  /** Group; none by default. */
  group?: string;
  /** Tenant that owns the volume. */
  tenant?: string;
}

/** A Ceph block device, for persistent volumes. */
export interface RBDPersistentVolumeSource {
  /** Addresses of Ceph monitors. */
  monitors: string[];
  /** The image. */
  image: string;
  /** File system, such as "ext4". */
  fsType?: string;
  /** Pool; "rbd" by default. */
  pool?: string;
  /** User; "admin" by default. */
  user?: string;
  /** Keyring file on the node; "/etc/ceph/keyring" by default. */
  keyring?: string;
  /** Secret with the key; wins over keyring. */
  secretRef?: SecretReference;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
}

/** A Ceph block device. */
export interface RBDVolumeSource {
  /** Addresses of Ceph monitors. */
  monitors: string[];
  /** The image. */
  image: string;
  /** File system, such as "ext4". */
  fsType?: string;
  /** Pool; "rbd" by default. */
  pool?: string;
  /** User; "admin" by default. */
  user?: string;
  /** Keyring file on the node; "/etc/ceph/keyring" by default. */
  keyring?: string;
  /** Secret with the key, in the pod's namespace; wins over keyring. */
  secretRef?: LocalObjectReference;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
}

/** A number of equal pods that is kept up. */
export interface ReplicationController {
  apiVersion: string;
  kind: 'ReplicationController';
  /** Identity and labels; the template's labels where it has none. */
  metadata: ObjectMeta;
  /** Desired state: the pods to run, and their number. */
  spec: ReplicationControllerSpec;
  /** Observed state. */
  status?: ReplicationControllerStatus;
}

/** One observed aspect of a ReplicationController. */
export interface ReplicationControllerCondition {
  /** Type of the condition, such as "ReplicaFailure"; unique in the list. */
  type: string;
  /** "True", "False" or "Unknown". */
  status: string;
  /** When status last changed. */
  lastTransitionTime?: string;
  /** One CamelCase word for why, such as "FailedCreate". */
  reason?: string;
  /** Why, for people. */
  message?: string;
}

/** Desired state: the pods to run, and their number. */
export interface ReplicationControllerSpec {
  /** How many pods; 1 by default. */
  replicas?: number;
  /** Seconds that a new pod must stay ready to count as available; 0 by default. */
  minReadySeconds?: number;
  /** Labels of the pods that belong to it; the template's labels by default. */
  selector?: Record<string, string>;
  /** The pods that are made when some are missing. The only restartPolicy allowed is Always. */
  template: PodTemplateSpec;
}

/** The pods of a ReplicationController. */
export interface ReplicationControllerStatus {
  /** Pods. */
  replicas?: number;
  /** Pods that have all labels of the template. */
  fullyLabeledReplicas?: number;
  /** Pods that are ready. */
  readyReplicas?: number;
  /** Pods that have been ready for minReadySeconds. */
  availableReplicas?: number;
  /** The metadata.generation that this status was made from. */
  observedGeneration?: number;
  /** Conditions: ReplicaFailure. */
  conditions?: ReplicationControllerCondition[];
}

/** A claim that a container uses. */
export interface ResourceClaim {
  /** Name of the entry in the pod's resourceClaims. */
  name: string;
  /** The one request of the claim that it uses; all where empty. */
  request?: string;
}

/** A request or limit of a container. */
export interface ResourceFieldSelector {
  /** The container; its own for a variable, required in volumes. */
  containerName?: string;
  /** Name of the resource, such as "limits.cpu" or "requests.memory". A limit that isn't set is the node's allocatable amount. */
  resource: string;
  /** Unit of the output, rounded up; "1" by default. */
  divisor?: string;
}

/** Health of one device. */
export interface ResourceHealth {
  /** The device, unique on the node while a pod holds it. */
  resourceID: string;
  /** "Healthy", "Unhealthy" or "Unknown". */
  health?: string;
  /** Why, for people. */
  message?: string;
}

/** The most that all objects of a namespace together may ask for, or how many of them there may be. */
export interface ResourceQuota {
  apiVersion: string;
  kind: 'ResourceQuota';
  /** Identity. */
  metadata: ObjectMeta;
  /** The bounds. */
  spec?: ResourceQuotaSpec;
  /** The bounds that hold, and how much of each is used. */
  status?: ResourceQuotaStatus;
}

/** Bounds, and the pods that count. */
export interface ResourceQuotaSpec {
  /** The most of each resource: "requests.cpu", "limits.memory", "pods", "count/deployments.apps", … */
  hard?: Record<string, string>;
  /** Properties that an object must have to count: "Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass", "CrossNamespacePodAffinity" or "VolumeAttributesClass". Fixed; all count where empty. */
  scopes?: string[];
  /** Demands on the values of such properties. */
  scopeSelector?: ScopeSelector;
}

/** Bounds and what is used of them. */
export interface ResourceQuotaStatus {
  /** The bounds that hold. */
  hard?: Record<string, string>;
  /** How much of each is used. */
  used?: Record<string, string>;
}

/** Requests and limits of a container or pod, by resource: "cpu" in cores, "memory" and "ephemeral-storage" in bytes, "hugepages-<size>", or an extended resource. */
export interface ResourceRequirements {
  /** The most that may be used: cpu is throttled, memory over it is killed. */
  limits?: Record<string, string>;
  /** Amount set aside on the node; defaults to the limit, else to nothing. */
  requests?: Record<string, string>;
  /** Entries of the pod's resourceClaims that this container uses; fixed after creation. */
  claims?: ResourceClaim[];
}

/** Health of the devices behind one resource. */
export interface ResourceStatus {
  /** The resource, or "claim:<claim>/<request>" for allocated devices. */
  name: string;
  /** One entry a device. */
  resources?: ResourceHealth[];
}

/** An SELinux context. */
export interface SELinuxOptions {
  /** User label. */
  user?: string;
  /** Role label. */
  role?: string;
  /** Type label. */
  type?: string;
  /** Level label, such as "s0:c123,c456". */
  level?: string;
}

/** A ScaleIO volume, for persistent volumes. */
export interface ScaleIOPersistentVolumeSource {
  /** Address of the API gateway. */
  gateway: string;
  /** The storage system. */
  system: string;
  /** Secret with the login. */
  secretRef: SecretReference;
  /** Use TLS towards the gateway; false by default. */
  sslEnabled?: boolean;
  /** Protection domain. */
  protectionDomain?: string;
  /** Storage pool. */
  storagePool?: string;
  /** "ThickProvisioned" or "ThinProvisioned" (default). */
  storageMode?: string;
  /** The volume, which must exist. */
  volumeName?: string;
  /** File system; "xfs" by default. */
  fsType?: string;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
}

/** A ScaleIO volume. */
export interface ScaleIOVolumeSource {
  /** Address of the API gateway. */
  gateway: string;
  /** The storage system. */
  system: string;
  /** Secret with the login, in the pod's namespace. */
  secretRef: LocalObjectReference;
  /** Use TLS towards the gateway; false by default. */
  sslEnabled?: boolean;
  /** Protection domain. */
  protectionDomain?: string;
  /** Storage pool. */
  storagePool?: string;
  /** "ThickProvisioned" or "ThinProvisioned" (default). */
  storageMode?: string;
  /** The volume, which must exist. */
  volumeName?: string;
  /** File system; "xfs" by default. */
  fsType?: string;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
}

/** Demands on the properties of objects; all must hold. */
export interface ScopeSelector {
  /** The demands. */
  matchExpressions?: ScopedResourceSelectorRequirement[];
}

/** A demand on one property. */
export interface ScopedResourceSelectorRequirement {
  /** The property, one of those of ResourceQuotaSpec.scopes. */
  scopeName?: string;
  /** "In", "NotIn", "Exists" or "DoesNotExist". */
  operator?: string;
  /** Values for In and NotIn, at least one, such as names of priority classes; empty for the other two. */
  values?: string[];
}

/** A filter of system calls. */
export interface SeccompProfile {
  /** "RuntimeDefault", "Unconfined" or "Localhost". */
  type: string;
  /** File below the node's profile folder; set with type Localhost only. */
  localhostProfile?: string;
}

/** Confidential data, 1 MiB at most, for variables and files of pods. */
export interface Secret {
  apiVersion: string;
  kind: 'Secret';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** True forbids all later changes of the data, and of this. */
  immutable?: boolean;
  /** Bytes by key (base64 in JSON). */
  data?: Record<string, string>;
  /** Text by key, for writing only: goes over the same keys of data, and is never read back. */
  stringData?: Record<string, string>;
  /** Type of the data, such as "kubernetes.io/tls"; "Opaque" (anything) by default. Fixed after creation. */
  type?: string;
}

/** A Secret whose keys become variables. */
export interface SecretEnvSource {
  /** The object's name. */
  name?: string;
  /** Whether it may be missing; the container waits for it by default. */
  optional?: boolean;
}

/** A key of a Secret. */
export interface SecretKeySelector {
  /** The object's name. */
  name?: string;
  /** The key. */
  key: string;
  /** Whether the Secret or its key may be missing; the container waits for it by default. */
  optional?: boolean;
}

/** Keys of a Secret within a projected volume. */
export interface SecretProjection {
  /** The object's name. */
  name?: string;
  /** Keys to show, and where; all, by their names, where empty. */
  items?: KeyToPath[];
  /** Whether the Secret or named keys may be missing; the pod waits for them by default. */
  optional?: boolean;
}

/** Points at a Secret in any namespace. */
export interface SecretReference {
  /** The Secret's name. */
  name?: string;
  /** The Secret's namespace. */
  namespace?: string;
}

/** The keys of a Secret as files. */
export interface SecretVolumeSource {
  /** The Secret, in the pod's namespace. */
  secretName?: string;
  /** Keys to show, and where; all, by their names, where empty. */
  items?: KeyToPath[];
  /** Permission bits of the files, 0 to 511 (octal 0777); 420 (octal 0644) by default. JSON knows decimal only. */
  defaultMode?: number;
  /** Whether the Secret or named keys may be missing; the pod waits for them by default. */
  optional?: boolean;
}

/** Security settings of one container; each set field wins over the pod's. */
export interface SecurityContext {
  /** Capabilities added to and taken from the runtime's default set. */
  capabilities?: Capabilities;
  /** Nearly all rights of root on the node; false by default. */
  privileged?: boolean;
  /** SELinux context. */
  seLinuxOptions?: SELinuxOptions;
  /** Windows-only settings. */
  windowsOptions?: WindowsSecurityContextOptions;
  /** User id of the first process. */
  runAsUser?: number;
  /** Primary group id of the first process. */
  runAsGroup?: number;
  /** Refuse to start as user id 0. */
  runAsNonRoot?: boolean;
  /** Mount the image's file system read-only; false by default. */
  readOnlyRootFilesystem?: boolean;
  /** Whether a process may gain more rights than its parent (no_new_privs is off); true by default, and always where privileged or CAP_SYS_ADMIN is given. */
  allowPrivilegeEscalation?: boolean;
  /** "Default" masks sensitive paths of /proc, "Unmasked" doesn't and needs hostUsers false. */
  procMount?: string;
  /** Filter of system calls. */
  seccompProfile?: SeccompProfile;
  /** AppArmor profile. */
  appArmorProfile?: AppArmorProfile;
}

/** A stable address and name for a changing set of pods. */
export interface Service {
  apiVersion: string;
  kind: 'Service';
  /** Identity; the name is the service's name in DNS. */
  metadata: ObjectMeta;
  /** Its pods, ports and address. */
  spec: ServiceSpec;
  /** Observed state: addresses of its load balancer. */
  status?: ServiceStatus;
}

/** An identity that pods have towards the api. */
export interface ServiceAccount {
  apiVersion: string;
  kind: 'ServiceAccount';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** Secrets that its pods may use, where that is enforced. */
  secrets?: ObjectReference[];
  /** Secrets with credentials for registries, given to pods that name none. */
  imagePullSecrets?: LocalObjectReference[];
  /** False keeps its token out of pods' containers, unless the pod says otherwise. */
  automountServiceAccountToken?: boolean;
}

/** A token of the pod's service account within a projected volume, renewed before it expires. */
export interface ServiceAccountTokenProjection {
  /** Audience of the token; defaults to the api. */
  audience?: string;
  /** Seconds that the token is good for, at least 600; 3,600 by default. */
  expirationSeconds?: number;
  /** File within the volume. */
  path: string;
}

/** A port of a service. */
export interface ServicePort {
  /** Name, unique in the service; may be empty if there is just one port. */
  name?: string;
  /** "TCP" (default), "UDP" or "SCTP". */
  protocol?: string;
  /** Application protocol, a hint to load balancers: an IANA name, "kubernetes.io/h2c", "kubernetes.io/ws" or a name with a domain. */
  appProtocol?: string;
  /** Port of the service's address, 1 to 65535. */
  port: number;
  /** Port of the pods, by number or by the name of a container port; same as port by default. Unused by headless services. */
  targetPort?: number | string;
  /** Port of each node, for types NodePort and LoadBalancer; given by the server where 0. */
  nodePort?: number;
}

/** A service's pods, ports and address. */
export interface ServiceSpec {
  /** The ports; needed unless it is headless or an ExternalName. */
  ports?: ServicePort[];
  /** Labels of its pods. Where empty, someone else writes the endpoints. Unused with ExternalName. */
  selector?: Record<string, string>;
  /** Virtual address: given by the server where empty, fixed from then on. "None" makes it headless: DNS gives the pods' addresses. */
  clusterIP?: string;
  /** Virtual addresses, one a family; the first equals clusterIP. */
  clusterIPs?: string[];
  /** "ClusterIP" (default), "NodePort" (a port of each node too), "LoadBalancer" (a load balancer too) or "ExternalName" (a DNS alias alone). */
  type?: string;
  /** Addresses at which nodes also take its traffic; routing it there is not Gantry's business. */
  externalIPs?: string[];
  /** "None" (default), or "ClientIP": one client address stays with one pod. */
  sessionAffinity?: string;
  /** Address that the load balancer should have, where it can be chosen. */
  loadBalancerIP?: string;
  /** Ranges of client addresses that the load balancer admits, such as "10.0.0.0/8"; all where empty. */
  loadBalancerSourceRanges?: string[];
  /** DNS name that the service is an alias of; with type ExternalName only. */
  externalName?: string;
  /** Route of traffic from outside: "Cluster" (default) to any pod, "Local" to pods on the node that it reached, which keeps the client's address. */
  externalTrafficPolicy?: string;
  /** Port of each node that tells load balancers whether it has pods of the service; given by the server for type LoadBalancer with policy Local. */
  healthCheckNodePort?: number;
  /** Count pods as ready that aren't, such as for peers that find each other by DNS; false by default. */
  publishNotReadyAddresses?: boolean;
  /** Settings of sessionAffinity. */
  sessionAffinityConfig?: SessionAffinityConfig;
  /** "IPv4", "IPv6" or both; the first can't be changed. */
  ipFamilies?: string[];
  /** "SingleStack" (default), "PreferDualStack" or "RequireDualStack". */
  ipFamilyPolicy?: string;
  /** Whether type LoadBalancer gets node ports; true by default. */
  allocateLoadBalancerNodePorts?: boolean;
  /** Implementation of the load balancer, such as "example.com/internal"; the cluster's own where absent. Fixed once set. */
  loadBalancerClass?: string;
  /** Route of traffic from inside: "Cluster" (default) to any pod, "Local" to pods on the same node only. */
  internalTrafficPolicy?: string;
  /** Preference among pods: "PreferSameZone" (older name "PreferClose") or "PreferSameNode"; no preference where absent. */
  trafficDistribution?: string;
}

/** Observed state of a service. */
export interface ServiceStatus {
  /** Its load balancer. */
  loadBalancer?: LoadBalancerStatus;
  /** Conditions. */
  conditions?: Condition[];
}

/** Settings of session affinity. */
export interface SessionAffinityConfig {
  /** Of affinity by client address. */
  clientIP?: ClientIPConfig;
}

/** Waits. */
export interface SleepAction {
  /** Seconds, not more than the grace period. */
  seconds?: number;
}

/** A StorageOS volume, for persistent volumes. */
export interface StorageOSPersistentVolumeSource {
  /** The volume, unique in its namespace. */
  volumeName?: string;
  /** The volume's namespace at StorageOS; the claim's where empty. */
  volumeNamespace?: string;
  /** File system, such as "ext4". */
  fsType?: string;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
  /** Secret for the API. */
  secretRef?: ObjectReference;
}

/** A StorageOS volume. */
export interface StorageOSVolumeSource {
  /** The volume, unique in its namespace. */
  volumeName?: string;
  /** The volume's namespace at StorageOS; the pod's where empty. */
  volumeNamespace?: string;
  /** File system, such as "ext4". */
  fsType?: string;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
  /** Secret for the API, in the pod's namespace. */
  secretRef?: LocalObjectReference;
}

/** A kernel parameter. */
export interface Sysctl {
  /** Name, such as "net.ipv4.ip_local_port_range". */
  name: string;
  /** Value. */
  value?: string;
}

/** Opens a TCP connection to a container. */
export interface TCPSocketAction {
  /** Port, by number or by the name of a container port. */
  port: number | string;
  /** Host to connect to; the pod's address where empty. */
  host?: string;
}

/** Keeps pods off a node unless they tolerate it. */
export interface Taint {
  /** Key, such as "node.kubernetes.io/unreachable". */
  key: string;
  /** Value; may be empty. */
  value?: string;
  /** "NoSchedule", "PreferNoSchedule" (a score only) or "NoExecute" (pods that run there leave as well). */
  effect: string;
  /** When it was added, for NoExecute; to be shown. tolerationSeconds count from when the controllers saw the pod under the taint. */
  timeAdded?: string;
}

/** Makes a pod bear the taints that it matches. */
export interface Toleration {
  /** The taint's key; empty, with operator Exists, matches all taints. */
  key?: string;
  /** "Equal" (default), "Exists" (any value), or "Lt" and "Gt", which compare integers. */
  operator?: string;
  /** The taint's value, for operators other than Exists. */
  value?: string;
  /** The taint's effect; any where empty. */
  effect?: string;
  /** Seconds for which a NoExecute taint is borne; for ever where absent, 0 or less not at all. */
  tolerationSeconds?: number;
}

/** A demand on one topology label. */
export interface TopologySelectorLabelRequirement {
  /** The label's key. */
  key: string;
  /** Values, one of which it must have. */
  values: string[];
}

/** A choice of topology, for volumes. */
export interface TopologySelectorTerm {
  /** Requirements that must all hold. */
  matchLabelExpressions?: TopologySelectorLabelRequirement[];
}

/** How evenly pods of a group stand over the domains of a topology. */
export interface TopologySpreadConstraint {
  /** The most by which a domain may exceed the least filled one, in pods; at least 1. */
  maxSkew: number;
  /** Label of nodes whose values are the domains; nodes without it don't count. */
  topologyKey: string;
  /** "DoNotSchedule" keeps the pod waiting, "ScheduleAnyway" prefers the less skewed nodes. */
  whenUnsatisfiable: string;
  /** The pods of the group, in the pod's namespace. */
  labelSelector?: LabelSelector;
  /** With fewer eligible domains than this, the least filled counts as empty; 1 by default, only with DoNotSchedule. */
  minDomains?: number;
  /** Whether only nodes that fit the pod's node affinity count: "Honor" (default) or "Ignore". */
  nodeAffinityPolicy?: string;
  /** Whether nodes with taints that the pod doesn't tolerate are left out: "Honor" or "Ignore" (default). */
  nodeTaintsPolicy?: string;
  /** Label keys whose values in this pod narrow labelSelector, such as "pod-template-hash". */
  matchLabelKeys?: string[];
}

/** Points at an object of some kind in the same namespace. */
export interface TypedLocalObjectReference {
  /** The kind's API group; the core group where absent. */
  apiGroup?: string;
  /** The kind. */
  kind: string;
  /** The object's name. */
  name: string;
}

/** Points at an object of some kind that a volume is filled from. */
export interface TypedObjectReference {
  /** The kind's API group; the core group where absent. */
  apiGroup?: string;
  /** The kind. */
  kind: string;
  /** The object's name. */
  name: string;
}

/** A volume of a pod, which its containers may mount. */
export interface Volume {
  /** Name, a DNS label unique in the pod. */
  name: string;
  /** A file or directory of the node. */
  hostPath?: HostPathVolumeSource;
  /** An empty directory that lives as long as the pod is on its node. */
  emptyDir?: EmptyDirVolumeSource;
  /** A Google Compute Engine disk. Deprecated: use CSI. */
  gcePersistentDisk?: GCEPersistentDiskVolumeSource;
  /** An AWS EBS volume. Deprecated: use CSI. */
  awsElasticBlockStore?: AWSElasticBlockStoreVolumeSource;
  /** A clone of a git repository. Deprecated: clone into an emptyDir in an init container. */
  gitRepo?: GitRepoVolumeSource;
  /** The keys of a Secret as files. */
  secret?: SecretVolumeSource;
  /** A directory of an NFS server. */
  nfs?: NFSVolumeSource;
  /** An iSCSI disk. */
  iscsi?: ISCSIVolumeSource;
  /** A GlusterFS volume. Deprecated. */
  glusterfs?: GlusterfsVolumeSource;
  /** The volume bound to a claim in the pod's namespace. */
  persistentVolumeClaim?: PersistentVolumeClaimVolumeSource;
  /** A Ceph block device. Deprecated: use CSI. */
  rbd?: RBDVolumeSource;
  /** A volume of an executable driver. Deprecated: use CSI. */
  flexVolume?: FlexVolumeSource;
  /** An OpenStack Cinder volume. Deprecated: use CSI. */
  cinder?: CinderVolumeSource;
  /** A CephFS directory. Deprecated: use CSI. */
  cephfs?: CephFSVolumeSource;
  /** A Flocker dataset. Deprecated. */
  flocker?: FlockerVolumeSource;
  /** Fields of the pod as files. */
  downwardAPI?: DownwardAPIVolumeSource;
  /** A Fibre Channel disk. */
  fc?: FCVolumeSource;
  /** An Azure file share. Deprecated: use CSI. */
  azureFile?: AzureFileVolumeSource;
  /** The keys of a ConfigMap as files. */
  configMap?: ConfigMapVolumeSource;
  /** A vSphere disk. Deprecated: use CSI. */
  vsphereVolume?: VsphereVirtualDiskVolumeSource;
  /** A Quobyte volume. Deprecated. */
  quobyte?: QuobyteVolumeSource;
  /** An Azure disk. Deprecated: use CSI. */
  azureDisk?: AzureDiskVolumeSource;
  /** A Photon Controller disk. Deprecated. */
  photonPersistentDisk?: PhotonPersistentDiskVolumeSource;
  /** Several sources in one directory. */
  projected?: ProjectedVolumeSource;
  /** A Portworx volume. Deprecated: use CSI. */
  portworxVolume?: PortworxVolumeSource;
  /** A ScaleIO volume. Deprecated. */
  scaleIO?: ScaleIOVolumeSource;
  /** A StorageOS volume. Deprecated. */
  storageos?: StorageOSVolumeSource;
  /** A volume that a CSI driver makes for this pod alone. */
  csi?: CSIVolumeSource;
  /** A claim made for this pod and deleted with it. */
  ephemeral?: EphemeralVolumeSource;
  /** The files of an OCI image or artifact, read-only. */
  image?: ImageVolumeSource;
}

/** A volume seen as a block device inside a container. */
export interface VolumeDevice {
  /** Name of a persistentVolumeClaim volume whose mode is Block. */
  name: string;
  /** Path of the device in the container. */
  devicePath: string;
}

/** A volume as seen inside a container. */
export interface VolumeMount {
  /** Name of the volume in the pod's spec. */
  name: string;
  /** Mount it read-only; false by default. */
  readOnly?: boolean;
  /** Whether mounts below are read-only too, where readOnly is true: "Disabled" (default), "IfPossible" or "Enabled" (fail where the runtime can't). */
  recursiveReadOnly?: string;
  /** Absolute path in the container. */
  mountPath: string;
  /** Path within the volume that is mounted, relative and without ".."; its root where empty. */
  subPath?: string;
  /** Whether mounts made later pass: "None" (default), "HostToContainer", or "Bidirectional" (privileged containers only). */
  mountPropagation?: string;
  /** Like subPath, with $(NAME) expanded from the environment. One of the two. */
  subPathExpr?: string;
}

/** A volume that was mounted into a container. */
export interface VolumeMountStatus {
  /** Name of the volume. */
  name: string;
  /** Path in the container. */
  mountPath: string;
  /** Whether it is read-only. */
  readOnly?: boolean;
  /** "Disabled" or "Enabled": whether mounts below are read-only too; never "IfPossible" here. */
  recursiveReadOnly?: string;
  /** Status of the volume itself. */
  volumeStatus?: VolumeStatus;
}

/** Nodes from which a volume can be reached. */
export interface VolumeNodeAffinity {
  /** The nodes. */
  required?: NodeSelector;
}

/** One source of a projected volume; exactly one field is set. */
export interface VolumeProjection {
  /** Keys of a Secret. */
  secret?: SecretProjection;
  /** Fields of the pod. */
  downwardAPI?: DownwardAPIProjection;
  /** Keys of a ConfigMap. */
  configMap?: ConfigMapProjection;
  /** A token of the pod's service account. */
  serviceAccountToken?: ServiceAccountTokenProjection;
  /** Certificates of authorities. */
  clusterTrustBundle?: ClusterTrustBundleProjection;
  /** A key of the pod with its certificate. */
  podCertificate?: PodCertificateProjection;
}

/** How large a volume is to be, by resource: "storage" in bytes. */
export interface VolumeResourceRequirements {
  /** The most that the volume may have. */
  limits?: Record<string, string>;
  /** The least that the volume must have; may be raised later where the class allows it. */
  requests?: Record<string, string>;
}

/** Source of a volume; at most one field is set. */
export interface VolumeSource {
  /** A file or directory of the node. */
  hostPath?: HostPathVolumeSource;
  /** An empty directory that lives as long as the pod is on its node. */
  emptyDir?: EmptyDirVolumeSource;
  /** A Google Compute Engine disk. Deprecated: use CSI. */
  gcePersistentDisk?: GCEPersistentDiskVolumeSource;
  /** An AWS EBS volume. Deprecated: use CSI. */
  awsElasticBlockStore?: AWSElasticBlockStoreVolumeSource;
  /** A clone of a git repository. Deprecated: clone into an emptyDir in an init container. */
  gitRepo?: GitRepoVolumeSource;
  /** The keys of a Secret as files. */
  secret?: SecretVolumeSource;
  /** A directory of an NFS server. */
  nfs?: NFSVolumeSource;
  /** An iSCSI disk. */
  iscsi?: ISCSIVolumeSource;
  /** A GlusterFS volume. Deprecated. */
  glusterfs?: GlusterfsVolumeSource;
  /** The volume bound to a claim in the pod's namespace. */
  persistentVolumeClaim?: PersistentVolumeClaimVolumeSource;
  /** A Ceph block device. Deprecated: use CSI. */
  rbd?: RBDVolumeSource;
  /** A volume of an executable driver. Deprecated: use CSI. */
  flexVolume?: FlexVolumeSource;
  /** An OpenStack Cinder volume. Deprecated: use CSI. */
  cinder?: CinderVolumeSource;
  /** A CephFS directory. Deprecated: use CSI. */
  cephfs?: CephFSVolumeSource;
  /** A Flocker dataset. Deprecated. */
  flocker?: FlockerVolumeSource;
  /** Fields of the pod as files. */
  downwardAPI?: DownwardAPIVolumeSource;
  /** A Fibre Channel disk. */
  fc?: FCVolumeSource;
  /** An Azure file share. Deprecated: use CSI. */
  azureFile?: AzureFileVolumeSource;
  /** The keys of a ConfigMap as files. */
  configMap?: ConfigMapVolumeSource;
  /** A vSphere disk. Deprecated: use CSI. */
  vsphereVolume?: VsphereVirtualDiskVolumeSource;
  /** A Quobyte volume. Deprecated. */
  quobyte?: QuobyteVolumeSource;
  /** An Azure disk. Deprecated: use CSI. */
  azureDisk?: AzureDiskVolumeSource;
  /** A Photon Controller disk. Deprecated. */
  photonPersistentDisk?: PhotonPersistentDiskVolumeSource;
  /** Several sources in one directory. */
  projected?: ProjectedVolumeSource;
  /** A Portworx volume. Deprecated: use CSI. */
  portworxVolume?: PortworxVolumeSource;
  /** A ScaleIO volume. Deprecated. */
  scaleIO?: ScaleIOVolumeSource;
  /** A StorageOS volume. Deprecated. */
  storageos?: StorageOSVolumeSource;
  /** A volume that a CSI driver makes for this pod alone. */
  csi?: CSIVolumeSource;
  /** A claim made for this pod and deleted with it. */
  ephemeral?: EphemeralVolumeSource;
  /** The files of an OCI image or artifact, read-only. */
  image?: ImageVolumeSource;
}

/** Status of a mounted volume; at most one field is set. */
export interface VolumeStatus {
  /** Of an image volume. */
  image?: ImageVolumeStatus;
}

/** A vSphere disk. */
export interface VsphereVirtualDiskVolumeSource {
  /** Path of the disk's vmdk file. */
  volumePath: string;
  /** File system, such as "ext4". */
  fsType?: string;
  /** Storage policy by name. */
  storagePolicyName?: string;
  /** Storage policy by id. */
  storagePolicyID?: string;
}

/** A preference about neighbours. */
export interface WeightedPodAffinityTerm {
  /** Weight, 1 to 100. */
  weight: number;
  /** The neighbours. */
  podAffinityTerm: PodAffinityTerm;
}

/** Settings of containers on Windows. */
export interface WindowsSecurityContextOptions {
  /** Name of the GMSA credential spec. */
  gmsaCredentialSpecName?: string;
  /** The GMSA credential spec itself. */
  gmsaCredentialSpec?: string;
  /** User that the first process runs as; the image's where absent. */
  runAsUserName?: string;
  /** Run as a process of the node; the same for all containers of a pod, and with hostNetwork. */
  hostProcess?: boolean;
}

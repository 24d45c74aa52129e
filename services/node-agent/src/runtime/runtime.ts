/**
 * The interface between the node agent and container runtimes. Three drivers implement it: `cri` (containerd), `process` (plain
 * child processes) and `hollow` (nothing at all, for load tests). Plain data goes in and out; no Kubernetes types.
 *
 * Rules that hold for every method of every driver:
 * - Errors are GantryErrors: NotFound (no such sandbox, container or image), FailedPrecondition (its state does not allow it),
 *   Invalid (the config cannot work), Timeout, Cancelled, ServiceUnavailable (the runtime is away; retry), InternalError.
 * - Calls are bounded in time even without a signal; a signal that fires rejects the call with Cancelled. What the runtime had
 *   already begun may still come to be: the next observation tells.
 * - stop and remove are idempotent: on something that is gone they succeed.
 * - Times are milliseconds since the Unix epoch, sizes are bytes.
 */
import type { Duplex, Readable, Writable } from 'node:stream';
import type { CpuDetails, MemoryDetails } from './usage-details.ts';

/** A driver and its parts. Disposing of it closes connections; sandboxes and containers go on running. */
export interface Runtime extends AsyncDisposable {
  readonly info: RuntimeInfo;
  readonly sandboxes: Sandboxes;
  readonly containers: Containers;
  readonly observer: Observer;
  readonly images: Images;
  readonly streams: Streams;
  readonly stats: Stats;
}

/** Name and version of the runtime, which Node.status.nodeInfo.containerRuntimeVersion shows as `<name>://<version>`. */
export interface RuntimeInfo {
  readonly driver: 'cri' | 'process' | 'hollow';
  /** Name of what runs containers, such as containerd. */
  readonly name: string;
  readonly version: string;
  /**
   * False if a pod has no network namespace, root file system, limits and users of its own (process): its address is the
   * node's, and mounts are symbolic links below the directory in the variable GANTRY_ROOT.
   */
  readonly isolated: boolean;
}

/** Pod sandboxes: the network namespace and the cgroup that the containers of one pod share. */
export interface Sandboxes {
  /** Makes and starts a sandbox and resolves to its id once its network is up. Nothing is left behind when it fails. */
  run(config: SandboxConfig, signal?: AbortSignal): Promise<string>;
  /** Kills what still runs in it and takes its network down. Idempotent. */
  stop(sandboxId: string, signal?: AbortSignal): Promise<void>;
  /** Removes it with its containers (and its cgroup), stopping it first if needed. Idempotent. */
  remove(sandboxId: string, signal?: AbortSignal): Promise<void>;
}

/** Configuration of a sandbox. */
export interface SandboxConfig {
  /** The pod's metadata.uid. */
  readonly podUid: string;
  readonly namespace: string;
  /** The pod's name. */
  readonly name: string;
  /** How many sandboxes this pod had before, from 0. (podUid, attempt) is unique among live sandboxes. */
  readonly attempt: number;
  /** Name inside the UTS namespace; ignored with hostNetwork. */
  readonly hostname: string;
  readonly hostNetwork?: boolean;
  readonly hostPid?: boolean;
  readonly hostIpc?: boolean;
  /** All containers of the pod see each other's processes (spec.shareProcessNamespace). */
  readonly sharedPid?: boolean;
  /** Absolute directory under which container logs lie; it must exist. */
  readonly logDirectory: string;
  /** Content of /etc/resolv.conf; if absent, that of the node. */
  readonly dns?: DnsConfig;
  readonly portMappings?: readonly PortMapping[];
  /** Namespaced sysctls by name, such as net.ipv4.ip_unprivileged_port_start. */
  readonly sysctls?: Readonly<Record<string, string>>;
  /** Parent in the cgroup tree, such as /gantry/node-1/burstable/pod<uid>; made by the runtime, removed with the sandbox. */
  readonly cgroupParent?: string;
  /** Needed if any container of the pod is privileged. */
  readonly privileged?: boolean;
  /** Found again in observations. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Lines of a resolv.conf. */
export interface DnsConfig {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  /** Such as `ndots:5`. */
  readonly options: readonly string[];
}

/** A port of the node that leads to a port of the pod. */
export interface PortMapping {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly containerPort: number;
  readonly hostPort: number;
  /** Address of the node that it is bound to; all if absent. */
  readonly hostIp?: string;
}

/** Containers of a sandbox. */
export interface Containers {
  /** Makes a container, not yet running, and resolves to its id. NotFound if the image is not on the node. */
  create(sandboxId: string, config: ContainerConfig, signal?: AbortSignal): Promise<string>;
  /** Starts a created container; its command runs when this resolves. Invalid if the command cannot be executed. */
  start(containerId: string, signal?: AbortSignal): Promise<void>;
  /** Sends its stop signal, kills it after `graceMs` (0 kills at once), and resolves once it has exited. Idempotent. */
  stop(containerId: string, graceMs: number, signal?: AbortSignal): Promise<void>;
  /** Removes it, killing it if it runs. Its log file stays. Idempotent. */
  remove(containerId: string, signal?: AbortSignal): Promise<void>;
  /** Changes the limits of a live container in place. */
  updateResources(containerId: string, resources: ContainerResources, signal?: AbortSignal): Promise<void>;
  /** Goes on in a new log file after the caller renamed the old one away; FailedPrecondition if the container does not run. */
  reopenLog(containerId: string, signal?: AbortSignal): Promise<void>;
}

/** Configuration of a container. */
export interface ContainerConfig {
  /** Name within the pod. */
  readonly name: string;
  /**
   * How often a container of this name was started in this pod before, from 0: the restart count. It goes on counting in the pod's
   * next sandbox: (podUid, name, attempt) is unique among containers that were not removed yet, and AlreadyExists tells of a clash.
   */
  readonly attempt: number;
  /** Reference or id of an image that is on the node. */
  readonly image: string;
  /** Replaces the image's entrypoint. */
  readonly command?: readonly string[];
  /** Replaces the image's default arguments. */
  readonly args?: readonly string[];
  readonly workingDir?: string;
  /** Later entries win; added to the image's own. */
  readonly env?: readonly EnvVar[];
  readonly mounts?: readonly Mount[];
  readonly devices?: readonly Device[];
  readonly resources?: ContainerResources;
  readonly security?: SecurityConfig;
  /** Id of a container of the sandbox whose processes it sees as its own. */
  readonly processesOf?: string;
  /** Keeps standard input open so that `attach` can write to it. */
  readonly stdin?: boolean;
  /** Closes standard input when the first attached client leaves. */
  readonly stdinOnce?: boolean;
  readonly tty?: boolean;
  /** Log file, relative to the sandbox's logDirectory, such as `web/0.log`. Its directory must exist. Lines are in CRI's log format. */
  readonly logPath: string;
  /** Found again in observations. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** One environment variable. */
export interface EnvVar {
  readonly name: string;
  readonly value: string;
}

/** A file or directory of the node that the container sees. */
export interface Mount {
  /** Absolute path on the node; it must exist. */
  readonly hostPath: string;
  /** Absolute path in the container. */
  readonly containerPath: string;
  readonly readOnly?: boolean;
  /** Whether later mounts are seen across the border; `private` if absent. */
  readonly propagation?: 'private' | 'hostToContainer' | 'bidirectional';
}

/** A device of the node that the container may use. */
export interface Device {
  readonly hostPath: string;
  readonly containerPath: string;
  /** Any of r, w and m (mknod). */
  readonly permissions: string;
}

/** Limits of a container. Absent means none. */
export interface ContainerResources {
  /** Relative weight; 1024 is one CPU's worth. */
  readonly cpuShares?: number;
  /** CPU time that may be used in each period, in microseconds. */
  readonly cpuQuotaUs?: number;
  /** Length of the period, in microseconds; 100 000 if absent. */
  readonly cpuPeriodUs?: number;
  /** Above it a process is killed and the container exits with the reason OOMKilled. */
  readonly memoryLimitBytes?: number;
  /** -1000 to 1000: who is killed first when the node has no memory left. */
  readonly oomScoreAdj?: number;
  /** CPUs that it may run on, such as `0-2,7`. */
  readonly cpusetCpus?: string;
}

/** Privileges of a container. */
export interface SecurityConfig {
  readonly privileged?: boolean;
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly supplementalGroups?: readonly number[];
  readonly readOnlyRootfs?: boolean;
  readonly addCapabilities?: readonly string[];
  readonly dropCapabilities?: readonly string[];
  /** False sets no_new_privs; true if absent. */
  readonly allowPrivilegeEscalation?: boolean;
  /** `RuntimeDefault`, `Unconfined`, or the absolute path of a profile on the node; RuntimeDefault if absent. */
  readonly seccomp?: string;
  /** Shows all of /proc, also what runtimes hide from containers. */
  readonly unmaskedProc?: boolean;
}

/** Observation of sandboxes and containers: the only source of truth about running things, also for an agent that was just restarted. */
export interface Observer {
  /** All sandboxes of this node with their containers, oldest first. Cheap: a few milliseconds for 50 pods. */
  observe(signal?: AbortSignal): Promise<readonly ObservedSandbox[]>;
  /**
   * Yields (nothing) soon after something changed that `observe` would show; several changes may give one yield, and a yield
   * may show nothing new. A hint, never the truth: it may miss changes while the runtime is away, so observe now and then anyway.
   * Ends when the signal fires.
   */
  changes(signal: AbortSignal): AsyncIterable<void>;
}

/** A sandbox as it is. */
export interface ObservedSandbox {
  readonly id: string;
  readonly podUid: string;
  readonly namespace: string;
  readonly name: string;
  readonly attempt: number;
  /** False once it was stopped or died; its containers do not run then. */
  readonly ready: boolean;
  readonly createdAtMs: number;
  /** Addresses of the pod, first is the primary; empty with hostNetwork (use the node's) and once it is not ready. */
  readonly ips: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Oldest first. */
  readonly containers: readonly ObservedContainer[];
}

/** A container as it is. */
export interface ObservedContainer {
  readonly id: string;
  readonly sandboxId: string;
  readonly name: string;
  readonly attempt: number;
  /** The image as it was asked for. */
  readonly image: string;
  /** Digest or id of the image that it runs, for containerStatuses[].imageID. */
  readonly imageId: string;
  readonly createdAtMs: number;
  readonly state: ContainerState;
  /** Absolute path of its log file. */
  readonly logPath: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The life of a container; each state only follows the one before it (created may go to exited when the start fails). */
export type ContainerState =
  | { readonly kind: 'created' }
  | { readonly kind: 'running'; readonly startedAtMs: number }
  | {
      readonly kind: 'exited';
      /** 128 + signal number if a signal ended it. */
      readonly exitCode: number;
      /** Kubernetes' words: Completed, Error, OOMKilled, StartError, ContainerCannotRun, … */
      readonly reason: string;
      readonly message: string;
      /** 0 if it never started. */
      readonly startedAtMs: number;
      readonly finishedAtMs: number;
    }
  /** The runtime lost track of it; treat as gone. */
  | { readonly kind: 'unknown' };

/** Images on the node. Which of them to pull, and when, is the caller's to decide. */
export interface Images {
  /** Fetches an image and resolves to it. NotFound, Forbidden or ServiceUnavailable by what the registry says. */
  pull(ref: string, auth?: RegistryAuth, signal?: AbortSignal): Promise<ImageStatus>;
  /** The image, or undefined if it is not on the node. */
  status(ref: string, signal?: AbortSignal): Promise<ImageStatus | undefined>;
  list(signal?: AbortSignal): Promise<readonly ImageStatus[]>;
  /** Removes it with all of its names. Idempotent. */
  remove(ref: string, signal?: AbortSignal): Promise<void>;
  /** Takes in every image of a tar (OCI layout or `docker save`) and resolves to their names. Invalid if it is none. */
  importTar(path: string, signal?: AbortSignal): Promise<readonly string[]>;
}

/** An image on the node. */
export interface ImageStatus {
  readonly id: string;
  /** Names with tags, as fully qualified as the runtime has them. */
  readonly tags: readonly string[];
  /** Names with digests. */
  readonly digests: readonly string[];
  readonly sizeBytes: number;
  /** The numeric user that the image names, where it does (runAsNonRoot checks it). */
  readonly user?: number;
  /** The user name that the image gives instead of a number. */
  readonly userName?: string;
}

/** Credentials for one registry. */
export interface RegistryAuth {
  readonly username?: string;
  readonly password?: string;
  readonly identityToken?: string;
  readonly registryToken?: string;
}

/** Ways into a running container. */
export interface Streams {
  /**
   * Runs a command to its end. A command that fails is a result, not an error; Timeout after `timeoutMs` (which a driver may round
   * up to whole seconds), and the command is killed then. Each output is cut at 1 MiB.
   */
  execSync(
    containerId: string,
    command: readonly string[],
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<ExecResult>;
  /** Runs a command with streams. */
  exec(
    containerId: string,
    command: readonly string[],
    options: StreamOptions,
    signal?: AbortSignal,
  ): Promise<ExecSession>;
  /** Joins the streams of the container's own process; `tty` must be what the container was made with. */
  attach(containerId: string, options: StreamOptions, signal?: AbortSignal): Promise<ExecSession>;
  /** A connection to a TCP port on the pod's own loopback. It errors (an `error` event) where nothing listens there. */
  portForward(sandboxId: string, port: number, signal?: AbortSignal): Promise<Duplex>;
}

/** The outcome of a command. */
export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** Streams that a caller asks for. */
export interface StreamOptions {
  readonly stdin: boolean;
  /** A terminal; standard error then arrives with standard output. */
  readonly tty: boolean;
}

/**
 * A command's streams. Back pressure is that of Node's streams. Disposing of it (or the signal) ends the connection: a command
 * with a terminal is hung up, one without goes on or dies of SIGPIPE, as with Kubernetes.
 */
export interface ExecSession extends AsyncDisposable {
  /** Discards what is written when stdin was not asked for. Ending it gives the command an end of file where the driver can. */
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Ends at once with a terminal. */
  readonly stderr: Readable;
  /** The exit code once the command ended and all output was handed over; rejects when the connection breaks first. */
  readonly exitCode: Promise<number>;
  /** Tells the terminal its size. */
  resize(columns: number, rows: number): void;
}

/** Usage figures. */
export interface Stats {
  /** One entry for each running container. */
  containers(signal?: AbortSignal): Promise<readonly ContainerStats[]>;
  /** The machine that the node is on. */
  node(signal?: AbortSignal): Promise<NodeStats>;
}

/** Usage of one container. */
export interface ContainerStats {
  readonly containerId: string;
  readonly sandboxId: string;
  readonly atMs: number;
  /** CPU time since its start, in nanoseconds. */
  readonly cpuUsageNs: number;
  /** Memory that cannot be given back: usage less inactive file cache. */
  readonly memoryWorkingSetBytes: number;
  /** Written to its writable layer. */
  readonly rootfsUsedBytes: number;
  /** Further figures of processors and memory, where the driver knows them. */
  readonly cpu?: CpuDetails;
  readonly memory?: MemoryDetails;
}

/** Usage and size of the machine. */
export interface NodeStats {
  readonly atMs: number;
  readonly cpuCount: number;
  /** CPU time since boot, all CPUs together, in nanoseconds. */
  readonly cpuUsageNs: number;
  readonly memoryTotalBytes: number;
  readonly memoryAvailableBytes: number;
  /** Of the file system that holds images and writable layers. */
  readonly fsTotalBytes: number;
  readonly fsAvailableBytes: number;
}

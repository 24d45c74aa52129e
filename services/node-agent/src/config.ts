import type { Taint } from '@gantry/model/gen/gantry.core.v1.ts';
import type { NodeTimes } from './node/registrar.ts';
import type { ObservationTimes } from './pods/observation.ts';
import type { Play } from './statistics/play.ts';

/** How an agent and its node are set up. */
export interface NodeAgentConfig {
  readonly nodeName: string;
  /** Absolute directory of the agent's own: volumes, logs and the like of its pods. Containers must be able to mount what lies in it. */
  readonly rootDir: string;
  /** Addresses of the node, primary first. */
  readonly addresses: readonly string[];
  /** Range of the pods' addresses, such as 10.64.1.0/24. */
  readonly podCidr?: string;
  /** Labels of the node beside those that every node has, such as topology.kubernetes.io/zone. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Taints that the node registers with; one that is registered keeps those that it has. */
  readonly taints?: readonly Taint[];
  /** A provider's name of the node's machine, `<provider>://<identifier>`, for spec.providerID. */
  readonly providerId?: string;
  /** Amounts that the node has, as quantities, where they are not the machine's own; extended resources too. */
  readonly capacity?: Readonly<Record<string, string>>;
  /** Amounts that pods may have, where they are not all of the capacity. */
  readonly allocatable?: Readonly<Record<string, string>>;
  readonly maxPods?: number;
  /** Parent cgroup of the pods, such as /gantry/node-1. */
  readonly cgroupRoot?: string;
  /** Address of PodService; absent if the node's pods cannot be reached (hollow nodes). */
  readonly listen?: {
    readonly host: string;
    /** 0 for any free one. */
    readonly port: number;
    /** Host under which the api reaches it; `host` where absent. */
    readonly advertise?: string;
  };
  /** `host:port` of /metrics, /healthz and /readyz over HTTP; not served where absent. */
  readonly diagnostics?: string;
  /** Sysctls beyond Kubernetes' safe ones that pods may set, or beginnings of names that end in `*`. */
  readonly allowedUnsafeSysctls?: readonly string[];
  /** Domain of the cluster; cluster.local where absent. */
  readonly clusterDomain?: string;
  /** Service addresses and DNS for the node's pods; absent where the driver has no network of its own. */
  readonly network?: NetworkConfig;
  /** Directory whose image tars are taken in. */
  readonly imagesDir?: string;
  readonly nodeTimes?: NodeTimes;
  readonly observation?: ObservationTimes;
  /** How often usage is read, in milliseconds; 10,000 where absent. */
  readonly statisticsMs?: number;
  /** Usage that containers of a hollow node seem to have; what their pods' annotation gantry.dev/hollow-usage says where absent. */
  readonly play?: Play;
  /** Sandboxes and containers that start at once. */
  readonly parallelStarts?: number;
  /** No files are made for pods but those of volumes, for nodes whose runtime runs nothing; false by default. */
  readonly diskless?: boolean;
  /** Whether Event objects are written; true where absent. */
  readonly events?: boolean;
}

/** How service addresses are programmed. */
export interface NetworkConfig {
  /** Prefix of commands that run in the node's network, such as nsenter --net=/run/netns/node-1; empty if the agent runs there itself. */
  readonly commandPrefix: readonly string[];
  /** Addresses of all pods of the cluster: what comes from elsewhere is masqueraded. */
  readonly clusterCidr: string;
  /** Range of all service addresses, such as 10.96.0.0/16: what of it is no service does not leave the node. */
  readonly serviceCidr: string;
  /** Address of the cluster's DNS, such as 10.96.0.10: rules lead it to the agent's own server. */
  readonly dnsAddress: string;
  /**
   * Address of the agent's machine that the node's pods reach: where its DNS server listens. Where absent, the gateway of the node's
   * network namespace, or with an empty commandPrefix the node's own address.
   */
  readonly dnsListenHost?: string;
  /** Name servers that other names are asked of; those of the machine where absent. */
  readonly upstreams?: readonly string[];
}

/**
 * Starting more at once gains nothing: the runtime itself works on them one after another (measured with containerd and crun
 * on two cores).
 */
export const defaultParallelStarts = 8;

export const defaultObservation: ObservationTimes = { idleMs: 1_000, gapMs: 20 };

/** Parent of the control groups of a node's pods. */
export function cgroupRootOf({ cgroupRoot, nodeName }: Pick<NodeAgentConfig, 'cgroupRoot' | 'nodeName'>): string {
  return cgroupRoot ?? `/gantry/${nodeName}`;
}

export const defaultClusterDomain = 'cluster.local';

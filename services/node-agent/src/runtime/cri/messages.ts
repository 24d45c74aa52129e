/** The messages of proto/cri/runtime.proto as the protobuf loader hands them over: camelCase, int64 as numbers, enums as names. */

export interface CriKeyValue {
  readonly key: string;
  readonly value: Buffer;
}

export interface CriPodSandboxMetadata {
  readonly name: string;
  readonly uid: string;
  readonly namespace: string;
  readonly attempt: number;
}

export type CriNamespaceMode = 'POD' | 'CONTAINER' | 'NODE' | 'TARGET';

export interface CriNamespaceOption {
  readonly network: CriNamespaceMode;
  readonly pid: CriNamespaceMode;
  readonly ipc: CriNamespaceMode;
  /** Container whose namespace it is, with TARGET. */
  readonly targetId?: string;
}

export interface CriSecurityProfile {
  readonly profileType: 'RuntimeDefault' | 'Unconfined' | 'Localhost';
  readonly localhostRef?: string;
}

export interface CriPodSandboxConfig {
  readonly metadata: CriPodSandboxMetadata;
  readonly hostname: string;
  readonly logDirectory: string;
  readonly dnsConfig?: {
    readonly servers: readonly string[];
    readonly searches: readonly string[];
    readonly options: readonly string[];
  };
  readonly portMappings: readonly {
    readonly protocol: 'TCP' | 'UDP' | 'SCTP';
    readonly containerPort: number;
    readonly hostPort: number;
    readonly hostIp: string;
  }[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly linux: {
    readonly cgroupParent: string;
    readonly sysctls: Readonly<Record<string, string>>;
    readonly securityContext: {
      readonly namespaceOptions: CriNamespaceOption;
      readonly privileged: boolean;
      readonly seccomp: CriSecurityProfile;
    };
  };
}

export interface CriLinuxResources {
  readonly cpuPeriod: number;
  readonly cpuQuota: number;
  readonly cpuShares: number;
  readonly memoryLimitInBytes: number;
  readonly oomScoreAdj: number;
  readonly cpusetCpus: string;
}

export interface CriContainerConfig {
  readonly metadata: { readonly name: string; readonly attempt: number };
  readonly image: { readonly image: string };
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDir: string;
  readonly envs: readonly CriKeyValue[];
  readonly mounts: readonly {
    readonly containerPath: string;
    readonly hostPath: string;
    readonly readonly: boolean;
    readonly propagation: 'PROPAGATION_PRIVATE' | 'PROPAGATION_HOST_TO_CONTAINER' | 'PROPAGATION_BIDIRECTIONAL';
  }[];
  readonly devices: readonly {
    readonly containerPath: string;
    readonly hostPath: string;
    readonly permissions: string;
  }[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly logPath: string;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  readonly linux: {
    readonly resources: CriLinuxResources;
    readonly securityContext: {
      readonly capabilities?: {
        readonly addCapabilities: readonly string[];
        readonly dropCapabilities: readonly string[];
      };
      readonly privileged: boolean;
      readonly namespaceOptions: CriNamespaceOption;
      readonly runAsUser?: { readonly value: number };
      readonly runAsGroup?: { readonly value: number };
      readonly readonlyRootfs: boolean;
      readonly supplementalGroups: readonly number[];
      readonly noNewPrivs: boolean;
      readonly maskedPaths: readonly string[];
      readonly readonlyPaths: readonly string[];
      readonly seccomp: CriSecurityProfile;
    };
  };
}

export interface CriPodSandbox {
  readonly id: string;
  readonly metadata: CriPodSandboxMetadata;
  readonly state: 'SANDBOX_READY' | 'SANDBOX_NOTREADY';
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface CriPodSandboxStatus {
  readonly network: { readonly ip: string; readonly additionalIps: readonly { readonly ip: string }[] } | null;
}

export type CriContainerState = 'CONTAINER_CREATED' | 'CONTAINER_RUNNING' | 'CONTAINER_EXITED' | 'CONTAINER_UNKNOWN';

export interface CriContainer {
  readonly id: string;
  readonly podSandboxId: string;
  readonly metadata: { readonly name: string; readonly attempt: number };
  readonly image: { readonly image: string } | null;
  readonly imageRef: string;
  readonly state: CriContainerState;
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface CriContainerStatus {
  readonly id: string;
  readonly state: CriContainerState;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
  readonly image: { readonly image: string } | null;
  readonly imageRef: string;
  readonly reason: string;
  readonly message: string;
  readonly logPath: string;
}

export interface CriImage {
  readonly id: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  readonly size: number;
  readonly uid: { readonly value: number } | null;
  readonly username: string;
}

export interface CriContainerStats {
  readonly attributes: { readonly id: string } | null;
  readonly cpu: { readonly timestamp: number; readonly usageCoreNanoSeconds: { readonly value: number } | null } | null;
  readonly memory: { readonly workingSetBytes: { readonly value: number } | null } | null;
  readonly writableLayer: { readonly usedBytes: { readonly value: number } | null } | null;
}

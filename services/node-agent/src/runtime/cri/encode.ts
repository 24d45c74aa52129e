import type { ContainerConfig, ContainerResources, Mount, SandboxConfig, SecurityConfig } from '../runtime.ts';
import type {
  CriContainerConfig,
  CriLinuxResources,
  CriNamespaceOption,
  CriPodSandboxConfig,
  CriSecurityProfile,
} from './messages.ts';

/** Label on everything of a node, so that several agents may share one runtime and nobody touches foreign containers. */
export const nodeLabel = 'gantry.dev/node';
/**
 * Annotation that holds the SandboxConfig as JSON: CRI wants it again with every container, also from an agent that restarted
 * in between.
 */
export const configAnnotation = 'gantry.dev/sandbox-config';

// Kubernetes' container runtimes hide these paths from containers that are not privileged.
const maskedPaths = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** A sandbox as CRI wants it. */
export function encodeSandbox(config: SandboxConfig, node: string): CriPodSandboxConfig {
  const { labels, annotations, ...rest } = config;
  return {
    metadata: { name: config.name, uid: config.podUid, namespace: config.namespace, attempt: config.attempt },
    // Runtimes refuse a hostname in the node's own UTS namespace.
    hostname: config.hostNetwork ? '' : config.hostname,
    logDirectory: config.logDirectory,
    dnsConfig: config.dns && {
      servers: config.dns.servers,
      searches: config.dns.searches,
      options: config.dns.options,
    },
    portMappings: (config.hostNetwork ? [] : (config.portMappings ?? [])).map((port) => ({
      protocol: port.protocol,
      containerPort: port.containerPort,
      hostPort: port.hostPort,
      hostIp: port.hostIp ?? '',
    })),
    labels: { ...labels, [nodeLabel]: node },
    annotations: { ...annotations, [configAnnotation]: JSON.stringify(rest) },
    linux: {
      cgroupParent: config.cgroupParent ?? '',
      sysctls: config.sysctls ?? {},
      securityContext: {
        namespaceOptions: namespaceOptions(config),
        privileged: config.privileged ?? false,
        seccomp: { profileType: 'RuntimeDefault' },
      },
    },
  };
}

/** The config back from what `encodeSandbox` left in a sandbox's annotations; undefined if it is not one of ours. */
export function decodeSandboxConfig(sandbox: {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}): SandboxConfig | undefined {
  const text = sandbox.annotations[configAnnotation];
  if (text === undefined) return undefined;
  return {
    ...(JSON.parse(text) as SandboxConfig),
    labels: withoutKey(sandbox.labels, nodeLabel),
    annotations: withoutKey(sandbox.annotations, configAnnotation),
  };
}

/** A copy of a map without one key. */
export function withoutKey(map: Readonly<Record<string, string>>, key: string): Record<string, string> {
  const { [key]: _, ...rest } = map;
  return rest;
}

/** A container as CRI wants it. */
export function encodeContainer(sandbox: SandboxConfig, config: ContainerConfig, node: string): CriContainerConfig {
  return {
    metadata: { name: config.name, attempt: config.attempt },
    image: { image: config.image },
    command: config.command ?? [],
    args: config.args ?? [],
    workingDir: config.workingDir ?? '',
    envs: (config.env ?? []).map(({ name, value }) => ({ key: name, value: Buffer.from(value) })),
    mounts: (config.mounts ?? []).map((mount) => ({
      containerPath: mount.containerPath,
      hostPath: mount.hostPath,
      readonly: mount.readOnly ?? false,
      propagation: propagationNames[mount.propagation ?? 'private'],
    })),
    devices: config.devices ?? [],
    labels: { ...config.labels, [nodeLabel]: node },
    annotations: config.annotations ?? {},
    logPath: config.logPath,
    stdin: config.stdin ?? false,
    stdinOnce: config.stdinOnce ?? false,
    tty: config.tty ?? false,
    linux: {
      resources: encodeResources(config.resources ?? {}),
      securityContext: encodeSecurity(config.security ?? {}, {
        ...namespaceOptions(sandbox),
        ...(config.processesOf === undefined ? {} : { pid: 'TARGET', targetId: config.processesOf }),
      }),
    },
  };
}

/** Limits as CRI wants them, where zero stands for none. */
export function encodeResources(resources: ContainerResources): CriLinuxResources {
  return {
    cpuShares: resources.cpuShares ?? 0,
    cpuQuota: resources.cpuQuotaUs ?? 0,
    cpuPeriod: resources.cpuQuotaUs === undefined ? 0 : (resources.cpuPeriodUs ?? 100_000),
    memoryLimitInBytes: resources.memoryLimitBytes ?? 0,
    oomScoreAdj: resources.oomScoreAdj ?? 0,
    cpusetCpus: resources.cpusetCpus ?? '',
  };
}

function encodeSecurity(
  security: SecurityConfig,
  namespaces: CriNamespaceOption,
): CriContainerConfig['linux']['securityContext'] {
  const privileged = security.privileged ?? false;
  const showsAll = privileged || security.unmaskedProc === true;
  return {
    capabilities: {
      addCapabilities: security.addCapabilities ?? [],
      dropCapabilities: security.dropCapabilities ?? [],
    },
    privileged,
    namespaceOptions: namespaces,
    ...(security.runAsUser !== undefined && { runAsUser: { value: security.runAsUser } }),
    ...(security.runAsGroup !== undefined && { runAsGroup: { value: security.runAsGroup } }),
    readonlyRootfs: security.readOnlyRootfs ?? false,
    supplementalGroups: security.supplementalGroups ?? [],
    noNewPrivs: security.allowPrivilegeEscalation === false,
    maskedPaths: showsAll ? [] : maskedPaths,
    readonlyPaths: showsAll ? [] : readonlyPaths,
    seccomp: encodeSeccomp(privileged ? 'Unconfined' : (security.seccomp ?? 'RuntimeDefault')),
  };
}

function encodeSeccomp(profile: string): CriSecurityProfile {
  if (profile === 'RuntimeDefault' || profile === 'Unconfined') return { profileType: profile };
  return { profileType: 'Localhost', localhostRef: profile };
}

function namespaceOptions(config: SandboxConfig): CriNamespaceOption {
  return {
    network: config.hostNetwork ? 'NODE' : 'POD',
    pid: config.hostPid ? 'NODE' : config.sharedPid ? 'POD' : 'CONTAINER',
    ipc: config.hostIpc ? 'NODE' : 'POD',
  };
}

const propagationNames = {
  private: 'PROPAGATION_PRIVATE',
  hostToContainer: 'PROPAGATION_HOST_TO_CONTAINER',
  bidirectional: 'PROPAGATION_BIDIRECTIONAL',
} as const satisfies Record<NonNullable<Mount['propagation']>, string>;

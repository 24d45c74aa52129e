import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { keys } from '../pods/labels.ts';
import { graceMsOf, plannedContainers, podUid } from '../pods/spec.ts';
import type { DnsConfig, PortMapping, SandboxConfig } from '../runtime/runtime.ts';

/** Inputs of a sandbox's configuration. */
export interface SandboxInputs {
  readonly pod: Pod;
  readonly attempt: number;
  readonly logDirectory: string;
  readonly dns: DnsConfig | undefined;
  /** Parent of the pods' cgroups on this node, such as /gantry/node-1. */
  readonly cgroupRoot: string;
  /** Such as cluster.local. */
  readonly clusterDomain: string;
}

/** The longest host name that Linux takes. */
const maxHostname = 63;
/** The longest name that sethostname takes. */
const maxFqdn = 64;

/** The pod's host name: spec.hostnameOverride, spec.hostname, or its name cut to what Linux takes. */
export function hostnameOf(pod: Pod): string {
  if (pod.spec?.hostnameOverride) return pod.spec.hostnameOverride;
  const name = pod.spec?.hostname || (pod.metadata.name ?? '');
  return name.slice(0, maxHostname).replace(/[-.]+$/, '');
}

/** The name that the kernel shows: with setHostnameAsFQDN the full one. Throws Invalid, in Kubernetes' words, if Linux does not take it. */
function kernelHostnameOf(pod: Pod, clusterDomain: string): string {
  const hostname = hostnameOf(pod);
  const { subdomain, setHostnameAsFQDN, hostnameOverride } = pod.spec ?? {};
  if (!setHostnameAsFQDN || !subdomain || hostnameOverride) return hostname;
  const fqdn = `${hostname}.${subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}`;
  if (fqdn.length <= maxFqdn) return fqdn;
  throw new GantryError(
    'Invalid',
    `failed to construct FQDN from pod hostname and cluster domain, FQDN ${fqdn} is too long (${maxFqdn} characters is the max, ${fqdn.length} characters requested)`,
  );
}

/** The runtime's configuration of a pod's sandbox. */
export function sandboxConfigOf(inputs: SandboxInputs): SandboxConfig {
  const { pod, attempt, logDirectory, dns, cgroupRoot } = inputs;
  const spec = pod.spec;
  const containers = plannedContainers(pod).map((planned) => planned.spec);
  const sysctls = spec?.securityContext?.sysctls ?? [];
  const uid = podUid(pod);
  return {
    podUid: uid,
    namespace: pod.metadata.namespace ?? '',
    name: pod.metadata.name ?? '',
    attempt,
    hostname: kernelHostnameOf(pod, inputs.clusterDomain),
    ...(spec?.hostNetwork ? { hostNetwork: true } : {}),
    ...(spec?.hostPID ? { hostPid: true } : {}),
    ...(spec?.hostIPC ? { hostIpc: true } : {}),
    ...(spec?.shareProcessNamespace ? { sharedPid: true } : {}),
    logDirectory,
    ...(dns === undefined ? {} : { dns }),
    portMappings: spec?.hostNetwork ? [] : portMappingsOf(pod),
    ...(sysctls.length === 0
      ? {}
      : { sysctls: Object.fromEntries(sysctls.map(({ name, value = '' }) => [name, value])) }),
    cgroupParent: podCgroupOf(cgroupRoot, uid),
    ...(containers.some((container) => container.securityContext?.privileged) ? { privileged: true } : {}),
    labels: {},
    annotations: { [keys.graceSeconds]: String(graceMsOf(pod) / 1_000) },
  };
}

/** Path of a pod's cgroup. */
export function podCgroupOf(cgroupRoot: string, uid: string): string {
  return `${cgroupRoot}/pod${uid}`;
}

function portMappingsOf(pod: Pod): PortMapping[] {
  return plannedContainers(pod)
    .flatMap(({ spec }) => spec.ports ?? [])
    .filter((port) => (port.hostPort ?? 0) > 0)
    .map((port) => ({
      protocol: (port.protocol ?? 'TCP') as PortMapping['protocol'],
      containerPort: port.containerPort ?? 0,
      hostPort: port.hostPort ?? 0,
      ...(port.hostIP ? { hostIp: port.hostIP } : {}),
    }));
}

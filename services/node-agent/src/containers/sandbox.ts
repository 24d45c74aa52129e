import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { keys } from '../pods/labels.ts';
import { graceMsOf, plannedContainers, podUid } from '../pods/spec.ts';
import type { DnsConfig, PortMapping, SandboxConfig } from '../runtime/runtime.ts';

/** What a sandbox is made from, beside its pod. */
export interface SandboxInputs {
  readonly pod: Pod;
  readonly attempt: number;
  readonly logDirectory: string;
  readonly dns: DnsConfig | undefined;
  /** Where the pods' cgroups of this node lie, such as /gantry/node-1. */
  readonly cgroupRoot: string;
}

/** The longest host name that Linux takes. */
const maxHostname = 63;

/** The pod's host name: spec.hostname, or its name cut to what Linux takes. */
export function hostnameOf(pod: Pod): string {
  const name = pod.spec?.hostname || (pod.metadata.name ?? '');
  return name.slice(0, maxHostname).replace(/[-.]+$/, '');
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
    hostname: hostnameOf(pod),
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
    cgroupParent: `${cgroupRoot}/pod${uid}`,
    ...(containers.some((container) => container.securityContext?.privileged) ? { privileged: true } : {}),
    labels: {},
    annotations: { [keys.graceSeconds]: String(graceMsOf(pod) / 1_000) },
  };
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

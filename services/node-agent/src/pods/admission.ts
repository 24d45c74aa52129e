import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';

/** A node's refusal to run a pod, in Kubernetes' words: the pod fails at once. */
export interface Rejection {
  readonly reason: string;
  readonly message: string;
}

/**
 * Sysctls that pods may set: namespaced, and without effect on other pods of the node (Kubernetes' safe set). Others are a node's
 * administrator to allow.
 */
const safeSysctls: ReadonlySet<string> = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
]);

/** Choices of a node's administrator. */
export interface AdmissionRules {
  /** Names of unsafe sysctls, or beginnings that end in `*`. */
  readonly allowedUnsafeSysctls: readonly string[];
}

/** The reason to reject the pod; undefined to admit it. */
export function rejectionOf({ spec }: Pod, rules: AdmissionRules): Rejection | undefined {
  const { securityContext = {}, os } = spec;
  if (os?.name !== undefined && os.name !== 'linux') {
    return { reason: 'PodOSNotSupported', message: "Failed to admit pod as the OS field doesn't match node OS" };
  }
  const forbidden = (securityContext.sysctls ?? [])
    .map(({ name }) => name.replaceAll('/', '.'))
    .find((name) => !safeSysctls.has(name) && !rules.allowedUnsafeSysctls.some((pattern) => fits(name, pattern)));
  if (forbidden !== undefined) {
    return { reason: 'SysctlForbidden', message: `forbidden sysctl: ${JSON.stringify(forbidden)} not allowlisted` };
  }
  if (securityContext.supplementalGroupsPolicy === 'Strict') {
    return {
      reason: 'SupplementalGroupsPolicyNotSupported',
      message: 'SupplementalGroupsPolicy=Strict is not supported in this node',
    };
  }
  return undefined;
}

function fits(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

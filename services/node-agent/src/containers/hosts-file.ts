import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { hostnameOf } from './sandbox.ts';

/**
 * The content of a pod's /etc/hosts: loopback, its own addresses under its host name, and its hostAliases. Its first line says, in
 * Kubernetes' words, that the file is made.
 * @param domain Such as cluster.local, for the full name of pods with a subdomain.
 */
export function hostsFileOf(pod: Pod, podIps: readonly string[], domain: string): string {
  const hostname = hostnameOf(pod);
  const { subdomain } = pod.spec;
  const fullName = subdomain ? `${hostname}.${subdomain}.${pod.metadata.namespace}.svc.${domain}\t` : '';
  const lines = [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'ff02::1\tip6-allnodes',
    'ff02::2\tip6-allrouters',
    ...podIps.map((ip) => `${ip}\t${fullName}${hostname}`),
    ...aliasesOf(pod),
  ];
  return `${lines.join('\n')}\n`;
}

/** The content of /etc/hosts of a pod that shares the node's network: that of the node, and its hostAliases. */
export function sharedHostsFileOf(pod: Pod, nodeHosts: string): string {
  const lines = ['# Kubernetes-managed hosts file (host network).', nodeHosts.trimEnd(), ...aliasesOf(pod)];
  return `${lines.join('\n')}\n`;
}

function aliasesOf({ spec: { hostAliases = [] } }: Pod): string[] {
  return hostAliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join('\t')}`);
}

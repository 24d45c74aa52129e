import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { DnsConfig } from '../runtime/runtime.ts';

/** Kubernetes' bounds of a pod's resolver. */
const maxServers = 3;
const maxSearches = 32;

/** Reads a resolv.conf. */
export function parseResolvConf(text: string): DnsConfig {
  const words = text.split('\n').map((line) => line.trim().split(/\s+/));
  const of = (keyword: string): string[][] => words.filter(([first]) => first === keyword).map(([, ...rest]) => rest);
  return {
    servers: of('nameserver').flatMap((rest) => rest.slice(0, 1)),
    searches: of('search').at(-1) ?? [],
    options: of('options').flat(),
  };
}

/** Inputs of a pod's resolver settings. */
export interface ResolverInputs {
  readonly pod: Pod;
  /** Address of the cluster's DNS; undefined where the node has none. */
  readonly clusterDns: string | undefined;
  readonly clusterDomain: string;
  /** The machine's own resolver. */
  readonly host: DnsConfig;
}

/** The pod's resolver, by its dnsPolicy and dnsConfig. */
export function resolverOf({ pod, clusterDns, clusterDomain, host }: ResolverInputs): DnsConfig {
  const { dnsPolicy = 'ClusterFirst', dnsConfig = {}, hostNetwork = false } = pod.spec;
  const namespace = pod.metadata.namespace ?? '';
  const usesCluster = dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && !hostNetwork);
  const cluster = (server: string): DnsConfig => ({
    servers: [server],
    searches: [`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain, ...host.searches],
    options: ['ndots:5'],
  });
  const none: DnsConfig = { servers: [], searches: [], options: [] };
  const base = dnsPolicy === 'None' ? none : usesCluster && clusterDns !== undefined ? cluster(clusterDns) : host;
  const own = (dnsConfig.options ?? []).map(({ name = '', value }) =>
    value === undefined ? name : `${name}:${value}`,
  );
  const named = new Set(own.map((option) => option.split(':')[0]));
  return {
    servers: unique([...base.servers, ...(dnsConfig.nameservers ?? [])]).slice(0, maxServers),
    searches: unique([...base.searches, ...(dnsConfig.searches ?? [])]).slice(0, maxSearches),
    options: [...base.options.filter((option) => !named.has(option.split(':')[0])), ...own],
  };
}

function unique(items: readonly string[]): string[] {
  return [...new Set(items)];
}

import type { Ingress } from '../../gen/gantry.networking.v1.ts';
import type { Kind } from '../../kind.ts';
import { notEnforced } from '../../validation/causes.ts';
import { classAnnotation, validateIngress, validateIngressStatus, validateNewIngress } from './validation.ts';

/** Hosts that are printed; of further rules only their number. */
const maxHosts = 3;

/** networking.k8s.io/v1 Ingress. */
export const ingress: Kind<Ingress> = {
  kind: 'Ingress',
  group: 'networking.k8s.io',
  version: 'v1',
  plural: 'ingresses',
  singular: 'ingress',
  shortNames: ['ing'],
  namespaced: true,
  message: 'gantry.networking.v1.Ingress',
  objectField: 'ingress',
  hasStatus: true,
  generation: 'spec',
  setDefaults: () => {},
  prepareForCreate: (object) => {
    delete object.status;
  },
  validate: validateIngress,
  validateCreate: validateNewIngress,
  validateStatus: validateIngressStatus,
  warnings: ({ metadata, spec }) => [
    ...(metadata.annotations?.[classAnnotation] !== undefined && spec.ingressClassName === undefined
      ? [`annotation "${classAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`]
      : []),
    notEnforced(ingress, 'no requests are let in by it'),
  ],
  selectableFields: {},
  columns: [
    { name: 'CLASS', cell: ({ spec }) => spec.ingressClassName ?? '<none>' },
    { name: 'HOSTS', cell: hostsOf },
    { name: 'ADDRESS', cell: addressesOf },
    { name: 'PORTS', cell: ({ spec }) => (spec.tls?.length ? '80, 443' : '80') },
  ],
};

function hostsOf({ spec }: Ingress): string {
  const { rules = [] } = spec;
  const hosts: string[] = [];
  let isMore = false;
  for (const { host } of rules) {
    isMore ||= hosts.length === maxHosts;
    if (!isMore && host) hosts.push(host);
  }
  if (hosts.length === 0) return '*';
  return isMore ? `${hosts.join(',')} + ${rules.length - maxHosts} more...` : hosts.join(',');
}

function addressesOf({ status }: Ingress): string {
  const addresses = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '');
  return [...new Set(addresses.filter((address) => address !== ''))].sort().join(',');
}

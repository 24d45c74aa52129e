import type { Service } from '../../gen/gantry.core.v1.ts';
import type { Column } from '../../kind.ts';
import { formatLabels } from '../cells.ts';

/** Characters of a load balancer's addresses that are shown where there is little room. */
const shortAddressesChars = 16;

/** Columns of `get services`. */
export const serviceColumns: readonly Column<Service>[] = [
  { name: 'TYPE', cell: ({ spec }) => spec.type ?? '' },
  { name: 'CLUSTER-IP', cell: ({ spec }) => spec.clusterIPs?.[0] || spec.clusterIP || '<none>' },
  { name: 'EXTERNAL-IP', cell: (service) => externalAddresses(service) },
  { name: 'PORT(S)', cell: formatPorts },
  { name: 'SELECTOR', wide: true, cell: ({ spec }) => formatLabels(spec.selector) },
];

function externalAddresses({ spec, status }: Service): string {
  const own = (spec.externalIPs ?? []).join(',');
  switch (spec.type) {
    case 'ClusterIP':
    case 'NodePort':
      return own || '<none>';
    case 'ExternalName':
      return spec.externalName ?? '';
    case 'LoadBalancer': {
      const ingress = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '');
      const given = [...new Set(ingress)].filter((address) => address !== '').join(',');
      const short = given.length > shortAddressesChars ? `${given.slice(0, shortAddressesChars - 3)}...` : given;
      return [short, own].filter((part) => part !== '').join(',') || '<pending>';
    }
    default:
      return '<unknown>';
  }
}

function formatPorts({ spec }: Service): string {
  const ports = (spec.ports ?? []).map(({ port, nodePort, protocol }) =>
    nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
  );
  return ports.join(',') || '<none>';
}

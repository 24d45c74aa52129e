import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Service, ServicePort, ServiceSpec } from '../../gen/gantry.core.v1.ts';
import {
  duplicate,
  forbidden,
  invalidValue,
  invalidValues,
  notSupported,
  oneOf,
  required,
} from '../../validation/causes.ts';
import {
  cidrProblems,
  dnsLabelProblems,
  dnsSubdomainProblems,
  ipProblems,
  labelValueProblems,
  portNumberProblems,
  portProblems,
  qualifiedNameProblems,
  reachableAddressProblems,
} from '../../validation/names.ts';
import { isReachableFromOutside } from './defaults.ts';
import { validateZero } from './zero.ts';

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const protocols = ['SCTP', 'TCP', 'UDP'];
/** The longest affinity by client address: one day. */
const maxAffinitySeconds = 86_400;

/** Validates a service, as Kubernetes words it. */
export function validateService(service: Service): FieldCause[] {
  const { metadata, spec } = service;
  return [
    ...invalidValues('metadata.name', metadata.name, dnsLabelProblems(metadata.name ?? '')),
    ...(types.includes(spec.type ?? '') ? [] : [notSupported('spec.type', spec.type ?? '', types)]),
    ...validatePorts(spec),
    ...validateSelector(spec),
    ...validateAffinity(spec),
    ...validateClusterAddresses(spec),
    ...validateExternalAddresses(spec),
    ...validateExternalName(spec),
    ...validatePolicies(spec),
    ...validateLoadBalancer(spec),
    ...validateZero(service),
  ];
}

function isHeadless({ clusterIP }: ServiceSpec): boolean {
  return clusterIP === 'None';
}

function validatePorts(spec: ServiceSpec): FieldCause[] {
  const ports = spec.ports ?? [];
  if (ports.length === 0 && !isHeadless(spec) && spec.type !== 'ExternalName') return [required('spec.ports')];
  return [...ports.flatMap((port, index) => validatePort(spec, port, index)), ...repeatedPorts(ports)];
}

function validatePort(spec: ServiceSpec, port: ServicePort, index: number): FieldCause[] {
  const path = `spec.ports[${index}]`;
  const { name = '', protocol = '', targetPort, appProtocol, nodePort = 0 } = port;
  const needsName = (spec.ports ?? []).length > 1;
  const causes: FieldCause[] = [];
  if (name === '' && needsName) causes.push(required(`${path}.name`));
  if (name !== '') causes.push(...invalidValues(`${path}.name`, name, dnsLabelProblems(name)));
  causes.push(...invalidValues(`${path}.port`, port.port, portNumberProblems(port.port)));
  if (protocol === '') causes.push(required(`${path}.protocol`));
  else causes.push(...oneOf(`${path}.protocol`, protocol, protocols));
  if (targetPort !== undefined) {
    causes.push(...invalidValues(`${path}.targetPort`, targetPort, portProblems(targetPort)));
  }
  if (appProtocol !== undefined) {
    causes.push(...invalidValues(`${path}.appProtocol`, appProtocol, qualifiedNameProblems(appProtocol)));
  }
  if (nodePort !== 0) {
    if (spec.type === 'ClusterIP' || spec.type === 'ExternalName') {
      causes.push(forbidden(`${path}.nodePort`, `may not be used when \`type\` is '${spec.type}'`));
    }
  }
  return causes;
}

/** Names, pairs of port and protocol, and pairs of node port and protocol must each be unique. */
function repeatedPorts(ports: readonly ServicePort[]): FieldCause[] {
  const seen = new Set<string>();
  const isRepeated = (key: string): boolean => seen.size === seen.add(key).size;
  return ports.flatMap(({ name, port, protocol, nodePort }, index) => {
    const path = `spec.ports[${index}]`;
    const causes: FieldCause[] = [];
    if (name && isRepeated(`name ${name}`)) causes.push(duplicate(`${path}.name`, name));
    if (nodePort && isRepeated(`node ${protocol} ${nodePort}`)) {
      causes.push(invalidValue(`${path}.nodePort`, nodePort, 'provided port is already allocated'));
    }
    if (isRepeated(`port ${protocol} ${port}`)) causes.push(duplicate(path, { protocol, port }));
    return causes;
  });
}

function validateSelector({ selector = {} }: ServiceSpec): FieldCause[] {
  return Object.entries(selector).flatMap(([key, value]) => [
    ...invalidValues('spec.selector', key, qualifiedNameProblems(key)),
    ...invalidValues('spec.selector', value, labelValueProblems(value)),
  ]);
}

function validateAffinity({ sessionAffinity = '', sessionAffinityConfig }: ServiceSpec): FieldCause[] {
  const path = 'spec.sessionAffinityConfig';
  if (sessionAffinity === 'None') return [];
  if (sessionAffinity !== 'ClientIP')
    return [notSupported('spec.sessionAffinity', sessionAffinity, ['ClientIP', 'None'])];
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (seconds === undefined) {
    return [required(`${path}.clientIP.timeoutSeconds`, 'when session affinity type is ClientIP')];
  }
  const fits = seconds > 0 && seconds <= maxAffinitySeconds;
  const why = `must be greater than 0 and less than ${maxAffinitySeconds}`;
  return fits ? [] : [invalidValue(`${path}.clientIP.timeoutSeconds`, seconds, why)];
}

function validateClusterAddresses(spec: ServiceSpec): FieldCause[] {
  const { type, clusterIP = '', clusterIPs = [], ipFamilies = [], ipFamilyPolicy } = spec;
  const causes: FieldCause[] = [
    ...oneOf('spec.ipFamilyPolicy', ipFamilyPolicy, ['PreferDualStack', 'RequireDualStack', 'SingleStack']),
    ...ipFamilies.flatMap((family, index) => oneOf(`spec.ipFamilies[${index}]`, family, ['IPv4', 'IPv6'])),
    ...ipFamilies.flatMap((family, index) =>
      ipFamilies.indexOf(family) < index ? [duplicate(`spec.ipFamilies[${index}]`, family)] : [],
    ),
  ];
  if (type === 'ExternalName') {
    if (clusterIP !== '') causes.push(forbidden('spec.clusterIPs', 'may not be set for ExternalName services'));
    return causes;
  }
  if (clusterIPs.length > 2) causes.push(invalidValue('spec.clusterIPs', clusterIPs, 'may only hold up to 2 values'));
  if (clusterIPs.length > 0 && clusterIP === '') {
    causes.push(invalidValue('spec.clusterIPs', clusterIPs, 'must be empty when `clusterIP` is not specified'));
  } else if (clusterIPs.length > 0 && clusterIPs[0] !== clusterIP) {
    causes.push(invalidValue('spec.clusterIPs', clusterIPs, 'first value must match `clusterIP`'));
  }
  if (isHeadless(spec) && (type === 'NodePort' || type === 'LoadBalancer')) {
    causes.push(invalidValue('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`));
  }
  const addresses = clusterIPs.length > 0 ? clusterIPs : [clusterIP].filter((address) => address !== '');
  for (const [index, address] of addresses.entries()) {
    if (index === 0 && address === 'None') continue;
    causes.push(...invalidValues(`spec.clusterIPs[${index}]`, address, ipProblems(address)));
  }
  return causes;
}

function validateExternalAddresses({ externalIPs = [] }: ServiceSpec): FieldCause[] {
  return externalIPs.flatMap((address, index) => {
    const problems = ipProblems(address);
    const shown = problems.length > 0 ? problems : reachableAddressProblems(address);
    return invalidValues(`spec.externalIPs[${index}]`, address, shown);
  });
}

function validateExternalName({ type, externalName = '' }: ServiceSpec): FieldCause[] {
  if (type !== 'ExternalName') return [];
  const name = externalName.replace(/\.$/, '');
  if (name === '') return [required('spec.externalName')];
  return invalidValues('spec.externalName', externalName, dnsSubdomainProblems(name));
}

function validatePolicies(spec: ServiceSpec): FieldCause[] {
  const { externalTrafficPolicy, internalTrafficPolicy, trafficDistribution, type, healthCheckNodePort = 0 } = spec;
  const causes: FieldCause[] = [];
  const outside = externalTrafficPolicy || undefined;
  if (isReachableFromOutside(spec)) {
    causes.push(...oneOf('spec.externalTrafficPolicy', outside ?? '', ['Cluster', 'Local']));
  } else if (outside !== undefined) {
    const why = 'may only be set for externally-accessible services';
    causes.push(invalidValue('spec.externalTrafficPolicy', outside, why));
  }
  if (healthCheckNodePort !== 0) {
    const allowed = type === 'LoadBalancer' && outside === 'Local';
    const why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    if (!allowed) causes.push(invalidValue('spec.healthCheckNodePort', healthCheckNodePort, why));
  }
  return [
    ...causes,
    ...oneOf('spec.internalTrafficPolicy', internalTrafficPolicy, ['Cluster', 'Local']),
    ...oneOf('spec.trafficDistribution', trafficDistribution, ['PreferClose', 'PreferSameNode', 'PreferSameZone']),
  ];
}

function validateLoadBalancer(spec: ServiceSpec): FieldCause[] {
  const { type, loadBalancerSourceRanges = [], loadBalancerClass, loadBalancerIP = '' } = spec;
  const causes = loadBalancerSourceRanges.flatMap((range, index) =>
    invalidValues(`spec.loadBalancerSourceRanges[${index}]`, range, cidrProblems(range.trim())),
  );
  // Kubernetes leaves this to the load balancer, and ours can only refuse.
  if (loadBalancerIP !== '') {
    causes.push(...invalidValues('spec.loadBalancerIP', loadBalancerIP, ipProblems(loadBalancerIP)));
  }
  if (loadBalancerClass !== undefined) {
    const problems = qualifiedNameProblems(loadBalancerClass);
    causes.push(...invalidValues('spec.loadBalancerClass', loadBalancerClass, problems));
  }
  if (type === 'LoadBalancer') return causes;
  const why = "may only be used when `type` is 'LoadBalancer'";
  if (loadBalancerSourceRanges.length > 0) causes.push(forbidden('spec.loadBalancerSourceRanges', why));
  if (loadBalancerClass !== undefined) causes.push(forbidden('spec.loadBalancerClass', why));
  if (spec.allocateLoadBalancerNodePorts !== undefined) {
    causes.push(forbidden('spec.allocateLoadBalancerNodePorts', why));
  }
  return causes;
}

/** Validates a service's status: the load balancer's addresses. */
export function validateServiceStatus({ status }: Service): FieldCause[] {
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip = '', hostname = '' }, index) => {
    const path = `status.loadBalancer.ingress[${index}]`;
    return [
      ...(ip === '' ? [] : invalidValues(`${path}.ip`, ip, ipProblems(ip))),
      ...(hostname === '' ? [] : invalidValues(`${path}.hostname`, hostname, dnsSubdomainProblems(hostname))),
    ];
  });
}

/** A load balancer that keeps traffic on the nodes with endpoints asks each node on a port of its own whether it has any. */
export function checksHealth({ type, externalTrafficPolicy }: ServiceSpec): boolean {
  return type === 'LoadBalancer' && externalTrafficPolicy === 'Local';
}

/** Validates the immutable fields of a service. */
export function validateServiceUpdate({ spec }: Service, { spec: stored }: Service): FieldCause[] {
  const causes: FieldCause[] = [];
  const both = (test: (spec: ServiceSpec) => boolean): boolean => test(spec) && test(stored);
  if (both(({ type }) => type !== 'ExternalName') && stored.clusterIP && spec.clusterIP !== stored.clusterIP) {
    causes.push(invalidValue('spec.clusterIPs[0]', [spec.clusterIP ?? ''], 'may not change once set'));
  }
  if (both(checksHealth) && spec.healthCheckNodePort !== stored.healthCheckNodePort) {
    causes.push(forbidden('spec.healthCheckNodePort', 'field is immutable'));
  }
  if (both(({ type }) => type === 'LoadBalancer') && spec.loadBalancerClass !== stored.loadBalancerClass) {
    causes.push(invalidValue('spec.loadBalancerClass', spec.loadBalancerClass ?? '', 'may not change once set'));
  }
  return causes;
}

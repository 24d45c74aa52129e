import { isIPv4 } from 'node:net';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from '../../gen/gantry.discovery.v1.ts';
import {
  duplicate,
  duplicates,
  immutable,
  inRange,
  invalidValue,
  invalidValues,
  oneOf,
  required,
  tooMany,
} from '../../validation/causes.ts';
import {
  canonicalIpProblems,
  dnsLabelProblems,
  dnsSubdomainProblems,
  labelValueProblems,
  qualifiedNameProblems,
  reachableAddressProblems,
} from '../../validation/names.ts';

/** Kubernetes' bounds of one slice. */
const maxEndpoints = 1000;
const maxPorts = 100;
const maxAddresses = 100;
const maxHints = 8;

/** Validates an EndpointSlice. */
export function validateEndpointSlice({ addressType, endpoints = [], ports = [] }: EndpointSlice): FieldCause[] {
  const addressTypes = ['FQDN', 'IPv4', 'IPv6'];
  if (endpoints.length > maxEndpoints) return [tooMany('endpoints', endpoints.length, maxEndpoints)];
  if (ports.length > maxPorts) return [tooMany('ports', ports.length, maxPorts)];
  return [
    ...(addressType ? oneOf('addressType', addressType, addressTypes) : [required('addressType')]),
    ...endpoints.flatMap((endpoint, index) => validateEndpoint(endpoint, addressType, `endpoints[${index}]`)),
    ...validatePorts(ports),
  ];
}

function validateEndpoint(endpoint: Endpoint, addressType: string, path: string): FieldCause[] {
  const { addresses = [], hostname, nodeName, hints } = endpoint;
  if (addresses.length === 0) return [required(`${path}.addresses`, 'must contain at least 1 address')];
  if (addresses.length > maxAddresses) return [tooMany(`${path}.addresses`, addresses.length, maxAddresses)];
  const zones = hints?.forZones ?? [];
  const nodes = hints?.forNodes ?? [];
  return [
    ...addresses.flatMap((address, index) => validateAddress(address, addressType, `${path}.addresses[${index}]`)),
    ...duplicates(addresses, (index) => `${path}.addresses[${index}]`),
    ...(hostname === undefined ? [] : invalidValues(`${path}.hostname`, hostname, dnsLabelProblems(hostname))),
    ...(nodeName === undefined ? [] : invalidValues(`${path}.nodeName`, nodeName, dnsSubdomainProblems(nodeName))),
    ...(zones.length > maxHints ? [tooMany(`${path}.hints.forZones`, zones.length, maxHints)] : []),
    ...zones.flatMap(({ name }, index) =>
      invalidValues(`${path}.hints.forZones[${index}].name`, name, labelValueProblems(name)),
    ),
    ...duplicates(
      zones.map(({ name }) => name),
      (index) => `${path}.hints.forZones[${index}].name`,
    ),
    ...(nodes.length > maxHints ? [tooMany(`${path}.hints.forNodes`, nodes.length, maxHints)] : []),
    ...nodes.flatMap(({ name }, index) =>
      invalidValues(`${path}.hints.forNodes[${index}].name`, name, dnsSubdomainProblems(name)),
    ),
    ...duplicates(
      nodes.map(({ name }) => name),
      (index) => `${path}.hints.forNodes[${index}].name`,
    ),
  ];
}

function validateAddress(address: string, addressType: string, path: string): FieldCause[] {
  switch (addressType) {
    case 'IPv4':
    case 'IPv6':
      return validateIp(address, addressType, path);
    case 'FQDN':
      return invalidValues(path, address, dnsSubdomainProblems(address));
    default:
      // The address type itself is refused.
      return [];
  }
}

/** An address of the slice's family that traffic can be sent to; Kubernetes names the whole list for one of the other family. */
function validateIp(address: string, family: 'IPv4' | 'IPv6', path: string): FieldCause[] {
  const problems = canonicalIpProblems(address);
  if (problems.length > 0) return invalidValues(path, address, problems);
  const isOther = isIPv4(address) !== (family === 'IPv4');
  return [
    ...(isOther ? [invalidValue(path.replace(/\[\d+\]$/, ''), address, `must be an ${family} address`)] : []),
    ...invalidValues(path, address, reachableAddressProblems(address)),
  ];
}

function validatePorts(ports: readonly EndpointPort[]): FieldCause[] {
  const seen = new Set<string>();
  return ports.flatMap(({ name = '', protocol, port, appProtocol }, index) => {
    const path = `ports[${index}]`;
    const repeated = seen.has(name);
    seen.add(name);
    return [
      ...(name === '' ? [] : invalidValues(`${path}.name`, name, dnsLabelProblems(name))),
      ...(repeated ? [duplicate(`${path}.name`, name)] : []),
      ...oneOf(`${path}.protocol`, protocol, ['SCTP', 'TCP', 'UDP']),
      ...inRange(`${path}.port`, port, 1, 65_535),
      ...(appProtocol === undefined
        ? []
        : invalidValues(`${path}.appProtocol`, appProtocol, qualifiedNameProblems(appProtocol))),
    ];
  });
}

/** Validates the immutable fields of an EndpointSlice. */
export function validateEndpointSliceUpdate({ addressType }: EndpointSlice, stored: EndpointSlice): FieldCause[] {
  return addressType === stored.addressType ? [] : [immutable('addressType', addressType)];
}

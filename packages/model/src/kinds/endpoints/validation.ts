import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { EndpointAddress, EndpointPort, Endpoints } from '../../gen/gantry.core.v1.ts';
import { invalidValue, invalidValues, oneOf, required } from '../../validation/causes.ts';
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  ipProblems,
  portNumberProblems,
  qualifiedNameProblems,
  reachableAddressProblems,
} from '../../validation/names.ts';

/** Validates Endpoints. */
export function validateEndpoints({ subsets = [] }: Endpoints): FieldCause[] {
  return subsets.flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }, index) => {
    const path = `subsets[${index}]`;
    const isEmpty = addresses.length === 0 && notReadyAddresses.length === 0;
    return [
      ...(isEmpty ? [required(path, 'must specify `addresses` or `notReadyAddresses`')] : []),
      ...addresses.flatMap((address, i) => validateAddress(address, `${path}.addresses[${i}]`)),
      ...notReadyAddresses.flatMap((address, i) => validateAddress(address, `${path}.notReadyAddresses[${i}]`)),
      ...ports.flatMap((port, i) => validatePort(port, ports.length > 1, `${path}.ports[${i}]`)),
    ];
  });
}

function validateAddress({ ip, hostname, nodeName }: EndpointAddress, path: string): FieldCause[] {
  const problems = ipProblems(ip);
  const isUnreadable = problems.some((problem) => problem.startsWith('must be a valid IP address'));
  return [
    ...invalidValues(`${path}.ip`, ip, problems),
    ...(hostname ? invalidValues(`${path}.hostname`, hostname, dnsLabelProblems(hostname)) : []),
    ...(nodeName === undefined ? [] : invalidValues(`${path}.nodeName`, nodeName, dnsSubdomainProblems(nodeName))),
    ...(isUnreadable ? [invalidValue(`${path}.ip`, ip, 'must be a valid IP address')] : []),
    ...(problems.length > 0 ? [] : invalidValues(`${path}.ip`, ip, reachableAddressProblems(ip))),
  ];
}

function validatePort(
  { name, port, protocol, appProtocol }: EndpointPort,
  needsName: boolean,
  path: string,
): FieldCause[] {
  return [
    ...(needsName && !name ? [required(`${path}.name`)] : []),
    ...(name ? invalidValues(`${path}.name`, name, dnsLabelProblems(name)) : []),
    ...invalidValues(`${path}.port`, port, portNumberProblems(port)),
    ...oneOf(`${path}.protocol`, protocol, ['SCTP', 'TCP', 'UDP']),
    ...(appProtocol === undefined
      ? []
      : invalidValues(`${path}.appProtocol`, appProtocol, qualifiedNameProblems(appProtocol))),
  ];
}

/** Validation of NetworkPolicies. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../gen/gantry.networking.v1.ts';
import { forbidden, invalidValue, invalidValues, notSupported, oneOf, required } from '../../validation/causes.ts';
import { isWithin, rangeOf, strictCidrProblems } from '../../validation/cidrs.ts';
import { validateLabelSelector } from '../../validation/labels.ts';
import { portNumberProblems, portProblems } from '../../validation/names.ts';

const protocols = ['TCP', 'UDP', 'SCTP'];
const policyTypes = ['Ingress', 'Egress'];

/** Validates a policy. */
export function validateNetworkPolicy({ spec }: NetworkPolicy): FieldCause[] {
  const { podSelector, ingress = [], egress = [], policyTypes: types = [] } = spec;
  const rules = [
    ...ingress.map(({ ports = [], from = [] }, index) => ({
      path: `spec.ingress[${index}]`,
      ports,
      peers: from,
      side: 'from',
    })),
    ...egress.map(({ ports = [], to = [] }, index) => ({
      path: `spec.egress[${index}]`,
      ports,
      peers: to,
      side: 'to',
    })),
  ];
  const causes = [
    ...validateLabelSelector(podSelector, 'spec.podSelector'),
    ...rules.flatMap(({ path, ports, peers, side }) => [
      ...ports.flatMap((port, index) => validatePort(port, `${path}.ports[${index}]`)),
      ...peers.flatMap((peer, index) => validatePeer(peer, `${path}.${side}[${index}]`)),
    ]),
  ];
  if (types.length > policyTypes.length) {
    return [...causes, invalidValue('spec.policyTypes', types, 'may not specify more than two policyTypes')];
  }
  const wrong = types.flatMap((type, index) =>
    policyTypes.includes(type) ? [] : [notSupported(`spec.policyTypes[${index}]`, type, policyTypes)],
  );
  return [...causes, ...wrong];
}

function validatePort({ protocol, port, endPort }: NetworkPolicyPort, path: string): FieldCause[] {
  const causes = oneOf(`${path}.protocol`, protocol, protocols);
  if (port !== undefined) causes.push(...invalidValues(`${path}.port`, port, portProblems(port)));
  if (endPort === undefined) return causes;
  const field = `${path}.endPort`;
  if (typeof port !== 'number') {
    const state = port === undefined ? 'not specified' : 'non-numeric';
    return [...causes, invalidValue(field, endPort, `may not be specified when \`port\` is ${state}`)];
  }
  if (endPort < port) causes.push(invalidValue(field, endPort, 'must be greater than or equal to `port`'));
  return [...causes, ...invalidValues(field, endPort, portNumberProblems(endPort))];
}

function validatePeer({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer, path: string): FieldCause[] {
  const causes = [
    ...validateLabelSelector(podSelector, `${path}.podSelector`),
    ...validateLabelSelector(namespaceSelector, `${path}.namespaceSelector`),
    ...(ipBlock === undefined ? [] : validateBlock(ipBlock, `${path}.ipBlock`)),
  ];
  const selectors = [podSelector, namespaceSelector].filter((selector) => selector !== undefined).length;
  if (selectors === 0 && ipBlock === undefined) return [...causes, required(path, 'must specify a peer')];
  return selectors > 0 && ipBlock !== undefined
    ? [...causes, forbidden(path, 'may not specify both ipBlock and another peer')]
    : causes;
}

function validateBlock({ cidr, except = [] }: IPBlock, path: string): FieldCause[] {
  if (cidr === '') return [];
  const causes = invalidValues(`${path}.cidr`, cidr, strictCidrProblems(cidr));
  const outer = rangeOf(cidr);
  if (outer === undefined) return causes;
  for (const [index, text] of except.entries()) {
    const field = `${path}.except[${index}]`;
    causes.push(...invalidValues(field, text, strictCidrProblems(text)));
    const inner = rangeOf(text);
    if (inner === undefined || isWithin(inner, outer)) continue;
    causes.push(invalidValue(field, text, 'must be a strict subset of `cidr`'));
  }
  return causes;
}

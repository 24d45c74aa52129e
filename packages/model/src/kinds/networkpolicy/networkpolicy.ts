import type { NetworkPolicy } from '../../gen/gantry.networking.v1.ts';
import type { Kind } from '../../kind.ts';
import { selectorText } from '../../selector-text.ts';
import { notEnforced } from '../../validation/causes.ts';
import { validateNetworkPolicy } from './validation.ts';

/** networking.k8s.io/v1 NetworkPolicy. */
export const networkPolicy: Kind<NetworkPolicy> = {
  kind: 'NetworkPolicy',
  group: 'networking.k8s.io',
  version: 'v1',
  plural: 'networkpolicies',
  singular: 'networkpolicy',
  shortNames: ['netpol'],
  namespaced: true,
  message: 'gantry.networking.v1.NetworkPolicy',
  objectField: 'networkPolicy',
  hasStatus: false,
  generation: 'spec',
  setDefaults: setNetworkPolicyDefaults,
  validate: validateNetworkPolicy,
  warnings: () => [notEnforced(networkPolicy, 'all traffic goes through')],
  selectableFields: {},
  columns: [{ name: 'POD-SELECTOR', cell: ({ spec }) => selectorText(spec.podSelector ?? {}) || '<none>' }],
};

function setNetworkPolicyDefaults({ spec }: NetworkPolicy): void {
  for (const { ports = [] } of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
    for (const port of ports) port.protocol ??= 'TCP';
  }
  if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress'];
}

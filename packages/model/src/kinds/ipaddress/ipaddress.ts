import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { IPAddress } from '../../gen/gantry.networking.v1.ts';
import { canonicalJson } from '../../hash.ts';
import type { Kind } from '../../kind.ts';
import { immutable, invalidValues, notEnforced } from '../../validation/causes.ts';
import { canonicalIpProblems, dnsSubdomainProblems, pathSegmentProblems } from '../../validation/names.ts';

/** networking.k8s.io/v1 IPAddress. */
export const ipAddress: Kind<IPAddress> = {
  kind: 'IPAddress',
  group: 'networking.k8s.io',
  version: 'v1',
  plural: 'ipaddresses',
  singular: 'ipaddress',
  shortNames: ['ip'],
  namespaced: false,
  message: 'gantry.networking.v1.IPAddress',
  objectField: 'ipAddress',
  hasStatus: false,
  nameProblems: canonicalIpProblems,
  setDefaults: () => {},
  validate: validateAddress,
  validateUpdate: ({ spec }, { spec: stored }) =>
    canonicalJson(spec.parentRef ?? null) === canonicalJson(stored.parentRef ?? null)
      ? []
      : [immutable('spec.parentRef', spec.parentRef ?? null)],
  warnings: () => [notEnforced(ipAddress, 'addresses of Services are given without it')],
  selectableFields: {},
  columns: [{ name: 'PARENTREF', cell: parentText }],
};

function parentText({ spec }: IPAddress): string {
  if (spec.parentRef === undefined) return '<none>';
  const { group = '', resource, namespace = '', name } = spec.parentRef;
  const qualified = (group === '' ? resource : `${resource}.${group}`).toLowerCase();
  return namespace === '' ? `${qualified}/${name}` : `${qualified}/${namespace}/${name}`;
}

function validateAddress({ spec }: IPAddress): FieldCause[] {
  if (spec.parentRef === undefined) return [];
  const { group = '', ...names } = spec.parentRef;
  return [
    ...(group === '' ? [] : invalidValues('spec.parentRef.group', group, dnsSubdomainProblems(group))),
    ...(['resource', 'name', 'namespace'] as const).flatMap((name) =>
      invalidValues(`spec.parentRef.${name}`, names[name] ?? '', pathSegmentProblems(names[name] ?? '')),
    ),
  ];
}

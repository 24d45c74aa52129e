import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { ServiceCIDR } from '../../gen/gantry.networking.v1.ts';
import { type Kind, usersMetadata } from '../../kind.ts';
import { immutable, invalidValue, invalidValues, notEnforced, required } from '../../validation/causes.ts';
import { canonicalCidrProblems, rangeOf } from '../../validation/cidrs.ts';

const field = 'spec.cidrs';

/** networking.k8s.io/v1 ServiceCIDR. */
export const serviceCidr: Kind<ServiceCIDR> = {
  kind: 'ServiceCIDR',
  group: 'networking.k8s.io',
  version: 'v1',
  plural: 'servicecidrs',
  singular: 'servicecidr',
  shortNames: [],
  namespaced: false,
  message: 'gantry.networking.v1.ServiceCIDR',
  objectField: 'serviceCidr',
  hasStatus: true,
  statusKeeps: usersMetadata,
  setDefaults: () => {},
  prepareForCreate: (object) => {
    delete object.status;
  },
  validate: () => [],
  validateCreate: ({ spec }) => validateRanges(spec.cidrs ?? []),
  validateUpdate: validateServiceCidrUpdate,
  warnings: () => [notEnforced(serviceCidr, 'addresses of Services are given from the range of the configuration')],
  selectableFields: {},
  columns: [{ name: 'CIDRS', cell: ({ spec }) => (spec.cidrs ?? []).join(',') }],
};

function validateRanges(ranges: readonly string[]): FieldCause[] {
  if (ranges.length === 0) return [required(field, 'at least one CIDR required')];
  if (ranges.length > 2) return [invalidValue(field, ranges, 'may only hold up to 2 values')];
  const causes = ranges.flatMap((range, index) =>
    invalidValues(`${field}[${index}]`, range, canonicalCidrProblems(range)),
  );
  const [first, second] = ranges.map((range) => rangeOf(range)?.length);
  if (ranges.length < 2 || first === undefined || first !== second) return causes;
  const text = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
  return [...causes, invalidValue(field, ranges, text)];
}

/** Ranges are fixed, but for the second one, which can be added. */
function validateServiceCidrUpdate({ spec }: ServiceCIDR, { spec: stored }: ServiceCIDR): FieldCause[] {
  const [wanted, before] = [spec.cidrs ?? [], stored.cidrs ?? []];
  const isAdded = before.length === 1 && wanted.length === 2;
  if (wanted.length !== before.length && !isAdded) return [immutable(field, wanted)];
  const causes = before.flatMap((range, index) =>
    range === wanted[index] ? [] : [immutable(`${field}[${index}]`, wanted[index])],
  );
  return isAdded ? [...causes, ...validateRanges(wanted)] : causes;
}

/** Wishes for devices, of claims and of templates of claims. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type {
  DeviceClaim,
  DeviceConstraint,
  DeviceRequest,
  DeviceSubRequest,
  ExactDeviceRequest,
  ResourceClaimSpec,
} from '../../gen/gantry.resource.v1.ts';
import { invalidValue, invalidValues, notSupported, required } from '../../validation/causes.ts';
import { dnsLabelProblems, dnsSubdomainProblems } from '../../validation/names.ts';
import {
  maxRequests,
  validateConfigs,
  validateQualifiedAttribute,
  validateSelectors,
  validateSet,
  validateSlice,
  validateTolerations,
} from './devices.ts';

const maxConstraints = 32;
const maxAlternatives = 8;
const allocationModes = ['All', 'ExactCount'];

/** Sets the defaults of a claim's wishes, in place. */
export function setClaimDefaults(spec: ResourceClaimSpec | undefined): void {
  for (const { exactly, firstAvailable = [] } of spec?.devices?.requests ?? []) {
    for (const wish of exactly === undefined ? firstAvailable : [exactly, ...firstAvailable]) {
      wish.allocationMode ||= 'ExactCount';
      if (wish.allocationMode === 'ExactCount') wish.count ||= 1;
      for (const toleration of wish.tolerations ?? []) toleration.operator ||= 'Equal';
    }
  }
}

/** Validates a claim's wishes. */
export function validateClaimSpec(spec: ResourceClaimSpec | undefined, path: string): FieldCause[] {
  const claim = spec?.devices ?? {};
  const field = `${path}.devices`;
  const names = requestNames(claim);
  return [
    ...validateSet(claim.requests, maxRequests, `${field}.requests`, ({ name }) => name, validateRequest),
    ...validateSlice(claim.constraints, maxConstraints, `${field}.constraints`, (constraint, own) =>
      validateConstraint(constraint, names, own),
    ),
    ...validateConfigs(claim.config, `${field}.config`, ({ requests }, own) =>
      validateReferences(requests, names, `${own}.requests`),
    ),
  ];
}

/** Names by which the requests of a claim are known: `request`, and `request/subrequest`. */
export function requestNames({ requests = [] }: DeviceClaim): ReadonlySet<string> {
  return new Set(
    requests.flatMap(({ name, firstAvailable = [] }) => [name, ...firstAvailable.map((sub) => `${name}/${sub.name}`)]),
  );
}

/** Names of requests, each known and named once. */
export function validateReferences(
  given: readonly string[] = [],
  known: ReadonlySet<string>,
  field: string,
): FieldCause[] {
  return validateSet(
    given,
    maxRequests,
    field,
    (name) => name,
    (name, path) => validateReference(name, known, path),
  );
}

/** The name of a request that is there. */
export function validateReference(name: string, known: ReadonlySet<string>, field: string): FieldCause[] {
  const text = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
  const parts = name.split('/');
  if (parts.length > 2) return [invalidValue(field, name, text)];
  return [
    ...parts.flatMap((part) => invalidValues(field, part, dnsLabelProblems(part))),
    ...(known.has(name) ? [] : [invalidValue(field, name, text)]),
  ];
}

function validateName(name: string, field: string): FieldCause[] {
  return name === '' ? [] : invalidValues(field, name, dnsLabelProblems(name));
}

function validateRequest({ name, exactly, firstAvailable = [] }: DeviceRequest, path: string): FieldCause[] {
  const causes = validateName(name, `${path}.name`);
  const text = 'exactly one of `exactly` or `firstAvailable` is required';
  if (exactly === undefined && firstAvailable.length === 0) return [...causes, required(path, text)];
  if (exactly !== undefined && firstAvailable.length > 0) {
    return [...causes, invalidValue(path, null, `${text}, but multiple fields are set`)];
  }
  if (exactly !== undefined) return [...causes, ...validateWish(exactly, `${path}.exactly`)];
  const validateSub = (sub: DeviceSubRequest, own: string): FieldCause[] => [
    ...validateName(sub.name, `${own}.name`),
    ...validateWish(sub, own),
  ];
  const field = `${path}.firstAvailable`;
  return [...causes, ...validateSet(firstAvailable, maxAlternatives, field, (sub) => sub.name, validateSub)];
}

function validateWish(wish: ExactDeviceRequest | DeviceSubRequest, path: string): FieldCause[] {
  const { deviceClassName, allocationMode = '', count = 0 } = wish;
  const causes = [
    ...(deviceClassName === ''
      ? []
      : invalidValues(`${path}.deviceClassName`, deviceClassName, dnsSubdomainProblems(deviceClassName))),
    ...validateSelectors(wish.selectors, `${path}.selectors`),
    ...validateTolerations(wish.tolerations, `${path}.tolerations`),
  ];
  if (!allocationModes.includes(allocationMode)) {
    causes.push(notSupported(`${path}.allocationMode`, allocationMode, allocationModes));
  } else if (allocationMode === 'All' && count !== 0) {
    causes.push(invalidValue(`${path}.count`, count, "must not be specified when allocationMode is 'All'"));
  } else if (allocationMode === 'ExactCount' && count <= 0) {
    causes.push(invalidValue(`${path}.count`, count, 'must be greater than zero'));
  }
  return causes;
}

function validateConstraint(constraint: DeviceConstraint, known: ReadonlySet<string>, path: string): FieldCause[] {
  const { requests, matchAttribute, distinctAttribute } = constraint;
  const text = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
  return [
    ...validateReferences(requests, known, `${path}.requests`),
    ...validateQualifiedAttribute(matchAttribute, `${path}.matchAttribute`),
    ...(matchAttribute === undefined ? validateQualifiedAttribute(distinctAttribute, `${path}.distinctAttribute`) : []),
    ...(matchAttribute === undefined && distinctAttribute === undefined ? [required(path, text)] : []),
  ];
}

import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { ResourceQuota, ResourceQuotaSpec, ScopedResourceSelectorRequirement } from '../../gen/gantry.core.v1.ts';
import { compareQuantities, parseQuantity, toMilli } from '../../quantity.ts';
import { immutable, invalidValue, required } from '../../validation/causes.ts';
import { isCounted, isQuotaResource, validateResourceName } from '../../validation/resource-names.ts';

const zero = parseQuantity('0');
const amountsOfPods = ['cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];
const ofPods = ['pods', ...amountsOfPods];
/** The resources that objects with a property use, by the property. */
const scopes: Readonly<Record<string, readonly string[]>> = {
  Terminating: ofPods,
  NotTerminating: ofPods,
  BestEffort: ['pods'],
  NotBestEffort: ofPods,
  PriorityClass: ofPods,
  CrossNamespacePodAffinity: ofPods,
  VolumeAttributesClass: ['persistentvolumeclaims', 'requests.storage'],
};
/** Properties that an object has or has not; the others have values. */
const withoutValues = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity'];
const opposites = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;

/** Validates a quota. */
export function validateQuota({ spec = {} }: ResourceQuota): FieldCause[] {
  return [...validateAmounts(spec.hard, 'spec.hard'), ...validateScopes(spec), ...validateSelector(spec)];
}

/** Validates the scopes, which can't change. */
export function validateQuotaUpdate({ spec = {} }: ResourceQuota, stored: ResourceQuota): FieldCause[] {
  const [wanted, had] = [new Set(spec.scopes), new Set(stored.spec?.scopes)];
  return wanted.symmetricDifference(had).size === 0 ? [] : [immutable('spec.scopes', spec.scopes ?? [])];
}

/** Validates a new status. */
export function validateQuotaStatus({ status = {} }: ResourceQuota): FieldCause[] {
  return [...validateAmounts(status.hard, 'status.hard'), ...validateAmounts(status.used, 'status.used')];
}

function validateAmounts(amounts: Readonly<Record<string, string>> | undefined, field: string): FieldCause[] {
  return Object.entries(amounts ?? {}).flatMap(([name, amount]) => {
    const path = `${field}[${name}]`;
    const quantity = parseQuantity(amount);
    const isFraction = isCounted(name) && toMilli(quantity) % 1000 !== 0;
    const isUnknown = !name.includes('/') && !isQuotaResource(name);
    return [
      ...validateResourceName(name, path),
      ...(isUnknown ? [invalidValue(path, name, 'must be a standard resource for quota')] : []),
      ...(compareQuantities(quantity, zero) < 0
        ? [invalidValue(path, amount, 'must be greater than or equal to 0')]
        : []),
      ...(isFraction ? [invalidValue(path, amount, 'must be an integer')] : []),
    ];
  });
}

/** Bounded resources that objects with a property do not use. */
function unusedIn(scope: string, { hard = {} }: ResourceQuotaSpec): string[] {
  const used = Object.hasOwn(scopes, scope) ? scopes[scope] : undefined;
  return Object.keys(hard).filter((name) => isQuotaResource(name) && used?.includes(name) === false);
}

function conflicts(given: readonly string[], value: unknown, field: string): FieldCause[] {
  return opposites
    .filter((pair) => pair.every((scope) => given.includes(scope)))
    .map(() => invalidValue(field, value, 'conflicting scopes'));
}

function validateScopes(spec: ResourceQuotaSpec): FieldCause[] {
  const { scopes: given = [] } = spec;
  const field = 'spec.scopes';
  return [
    ...given.flatMap((scope) => [
      ...(Object.hasOwn(scopes, scope) ? [] : [invalidValue(field, given, 'unsupported scope')]),
      ...unusedIn(scope, spec).map(() => invalidValue(field, given, 'unsupported scope applied to resource')),
    ]),
    ...conflicts(given, given, field),
  ];
}

function validateSelector(spec: ResourceQuotaSpec): FieldCause[] {
  const { scopeSelector } = spec;
  const requirements = (scopeSelector?.matchExpressions ?? []).map(({ scopeName = '', operator = '', values = [] }) => {
    return { scopeName, operator, values };
  });
  const field = 'spec.scopeSelector.matchExpressions';
  return [
    ...requirements.flatMap((requirement) => [
      ...(Object.hasOwn(scopes, requirement.scopeName)
        ? []
        : [invalidValue(`${field}.scopeName`, requirement.scopeName, 'unsupported scope')]),
      ...unusedIn(requirement.scopeName, spec).map(() =>
        invalidValue(field, scopeSelector, 'unsupported scope applied to resource'),
      ),
      ...validateOperator(requirement, field),
    ]),
    ...conflicts(
      requirements.map(({ scopeName }) => scopeName),
      spec.scopes ?? [],
      field,
    ),
  ];
}

function validateOperator(
  { scopeName, operator, values }: Required<ScopedResourceSelectorRequirement>,
  field: string,
): FieldCause[] {
  const causes: FieldCause[] = [];
  if (withoutValues.includes(scopeName) && operator !== 'Exists') {
    const text =
      "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
    causes.push(invalidValue(`${field}.operator`, operator, text));
  }
  switch (operator) {
    case 'In':
    case 'NotIn': {
      const text = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
      return values.length > 0 ? causes : [...causes, required(`${field}.values`, text)];
    }
    case 'Exists':
    case 'DoesNotExist': {
      const text = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
      return values.length === 0 ? causes : [...causes, invalidValue(`${field}.values`, values, text)];
    }
    default:
      return [...causes, invalidValue(`${field}.operator`, operator, 'not a valid selector operator')];
  }
}

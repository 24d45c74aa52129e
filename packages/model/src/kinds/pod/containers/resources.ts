/** Validation of the resources that containers ask for and are limited to. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { PodSpec, ResourceRequirements } from '../../../gen/gantry.core.v1.ts';
import { compareQuantities, parseQuantity, quantityProblem } from '../../../quantity.ts';
import {
  duplicates,
  forbidden,
  invalidValue,
  invalidValues,
  notFound,
  notSupported,
  required,
} from '../../../validation/causes.ts';
import { qualifiedNameProblems } from '../../../validation/names.ts';
import { isPodLevelResource, validatePodLevel } from '../pod-level.ts';

const zero = parseQuantity('0');
const standardNames = ['cpu', 'memory', 'ephemeral-storage'];
const pagesPrefix = 'hugepages-';

/** The resources of one container. */
export function validateResources(resources: ResourceRequirements | undefined, path: string): FieldCause[] {
  const { limits = {}, requests = {}, claims = [] } = resources ?? {};
  return [
    ...Object.entries(limits).flatMap(([name, amount]) => validateAmount(name, amount, `${path}.limits[${name}]`)),
    ...Object.entries(requests).flatMap(([name, amount]) => validateAmount(name, amount, `${path}.requests[${name}]`)),
    ...Object.entries(requests).flatMap(([name, amount]) => validateRequest(name, amount, limits[name], path)),
    ...validatePages({ ...limits, ...requests }, path),
    ...duplicates(
      claims.map(({ name, request }) => (request ? `${name}/${request}` : name)),
      (index) => `${path}.claims[${index}]`,
    ),
  ];
}

/** The resources of a pod as a whole: few can be shared so, and claims are not among them. */
export function validatePodResources(spec: PodSpec, path: string): FieldCause[] {
  const { resources } = spec;
  if (resources === undefined) return [];
  const { claims } = resources;
  const unsupported = (['limits', 'requests'] as const).flatMap((part) =>
    Object.keys(resources[part] ?? {})
      .filter((name) => !isPodLevelResource(name) && qualifiedNameProblems(name).length === 0)
      .map((name) => notSupported(`${path}.${part}[${name}]`, name, ['cpu', pagesPrefix, 'memory'])),
  );
  return [
    ...(claims === undefined ? [] : [forbidden(`${path}.claims`, 'claims may not be set for Resources at pod-level')]),
    ...validateResources(resources, path),
    ...validateClaimNames(resources, spec, path),
    ...unsupported,
    ...validatePodLevel(spec, path),
  ];
}

/** The claims that a container uses are among those of its pod. */
export function validateClaimNames(
  { claims = [] }: ResourceRequirements = {},
  { resourceClaims = [] }: PodSpec,
  path: string,
): FieldCause[] {
  const known = resourceClaims.map(({ name }) => name).sort();
  const where = known.length === 0 ? ' which is empty' : `: ${known.join(', ')}`;
  return claims.flatMap(({ name }, index) => {
    if (known.includes(name)) return [];
    const cause = notFound(`${path}.claims[${index}]`, name);
    return [{ ...cause, message: `${cause.message}: must be one of the names in pod.spec.resourceClaims${where}` }];
  });
}

/** An amount of anything by name, such as the overhead of a runtime. */
export function validateAmount(name: string, amount: string, path: string): FieldCause[] {
  const nameCauses = validateContainerResourceName(name, path);
  const problem = quantityProblem(amount);
  if (problem !== undefined) return [...nameCauses, invalidValue(path, amount, problem)];
  const quantity = parseQuantity(amount);
  if (compareQuantities(quantity, zero) < 0) {
    return [...nameCauses, invalidValue(path, amount, 'must be greater than or equal to 0')];
  }
  const isWhole = quantity.exponent >= 0;
  return isExtended(name) && !isWhole ? [...nameCauses, invalidValue(path, amount, 'must be an integer')] : nameCauses;
}

/** The name of a resource that containers can have. */
export function validateContainerResourceName(name: string, path: string): FieldCause[] {
  const problems = qualifiedNameProblems(name);
  if (problems.length > 0) return invalidValues(path, name, problems);
  if (name.includes('/') || isOvercommitted(name) || name.startsWith(pagesPrefix)) return [];
  return [
    invalidValue(path, name, 'must be a standard resource type or fully qualified'),
    invalidValue(path, name, 'must be a standard resource for containers'),
  ];
}

/** A request up to its limit. What can't be shared is asked for just as it is limited. */
function validateRequest(name: string, request: string, limit: string | undefined, path: string): FieldCause[] {
  const isShared = isOvercommitted(name);
  if (!isShared && !name.includes('/') && !name.startsWith(pagesPrefix)) return [];
  if (limit === undefined) {
    return isShared ? [] : [required(`${path}.limits`, 'Limit must be set for non overcommitable resources')];
  }
  if (quantityProblem(request) !== undefined || quantityProblem(limit) !== undefined) return [];
  const difference = compareQuantities(parseQuantity(request), parseQuantity(limit));
  if (!isShared && difference !== 0) {
    return [invalidValue(`${path}.requests`, request, `must be equal to ${name} limit of ${limit}`)];
  }
  return difference > 0
    ? [invalidValue(`${path}.requests`, request, `must be less than or equal to ${name} limit of ${limit}`)]
    : [];
}

/** Huge pages are set aside beside ordinary resources, never alone. */
function validatePages(amounts: Readonly<Record<string, string>>, path: string): FieldCause[] {
  const names = Object.keys(amounts);
  const isAlone = !names.includes('cpu') && !names.includes('memory');
  return isAlone && names.some((name) => name.startsWith(pagesPrefix))
    ? [forbidden(path, 'HugePages require cpu or memory')]
    : [];
}

function isOvercommitted(name: string): boolean {
  return standardNames.includes(name);
}

function isExtended(name: string): boolean {
  return name.includes('/') && !name.includes('kubernetes.io/');
}

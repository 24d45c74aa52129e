/** Names of resources that objects ask for or are limited in (cpu, requests.memory, pods, example.com/gpu), and which may stand where. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import { invalidValue, invalidValues } from './causes.ts';
import { qualifiedNameProblems } from './names.ts';

/** Resources that containers have. */
const ofContainers = ['cpu', 'memory', 'ephemeral-storage'];
/** Objects that are counted. */
const counted = [
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
];
/** Resources that a quota can bound by a name of their own. */
const ofQuotas = new Set([
  ...ofContainers.flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
  'requests.storage',
  ...counted,
]);
const quotaPagesPrefixes = ['hugepages-', 'requests.hugepages-'];
const pagesPrefix = 'hugepages-';

/** True for a resource that Kubernetes defines: without a domain, or with its own. */
function isNative(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/');
}

/** True where more of a resource may be limited than is asked for. */
export function canBeOvercommitted(name: string): boolean {
  return isNative(name) && !name.startsWith(pagesPrefix);
}

/** True for a resource of somebody's own, such as example.com/gpu. */
export function isExtendedResource(name: string): boolean {
  return !isNative(name) && !name.startsWith('requests.') && qualifiedNameProblems(`requests.${name}`).length === 0;
}

/** True for a resource that comes in whole pieces. */
export function isCounted(name: string): boolean {
  return counted.includes(name) || isExtendedResource(name);
}

/** True for a resource that a quota can bound and that has no domain. */
export function isQuotaResource(name: string): boolean {
  return ofQuotas.has(name) || quotaPagesPrefixes.some((prefix) => name.startsWith(prefix));
}

/** The name of any resource. */
export function validateResourceName(name: string, field: string): FieldCause[] {
  const problems = qualifiedNameProblems(name);
  if (problems.length > 0) return invalidValues(field, name, problems);
  return name.includes('/') || name === 'storage' || isQuotaResource(name)
    ? []
    : [invalidValue(field, name, 'must be a standard resource type or fully qualified')];
}

/** The name of a resource that containers have. */
export function validateContainerResourceName(name: string, field: string): FieldCause[] {
  const causes = validateResourceName(name, field);
  if (!name.includes('/')) {
    const isKnown = ofContainers.includes(name) || name.startsWith(pagesPrefix);
    return isKnown ? causes : [...causes, invalidValue(field, name, 'must be a standard resource for containers')];
  }
  if (isNative(name) || isExtendedResource(name)) return causes;
  return [...causes, invalidValue(field, name, "doesn't follow extended resource name standard")];
}

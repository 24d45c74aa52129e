import type { Container, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { plannedContainers } from '../pods/spec.ts';
import { isSameQuantity, resourceInUnits } from './quantities.ts';

/** Sources of the downward API. */
export interface FieldSources {
  readonly pod: Pod;
  readonly podIps: readonly string[];
  readonly hostIps: readonly string[];
}

/** The value of a fieldRef, such as metadata.labels['app'] or status.podIP. Throws Invalid for an unsupported path. */
export function fieldValue(path: string, { pod, podIps, hostIps }: FieldSources): string {
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (subscript !== null) {
    const map = subscript[1] === 'labels' ? pod.metadata.labels : pod.metadata.annotations;
    return map?.[subscript[2] ?? ''] ?? '';
  }
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name ?? '';
    case 'metadata.namespace':
      return pod.metadata.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata.uid ?? '';
    case 'metadata.labels':
      return formatMap(pod.metadata.labels);
    case 'metadata.annotations':
      return formatMap(pod.metadata.annotations);
    case 'spec.nodeName':
      return pod.spec?.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec?.serviceAccountName ?? '';
    case 'status.podIP':
      return podIps[0] ?? '';
    case 'status.podIPs':
      return podIps.join(',');
    case 'status.hostIP':
      return hostIps[0] ?? '';
    case 'status.hostIPs':
      return hostIps.join(',');
    default:
      throw new GantryError('Invalid', `field label not supported: ${path}`);
  }
}

/** One `key="value"` a line, by key, as Kubernetes writes labels into a file. */
function formatMap(map: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(map ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');
}

/** A resourceFieldRef of the spec. */
export interface ResourceFieldRef {
  readonly containerName?: string;
  readonly resource?: string;
  /** Divisor of the value, such as 1Mi; 1 if absent. */
  readonly divisor?: string;
}

/** Resources of which a container that has no limit may have all that its node has for pods. */
const unlimited: readonly string[] = ['cpu', 'memory', 'ephemeral-storage'];

/**
 * The value of a resourceFieldRef such as limits.cpu, in whole multiples of its divisor, rounded up.
 * @param allocatable Resources that the node has for pods: the limits of containers without any.
 */
export function resourceFieldValue(
  ref: ResourceFieldRef,
  pod: Pod,
  container: Container | undefined,
  allocatable: Readonly<Record<string, string>>,
): string {
  const target = ref.containerName
    ? plannedContainers(pod).find(({ name }) => name === ref.containerName)?.spec
    : container;
  if (target === undefined) throw new GantryError('Invalid', `container ${ref.containerName ?? ''} not found`);
  const [list, ...rest] = (ref.resource ?? '').split('.');
  const resource = rest.join('.');
  if ((list !== 'limits' && list !== 'requests') || resource === '') {
    throw new GantryError('Invalid', `unsupported container resource: ${ref.resource ?? ''}`);
  }
  const given = target.resources?.[list]?.[resource] ?? '0';
  const hasNone = list === 'limits' && isSameQuantity(given, '0') && unlimited.includes(resource);
  const quantity = hasNone ? (allocatable[resource] ?? '0') : given;
  return resourceInUnits(quantity, ref.divisor ?? '1').toString();
}

import type { Container, Pod, SecurityContext } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { listOf, type PlannedContainer } from '../pods/spec.ts';

/**
 * Parts of a pod's spec that this agent cannot obey. A container with one of them does not start, and its message names field and
 * value: a field that the api accepts is obeyed or refused, never ignored. field-support.ts lists every field.
 */

/** One field that cannot be obeyed. */
interface Refusal {
  readonly field: string;
  readonly value: unknown;
}

/** Facts of the node that fields depend on. */
export interface NodeFeatures {
  /** The kernel enforces SELinux. Without it seLinuxOptions ask for nothing, as Kubernetes has it. */
  readonly seLinux: boolean;
}

/** Throws Invalid for the first field of the pod or of the container that cannot be obeyed. */
export function checkSupported(pod: Pod, { spec, role }: PlannedContainer, features: NodeFeatures): void {
  const path = `spec.${listOf(role)}{${spec.name}}`;
  const refusals = [...refusalsOfPod(pod), ...refusalsOfContainer(spec, path)];
  if (features.seLinux) refusals.push(...refusalsOfSeLinux(pod, spec, path));
  const [first] = refusals.filter(({ value }) => isSet(value));
  if (first === undefined) return;
  throw new GantryError('Invalid', `${first.field}: ${JSON.stringify(first.value)} is not supported by this node`);
}

/** An empty list, object or text asks for nothing. */
function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

function refusalsOfPod({ spec }: Pod): Refusal[] {
  const { securityContext = {} } = spec;
  const path = 'spec.securityContext';
  return [
    { field: 'spec.runtimeClassName', value: spec.runtimeClassName },
    { field: 'spec.hostUsers', value: spec.hostUsers === false ? false : undefined },
    { field: 'spec.resourceClaims', value: spec.resourceClaims },
    { field: `${path}.windowsOptions`, value: securityContext.windowsOptions },
    { field: `${path}.appArmorProfile`, value: unless('type', 'Unconfined', securityContext.appArmorProfile) },
  ];
}

function refusalsOfSeLinux({ spec }: Pod, container: Container, path: string): Refusal[] {
  return [
    { field: 'spec.securityContext.seLinuxOptions', value: spec.securityContext?.seLinuxOptions },
    { field: `${path}.securityContext.seLinuxOptions`, value: container.securityContext?.seLinuxOptions },
  ];
}

function refusalsOfContainer(spec: Container, path: string): Refusal[] {
  return [
    { field: `${path}.resources.claims`, value: spec.resources?.claims },
    { field: `${path}.restartPolicyRules`, value: spec.restartPolicyRules },
    { field: `${path}.volumeDevices`, value: spec.volumeDevices },
    { field: `${path}.lifecycle.stopSignal`, value: otherThan('SIGTERM', spec.lifecycle?.stopSignal) },
    ...(spec.volumeMounts ?? []).map(({ recursiveReadOnly }, index) => ({
      field: `${path}.volumeMounts[${index}].recursiveReadOnly`,
      // IfPossible asks for no more than the runtime can do.
      value: recursiveReadOnly === 'Enabled' ? recursiveReadOnly : undefined,
    })),
    ...(spec.env ?? []).map(({ valueFrom }, index) => ({
      field: `${path}.env[${index}].valueFrom.fileKeyRef`,
      value: valueFrom?.fileKeyRef,
    })),
    ...refusalsOfSecurity(spec.securityContext ?? {}, `${path}.securityContext`),
  ];
}

function refusalsOfSecurity(context: SecurityContext, path: string): Refusal[] {
  return [
    { field: `${path}.windowsOptions`, value: context.windowsOptions },
    { field: `${path}.appArmorProfile`, value: unless('type', 'Unconfined', context.appArmorProfile) },
  ];
}

function otherThan(accepted: string, value: string | undefined): string | undefined {
  return value === accepted ? undefined : value;
}

function unless<K extends string, T extends { readonly [key in K]?: unknown }>(
  key: K,
  accepted: string,
  value: T | undefined,
): T | undefined {
  return value?.[key] === accepted ? undefined : value;
}
